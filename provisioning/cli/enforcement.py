"""tollkeeper enforcement: whether those who are online are treated as they should be."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import measured, output
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.reading import Look

_DRIFT_KEYS = (
    "session_id, user_name, customer, nas, nas_address, applied (attributes that it was told; null: nobody knows),"
    " desired (null: it is to end), is_to_end, reason, action (coa|disconnect|none), state"
    " (waiting|acknowledged|failed|impossible), attempts, since, next_attempt_at, last_outcome, last_error_cause"
)
_ATTEMPT_KEYS = (
    "id, session_id, user_name, nas, nas_address, action (coa|disconnect), attributes, reason, attempt, sent_at,"
    " milliseconds (null: no answer), outcome (ack|nak|timeout|unreachable), error_cause, discarded (false answers)"
)
_DRIFT = [
    measured.number("session_id", "session", measured.text),
    measured.Column("user_name", "user"),
    measured.Column("nas", "NAS"),
    measured.Column("told", "was told", rank=2),
    measured.Column("wanted", "should be"),
    measured.Column("reason", "reason"),
    measured.Column("state", "state"),
    measured.number("attempts", "attempts", measured.count),
    measured.Column("since", "since", measured.minute, rank=1),
    measured.Column("answer", "last answer", rank=3),
]
_ATTEMPTS = [
    measured.number("id", "id", measured.text),
    measured.Column("sent_at", "sent", measured.minute),
    measured.Column("user_name", "user"),
    measured.Column("nas", "NAS"),
    measured.Column("action", "request"),
    measured.Column("reason", "reason"),
    measured.number("attempt", "attempt", measured.count),
    measured.Column("answer", "answer"),
    measured.number("milliseconds", "ms", measured.count, rank=1),
    measured.number("discarded", "false", measured.count, rank=2),
]
_account = click.option("--account", help="Only of this user name.")
_nas = click.option("--nas", help="Only on this NAS, by name or address.")
_limit = click.option("--limit", type=click.IntRange(1, 10**5), default=100, show_default=True)


@click.group(cls=LazyGroup)
def enforcement() -> None:
    """Whether those who are online are treated as they should be: what was told to routers, what is left to tell."""


@enforcement.command(
    "drift", example="tollkeeper enforcement drift --nas edge1", keys=f"a list of ({_DRIFT_KEYS})", changes=False
)
@_account
@_nas
@_limit
def drift(account: str | None, nas: str | None, limit: int) -> output.Result:
    """List sessions that are not as they should be, and why, the longest first. None: exit status 0 all the same."""
    from provisioning import reading
    from provisioning.enforcement import listing

    with reading.look() as look:
        found = listing.drift(look, **_whose(look, account, nas), limit=limit)
    return _listed(found, [_drift_words(row) for row in found], _DRIFT)


@enforcement.command(
    "attempts",
    example="tollkeeper enforcement attempts --account frikkie@example",
    keys=f"a list of ({_ATTEMPT_KEYS})",
    changes=False,
)
@_account
@_nas
@click.option("--after", type=click.IntRange(1, 2**63 - 1), help="Start behind the attempt with this id.")
@_limit
def attempts(account: str | None, nas: str | None, after: int | None, limit: int) -> output.Result:
    """List what routers were told, and what they answered, the last first."""
    from provisioning import reading
    from provisioning.enforcement import listing

    with reading.look() as look:
        found = listing.attempts(look, **_whose(look, account, nas), after=after, limit=limit)
    return _listed(found, [_with_answer(row, row["outcome"], row["error_cause"]) for row in found], _ATTEMPTS)


@enforcement.command("retry", example="tollkeeper enforcement retry --nas edge1", keys="sessions (how many)")
@_account
@_nas
@click.option("--all", "everything", is_flag=True, help="All, of all accounts on all routers.")
def retry(account: str | None, nas: str | None, everything: bool) -> output.Result:
    """Begin anew with what has failed, or waits for its next attempt."""
    from provisioning import account as accounts
    from provisioning import database
    from provisioning import session as sessions
    from provisioning.enforcement import ordering

    if everything == (account is not None or nas is not None):
        raise BadInput("it is not said what to begin anew with", "Give --account, --nas, both, or --all alone.")
    with database.transaction() as opened:
        number = ordering.retry(
            opened,
            account_id=None if account is None else accounts.find(opened, account).id,
            nas=None if nas is None else sessions.nas_address(opened, nas),
        )
    return output.Result({"sessions": number}, lambda: [f"{number} sessions are told anew"])


def _whose(look: "Look", account: str | None, nas: str | None) -> dict[str, Any]:
    from provisioning.enforcement import listing

    return {
        "account_id": None if account is None else listing.account_id(look, account),
        "nas": None if nas is None else listing.nas_address(look, nas),
    }


def _drift_words(row: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = "no session" if row["is_to_end"] else _told(row["desired"])
    answered = _with_answer(row, row["last_outcome"], row["last_error_cause"])
    return {**answered, "told": _told(row["applied"]), "wanted": wanted}


def _told(attributes: Sequence[Sequence[str]] | None) -> str:
    if attributes is None:
        return "?"
    return ", ".join(f"{name} {value}" for name, _, value in attributes) or "no limit"


def _with_answer(row: Mapping[str, Any], outcome: str | None, cause: str | None) -> Mapping[str, Any]:
    return {**row, "answer": " ".join(filter(None, (outcome, cause))) or None}


def _listed(
    found: Sequence[Mapping[str, Any]], worded: Sequence[Mapping[str, Any]], columns: Sequence[measured.Column]
) -> output.Result:
    return output.Result(found, lambda: measured.lines(worded, columns), lambda: [measured.drawing(worded, columns)])
