"""tollkeeper session: who is online, and who was; to end a session."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provisioning.cli import measured, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.session import Wanted

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_HISTORY_DAYS = 31
_KEYS = (
    "id, user_name, customer (null: an account that is not ours), nas (its address where it is unknown), nas_address,"
    " ipv4_address, ipv6_prefix, delegated_ipv6_prefix, calling_station_id, called_station_id, port, state"
    " (open|stopped|rebooted|stale), started_at, last_heard_at, stopped_at, terminate_cause, duration_seconds (until it"
    " ended, or now), session_seconds (that were accounted for), octets_in (upload), octets_out (download),"
    " interim_seconds, acct_session_id, session_class, time_zone, billing_day, flags, average_upload_bps,"
    " average_download_bps (over session_seconds)"
)
_IP = types.Parsed("IP", lambda typed: _parse_ip(typed))
_ID = click.IntRange(1, 2**63 - 1)

_WHO = [
    measured.number("id", "id", measured.text),
    measured.Column("user_name", "user"),
    measured.Column("customer", "customer", rank=2),
    measured.Column("nas", "NAS", rank=1),
    measured.Column("ipv4_address", "IP"),
    measured.Column("calling_station_id", "MAC", rank=6),
]
_AMOUNTS = [
    measured.number("duration_seconds", "duration", measured.duration),
    measured.number("octets_in", "upload", measured.octets),
    measured.number("octets_out", "download", measured.octets),
    measured.number("average_upload_bps", "average up", measured.rate, rank=7),
    measured.number("average_download_bps", "average down", measured.rate, rank=5),
]
_OPEN = [*_WHO, measured.Column("started_at", "started", measured.minute, rank=3), *_AMOUNTS]
_CLOSED = [
    *_WHO,
    measured.Column("stopped_at", "ended", measured.minute),
    *_AMOUNTS,
    measured.Column("terminate_cause", "cause", rank=4),
]


@click.group(cls=LazyGroup)
def session() -> None:
    """Sessions: who is online, and who was, as accounting tells."""


def _parse_ip(typed: str) -> str:
    from provisioning import session as sessions

    return sessions.parse_ip(typed)


def _filters(since: str, until: str) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for option in (
            click.option("--limit", type=click.IntRange(1, 10**5), default=100, show_default=True),
            click.option("--after", type=_ID, help="Start behind the session with this id: fast at any depth."),
            click.option("--until", type=types.TIME, help=until),
            click.option("--since", type=types.TIME, help=since),
            click.option("--mac", type=types.MAC, help="Only of this device, however the router writes it."),
            click.option("--ip", type=_IP, help="Only with this IPv4 address, or in whose IPv6 prefix this is."),
            click.option("--nas", help="Only on this NAS, by name or address."),
            click.option("--customer", help="Only of this customer's accounts."),
            click.option("--account", help="Only of this user name."),
        ):
            function = option(function)
        return function

    return decorate


@session.command("list", example="tollkeeper session list --nas edge1 --limit 20", keys=f"a list of ({_KEYS})")
@_filters("Only begun since: 2026-12-31, or with a time and zone.", "Only begun before.")
def listing(after: int | None, limit: int, **filters: Any) -> output.Result:
    """List open sessions, the last begun first."""
    from provisioning import database
    from provisioning import session as sessions

    with database.transaction() as opened:
        return _listed(sessions.opened(opened, _wanted(opened, filters), after=after, limit=limit), _OPEN)


@session.command(
    "history", example="tollkeeper session history --ip 192.0.2.10 --since 2026-12-01", keys=f"a list of ({_KEYS})"
)
@_filters(
    f"Only ended since; without it, in the {_HISTORY_DAYS} days before --until, or now.", "Only ended before; now."
)
def history(after: int | None, limit: int, **filters: Any) -> output.Result:
    """List closed sessions, the last ended first."""
    from provisioning import database
    from provisioning import session as sessions

    with database.transaction() as opened:
        return _listed(sessions.closed(opened, _bounded(opened, filters), after=after, limit=limit), _CLOSED)


@session.command("show", example="tollkeeper session show 1234", keys=_KEYS)
@click.argument("session_id", metavar="ID", type=_ID)
def show(session_id: int) -> output.Result:
    """Show all there is to know of a session, open or closed."""
    from provisioning import database
    from provisioning import session as sessions

    with database.transaction() as opened:
        found = sessions.find(opened, session_id)
    return output.shown(found, words=_words(found))


@session.command(
    "disconnect",
    example="tollkeeper session disconnect --user frikkie@example",
    keys="a list of (session_id, user_name, nas, outcome (ack|nak|timeout|unreachable|impossible|ordered),"
    " error_cause)",
)
@click.argument("session_id", metavar="[ID]", type=_ID, required=False)
@click.option("--user", "user_name", help="All sessions of this user name.")
def disconnect(session_id: int | None, user_name: str | None) -> output.Result:
    """Have a session ended by its router, and show what the router says: exit status 1 where it is not yes.

    The user may log in again at once, unless his account is blocked. What a router did not do is tried again by the
    scheduler until accounting has proved the end.
    """
    from provisioning import database, intent
    from provisioning.enforcement import ordering

    if (session_id is None) == (user_name is None):
        raise BadInput("it is not said which session is to end", "Give its id, or --user NAME.")
    with database.transaction() as opened:
        ordered = ordering.disconnect(opened, session_id=session_id, user_name=user_name)
        sends = ordering.may_send(opened)
    if intent.current().dry_run:
        return output.Result([], list)
    found = ordering.carried_out(ordered, datetime.now(UTC), sends=sends)
    status = 0 if all(one["outcome"] == "ack" for one in found) else 1
    return output.Result(found, lambda: map(_ended, found), exit_status=status)


_OUTCOMES = {
    "ack": "the router has ended it",
    "nak": "the router refused",
    "timeout": "the router does not answer; it is told again",
    "unreachable": "there is no way to the router; it is told again",
    "impossible": "the router cannot be told",
    "ordered": "it is ordered; see: tollkeeper enforcement drift",
}


def _ended(one: output.View) -> str:
    cause = f" ({one['error_cause']})" if one["error_cause"] else ""
    return f"session {one['session_id']} of {one['user_name']} on {one['nas']}: {_OUTCOMES[one['outcome']]}{cause}"


def _words(found: output.View) -> dict[str, str]:
    forms = {
        "octets_in": measured.octets,
        "octets_out": measured.octets,
        "average_upload_bps": measured.rate,
        "average_download_bps": measured.rate,
        "duration_seconds": _seconds,
        "session_seconds": _seconds,
        "interim_seconds": _seconds,
    }
    written = {key: form(found[key]) for key, form in forms.items()}
    for key, way in (("octets_in", "upload"), ("octets_out", "download")):
        written[key] += f" {way}, {measured.count(found[key])} octets"
    return written


def _seconds(number: int | None) -> str:
    return "-" if number is None else f"{number} ({measured.duration(number)})"


def _listed(found: Sequence[output.View], columns: Sequence[measured.Column]) -> output.Result:
    return output.Result(
        found, lambda: measured.lines(found, columns), lambda: [measured.drawing(map(_with_address, found), columns)]
    )


def _with_address(view: output.View) -> output.View:
    """Return the view with an address of either kind where the table has its one."""
    found = view["ipv4_address"] or view["ipv6_prefix"] or view["delegated_ipv6_prefix"]
    return {**view, "ipv4_address": found}


def _wanted(opened: "Session", filters: dict[str, Any]) -> "Wanted":
    from provisioning import account as accounts
    from provisioning import session as sessions
    from provisioning import usage

    account_ids = None
    if filters["account"] is not None:
        account_ids = {accounts.find(opened, filters["account"]).id}
    if filters["customer"] is not None:
        theirs = usage.customers_account_ids(opened, filters["customer"])
        account_ids = theirs if account_ids is None else account_ids & theirs
    return sessions.Wanted(
        account_ids=None if account_ids is None else sorted(account_ids),
        nas_address=None if filters["nas"] is None else sessions.nas_address(opened, filters["nas"]),
        ip=filters["ip"],
        mac=filters["mac"],
        since=sessions.resolve(opened, filters["since"]),
        until=sessions.resolve(opened, filters["until"]),
    )


def _bounded(opened: "Session", filters: dict[str, Any]) -> "Wanted":
    """Return what is wanted of the history, of which a month is read unless more is asked for."""
    from dataclasses import replace

    wanted = _wanted(opened, filters)
    if wanted.since is None:
        return replace(wanted, since=(wanted.until or datetime.now(UTC)) - timedelta(days=_HISTORY_DAYS))
    if wanted.until is not None and wanted.until <= wanted.since:
        raise BadInput("--until is not after --since", "Give a later --until, or an earlier --since.")
    return wanted
