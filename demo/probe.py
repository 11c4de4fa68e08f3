"""Asking the running server for every demo subscriber, as a router would, and a table of what it answered.

The password sent is the one in the database, so that an operator who changed it still gets his answer.
"""

import concurrent.futures
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo import provider, subscribers
from demo.radclient import Answer, Client
from demo.settings import Settings
from demo.subscribers import Subscriber
from provisioning import account, database, nas, node
from provisioning.errors import BadInput, Conflict, Unreachable
from provisioning.models import Account, Nas
from vault.sealed import Seal

# a reject is held back for a second (reject_delay), so several wait side by side; more would only queue
_AT_ONCE = 8

_COLOURS = {"Access-Accept": "green", "Access-Reject": "red"}


@dataclass(frozen=True)
class Row:
    """One subscriber, what was answered, and the hook's own word why."""

    subscriber: Subscriber
    answer: Answer | None  # None: nothing was sent, radclient cannot speak EAP
    reason: str


def secret_file(settings: Settings) -> Path:
    """Return where the secret of the NAS `localhost` is kept for radclient -S."""
    return settings.home / "secrets" / "localhost"


def write_secret(settings: Settings, dsn: str, seal: Seal) -> bool:
    """Write that file from the database; return False where an operator has removed that NAS."""
    with database.transaction(dsn) as session:
        found = session.scalars(select(Nas).where(Nas.address == provider.NAS_ADDRESS)).one_or_none()
        if found is None:
            return False
        text = nas.open_secret(found, seal)
    path = secret_file(settings)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
    return True


def ask_all(settings: Settings, dsn: str, seal: Seal) -> list[Row]:
    """Send one Access-Request for each subscriber who is still there; return the answers in order."""
    with database.transaction(dsn) as session:
        asked = [
            (one, _password(session, one, seal))
            for one in subscribers.all_at(datetime.now(UTC))
            if session.scalars(select(Account.id).where(Account.user_name == one.user_name)).one_or_none()
        ]
    client = Client(settings.listen, settings.auth_port, secret_file(settings))
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda pair: _ask(settings, client, *pair), asked))


def table(rows: list[Row]) -> RenderableType:
    """Return the table to print."""
    shown = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("account", "state", "answer", "reason", "attributes"):
        shown.add_column(heading, no_wrap=heading in ("account", "answer", "reason"), overflow="fold")
    for row in rows:
        code = "not asked" if row.answer is None else row.answer.code or "silence"
        colour = _COLOURS.get(code, "yellow")
        attributes = row.answer.attributes if row.answer else ()
        shown.add_row(
            row.subscriber.user_name,
            row.subscriber.state,
            f"[{colour}]{code}[/]",
            row.reason,
            escape("\n".join(f"{name} = {value}" for name, value in attributes if name != "Class")),
        )
    return shown


def _password(session: Session, one: Subscriber, seal: Seal) -> str | None:
    try:
        return account.open_password(account.find(session, one.user_name), seal)
    except Conflict:  # one-way or absent
        return one.password


def _ask(settings: Settings, client: Client, one: Subscriber, password: str | None) -> Row:
    user_name = one.mac or one.user_name
    calling = one.mac or "02:00:00:00:ff:01"
    answer = None
    if password is not None or one.mac is not None:
        pairs = [("Calling-Station-Id", calling), ("NAS-Port-Id", f"demo-{one.user_name}")]
        answer = client.authenticate(user_name, password or user_name, pairs=pairs)
    request = {"command": "explain", "user_name": user_name, "nas": provider.NAS_ADDRESS, "mac": calling}
    try:
        reason = str(node.ask(settings.control_socket, request)["reason"])
    except BadInput as exc:
        reason = exc.message
    except Unreachable:
        reason = "(the hook does not say)"
    return Row(one, answer, reason)
