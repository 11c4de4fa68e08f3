"""Who is asked about when both servers are asked, with which password."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import account as accounts
from provisioning import acts, radclient
from provisioning.errors import BadInput
from provisioning.models import Account
from provisioning.shadow.exchange import Answer, Exchange
from vault.sealed import Seal

Login = tuple[str, str]

_AT_ONCE = 1000


def read_users(path: Path) -> list[tuple[str, str | None]]:
    """Return user names, and passwords where the file has them: `user` or `user,password` (or a tab) a line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise BadInput(f"file {path} cannot be read: {exc}", "Write a user name a line, in UTF-8.") from exc
    listed: list[tuple[str, str | None]] = []
    try:
        for cells in csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ",", strict=True):
            if cells and cells[0].strip():
                listed.append((cells[0].strip(), cells[1] if len(cells) > 1 else None))
    except csv.Error as exc:
        raise BadInput(f"file {path} cannot be read: {exc}", "Write user,password a line.") from exc
    if not listed or not all(name.isprintable() and (word or "").isprintable() for name, word in listed):
        raise BadInput(f"file {path} holds no user names, or some that cannot be printed", "Write one a line.")
    return listed


def with_passwords(session: Session, listed: Sequence[tuple[str, str | None]], seal: Seal) -> list[Login]:
    """Return the logins; where none was given the account's own password. One without is left out."""
    acts.check_may_view(session, "account")
    unknown = [name for name, password in listed if password is None]
    own: dict[str, str] = {}
    for at in range(0, len(unknown), _AT_ONCE):
        query = select(Account).where(Account.user_name.in_(unknown[at : at + _AT_ONCE]), Account.password.is_not(None))
        own |= {row.user_name: accounts.open_password(row, seal) for row in session.scalars(query)}
    logins = [(name, own.get(name) if password is None else password) for name, password in listed]
    return [(name, password) for name, password in logins if password]


def request(source: str, user_name: str, password: str) -> list[tuple[str, str]]:
    """Return an Access-Request as radclient reads it. Each user has a place of his own, so slots do not add up."""
    return [
        radclient.source(source),
        ("User-Name", radclient.quoted(user_name)),
        ("User-Password", radclient.quoted(password)),
        ("NAS-Port-Id", radclient.quoted("shadow")),
        radclient.SIGNED,
    ]


def exchanges(
    source: str, logins: Sequence[Login], old: Sequence[Answer | None], ours: Sequence[Answer | None], *, now: float
) -> Iterator[tuple[Exchange, Answer]]:
    """Return what both said, where both said something."""
    for (user_name, _), before, after in zip(logins, old, ours, strict=True):
        if before is not None and after is not None:
            yield Exchange(now, source, (("User-Name", user_name),), before), after
