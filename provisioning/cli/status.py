"""tollkeeper status: whether every part of this node is up."""

from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, parts, secrets
from provisioning.cli.auth_test import local_accounting_server, local_server
from provisioning.cli.command import Command
from provisioning.cli.parts import Part
from provisioning.errors import OperatorError

if TYPE_CHECKING:
    from provisioning.models import Nas

_KEYS = (
    "up, parts (part: postgresql|hook|freeradius, where this node does accounting: freeradius accounting|accountingd|"
    "fold, where it has one: scheduler, up: true|false|null where it could not be asked, says, details)."
    " details of postgresql: version, schema_version; of hook: version, schema_version, phase (loading|serving|stale),"
    " source, age_seconds, accounts, customers, groups, packages, nas, devices, feed (connected, lag_seconds,"
    " last_error), answers, snapshot_saved_at, reservations; of freeradius: server, milliseconds;"
    f" {parts.KEYS}; {parts.SCHEDULER_KEYS}"
)


@click.command("status", cls=Command, example="tollkeeper status --json", keys=_KEYS)
def status() -> output.Result:
    """Say whether every part of this node is up; exit 1 if one is down."""
    from provisioning import accountingd, asking
    from provisioning.scheduling import said

    asking.check_whole("node")
    database, secret = _database()
    found = [database, _hook(), _freeradius("freeradius", local_server(), secret)]
    if accountingd.is_expected():
        found += [
            _freeradius("freeradius accounting", local_accounting_server(), secret),
            parts.accountingd(),
            parts.fold(),
        ]
    if said.is_expected():
        found.append(parts.scheduler())
    return parts.result(found)


def _database() -> tuple[Part, str | None]:
    """Ask PostgreSQL; return the secret with which FreeRADIUS can be asked too, where there is one."""
    from sqlalchemy import text

    from provisioning import database, driver
    from provisioning import nas as routers

    try:
        with database.transaction() as session:
            version = session.scalar(text("SHOW server_version"))
            local = routers.find_by_address(session, "127.0.0.1")
    except OperatorError as exc:
        return Part("postgresql", False, exc.message), None
    details = {"version": version, "schema_version": driver.SCHEMA_VERSION}
    return Part("postgresql", True, f"PostgreSQL {version}, schema {driver.SCHEMA_VERSION}", details), _secret(local)


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


def _freeradius(name: str, server: str, secret: str | None) -> Part:
    from provisioning import radclient

    if secret is None:
        return Part(name, None, f"{server} not asked: there is no NAS 127.0.0.1 whose secret is known here")
    try:
        answer = radclient.send(server, "status", secret=secret, pairs=[radclient.SIGNED], timeout_seconds=2)
    except OperatorError as exc:
        return Part(name, False, exc.message)
    if answer.code is None:
        return Part(name, False, f"{server} does not answer")
    details = {"server": server, "milliseconds": answer.milliseconds}
    return Part(name, True, f"{server} answers in {answer.milliseconds} ms", details)
