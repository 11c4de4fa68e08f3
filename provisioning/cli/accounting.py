"""tollkeeper accounting: whether every record is accounted for, and those that nobody could understand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import measured, output, parts, types
from provisioning.cli.command import Command, LazyGroup

if TYPE_CHECKING:
    from provisioning.accounting import Balance

_RATE_SECONDS = 1.0
_SHOWN_DAYS = 31
_COUNTS = "received, applied, duplicate, superseded, quarantined, waiting, missing"
_STATUS_KEYS = f"up, parts (part: accountingd|spool|fold, up: true|false|null, says, details); {parts.KEYS}"
_BALANCE_KEYS = (
    f"holds, days (node, day, {_COUNTS}; received, waiting and missing are null where the spool is on another machine),"
    f" total ({_COUNTS}: of all days of this machine's spool)"
)
_COLUMNS = [
    measured.Column("node", "node"),
    measured.Column("day", "day"),
    measured.number("received", "received", measured.count),
    measured.number("applied", "applied", measured.count),
    measured.number("duplicate", "duplicate", measured.count),
    measured.number("superseded", "superseded", measured.count),
    measured.number("quarantined", "quarantined", measured.count),
    measured.number("waiting", "waiting", measured.count),
    measured.Column("verdict", ""),
]


@click.group(
    cls=LazyGroup,
    members={
        "status": ("provisioning.cli.accounting:status", "How accountingd, the spool and the fold are."),
        "balance": ("provisioning.cli.accounting:balance", "Whether every record received is accounted for."),
        "quarantine": ("provisioning.cli.quarantine:quarantine", "Records that could not be understood."),
    },
)
def accounting() -> None:
    """Accounting: received = applied + duplicate + superseded + quarantined + waiting, always."""


@click.command("status", cls=Command, example="tollkeeper accounting status", keys=_STATUS_KEYS)
def status() -> output.Result:
    """Say how fast records come, how many wait, how far behind the fold is; exit 1 if a part is down."""
    from provisioning import asking

    asking.check_whole("accounting")
    return parts.result([parts.accountingd(_RATE_SECONDS), parts.spool(), parts.fold()])


@click.command("balance", cls=Command, example="tollkeeper accounting balance --day 2026-12-31", keys=_BALANCE_KEYS)
@click.option(
    "--day",
    type=types.DAY,
    help=f"Only this UTC day; without it, the last {_SHOWN_DAYS} and whatever does not hold.",
)
def balance(day: date | None) -> output.Result:
    """Compare what was received with what became of it, by node and UTC day; exit 1 if it does not hold."""
    from provisioning import accounting as records
    from provisioning import asking, database

    asking.check_whole("accounting")
    with database.transaction() as session:
        found = records.balance(session)
    if day is not None:
        found = [one for one in found if one.day == day]
    return _balanced(found, since=datetime.now(UTC).date() - timedelta(days=_SHOWN_DAYS) if day is None else None)


def _balanced(found: Sequence["Balance"], *, since: date | None) -> output.Result:
    from provisioning import accounting as records

    holds = all(not one.missing for one in found)
    shown = [_row(one) for one in found if one.missing or since is None or (one.day is not None and one.day > since)]
    total = _row(records.total(found))
    data = {
        "holds": holds,
        "days": [{key: value for key, value in row.items() if key not in _FOR_PEOPLE} for row in shown],
        "total": {key: total[key] for key in _COUNTS.split(", ")},
    }
    said = _verdict(found, total)
    return output.Result(
        data,
        lambda: [*measured.lines([*shown, total], _COLUMNS), said],
        lambda: [measured.drawing(shown, _COLUMNS, total=total), f"[{'green' if holds else 'bold red'}]{said}[/]"],
        exit_status=0 if holds else 1,
    )


_FOR_PEOPLE = ("verdict", "style")


def _row(one: "Balance") -> dict[str, Any]:
    counts = {"received": one.received, **one.fates._asdict(), "waiting": one.waiting, "missing": one.missing}
    style = "bold red" if one.missing else "dim" if one.missing is None else None
    return {"node": one.node, "day": one.day, **counts, "verdict": _told(one.missing), "style": style}


def _told(missing: int | None) -> str:
    if missing is None:
        return "spool not on this machine"
    if missing == 0:
        return "holds"
    return f"{missing:,} missing" if missing > 0 else f"{-missing:,} too many"


def _verdict(found: Sequence["Balance"], total: Mapping[str, Any]) -> str:
    wrong = [one for one in found if one.missing]
    if not any(one.missing is not None for one in found):
        return "nothing to compare: no record was received here" if not found else "nothing to compare: no spool here"
    if not wrong:
        return f"holds: {total['received']:,} received, each accounted for"
    worst = max(wrong, key=lambda one: abs(one.missing or 0))
    return f"does not hold on {len(wrong)} {_days(wrong)}, most on {worst.day}: {_told(worst.missing)}"


def _days(wrong: Iterable[Any]) -> str:
    return "day" if len(list(wrong)) == 1 else "days"
