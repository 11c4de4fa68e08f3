"""tollkeeper status: whether every part of this node is up."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, secrets
from provisioning.cli.command import Command
from provisioning.errors import OperatorError

if TYPE_CHECKING:
    from provisioning.models import Nas

_KEYS = (
    "up, parts (part: postgresql|hook|freeradius, up: true|false|null where it could not be asked, says, details)."
    " details of postgresql: version, schema_version; of hook: version, schema_version, phase (loading|serving|stale),"
    " source, age_seconds, accounts, customers, groups, packages, nas, devices, feed (connected, lag_seconds,"
    " last_error), answers, snapshot_saved_at, reservations; of freeradius: server, milliseconds"
)


@dataclass(frozen=True)
class Part:
    """One part of a node: up, down, or None where it could not be asked; in words, and in figures."""

    part: str
    up: bool | None
    says: str
    details: dict[str, Any] = field(default_factory=dict)


@click.command("status", cls=Command, example="tollkeeper status --json", keys=_KEYS)
def status() -> output.Result:
    """Say whether every part of this node is up; exit 1 if one is down."""
    database, secret = _database()
    parts = [database, _hook(), _freeradius(secret)]
    up = all(part.up is not False for part in parts)
    data = {"up": up, "parts": [asdict(part) for part in parts]}
    return output.Result(data, lambda: _lines(parts), lambda: _drawings(parts), exit_status=0 if up else 1)


def _database() -> tuple[Part, str | None]:
    """Ask PostgreSQL; return the secret with which FreeRADIUS can be asked too, where there is one."""
    from sqlalchemy import text

    from provisioning import database
    from provisioning import nas as routers

    try:
        with database.transaction() as session:
            version = session.scalar(text("SHOW server_version"))
            local = routers.find_by_address(session, "127.0.0.1")
    except OperatorError as exc:
        return Part("postgresql", False, exc.message), None
    details = {"version": version, "schema_version": database.SCHEMA_VERSION}
    return Part("postgresql", True, f"PostgreSQL {version}, schema {database.SCHEMA_VERSION}", details), _secret(local)


def _secret(local: "Nas | None") -> str | None:
    from provisioning import nas as routers

    try:
        return None if local is None else routers.open_secret(local, secrets.open_seal())
    except OperatorError:
        return None  # another user's key: what can be asked without it is still worth showing


def _hook() -> Part:
    from provisioning import node

    try:
        details = node.status()
    except OperatorError as exc:
        return Part("hook", False, exc.message)
    age, feed = details["age_seconds"], details["feed"]
    says = [
        f"{details['phase']} from the {details['source']}",
        "state not loaded" if age is None else f"state {age:.1f} s old",
        f"{details['accounts']} accounts",
        _feed(feed),
    ]
    return Part("hook", details["phase"] != "loading", ", ".join(says), details)


def _feed(feed: dict[str, Any]) -> str:
    if not feed["connected"]:
        return f"feed cut off: {feed['last_error'] or 'no reason known'}"
    lag = feed["lag_seconds"]
    return "feed connected" if lag is None else f"feed {lag:.3f} s behind"


def _freeradius(secret: str | None) -> Part:
    from provisioning import radclient
    from provisioning.cli.auth_test import local_server

    server = local_server()
    if secret is None:
        return Part("freeradius", None, f"{server} not asked: there is no NAS 127.0.0.1 whose secret is known here")
    try:
        answer = radclient.send(server, "status", secret=secret, pairs=[radclient.SIGNED], timeout_seconds=2)
    except OperatorError as exc:
        return Part("freeradius", False, exc.message)
    if answer.code is None:
        return Part("freeradius", False, f"{server} does not answer")
    details = {"server": server, "milliseconds": answer.milliseconds}
    return Part("freeradius", True, f"{server} answers in {answer.milliseconds} ms", details)


def _word(part: Part) -> str:
    return {True: "up", False: "down", None: "unknown"}[part.up]


def _lines(parts: Sequence[Part]) -> Iterable[str]:
    return (f"{part.part}\t{_word(part)}\t{part.says}" for part in parts)


def _drawings(parts: Sequence[Part]) -> Iterable[Any]:
    drawn = output.table("part", "", "")
    for part in parts:
        colour = {True: "green", False: "bold red", None: "yellow"}[part.up]
        drawn.add_row(part.part, f"[{colour}]{_word(part)}[/]", output.escape(part.says))
    yield drawn
