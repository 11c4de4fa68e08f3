"""The parts of a node, each up or down, in words and in figures; accounting's and the scheduler are asked here."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from provisioning.cli import measured, output
from provisioning.errors import OperatorError

KEYS = (
    "of accountingd: its metrics by name, records_per_second (where it was measured); of spool: records,"
    " oldest_age_seconds; of fold: node, position, connected, waiting, lag_seconds, records, rate_per_second,"
    " quarantined, last_error, last_error_at, started_at, at, pid, age_seconds"
)

SCHEDULER_KEYS = (
    "of scheduler: state (leader|standby|cut off), last_tick_at, lag_seconds, jobs (name, enabled, done_until,"
    " failing_since), last_error, last_error_at, node, started_at, at, pid, age_seconds"
)
_LONG_TICK_SECONDS = 300.0


@dataclass(frozen=True)
class Part:
    """One part of a node: up, down, or None where it could not be asked; in words, and in figures."""

    part: str
    up: bool | None
    says: str
    details: dict[str, Any] = field(default_factory=dict)


def result(parts: Sequence[Part]) -> output.Result:
    """Return the parts to print; exit 1 if one is down."""
    up = all(part.up is not False for part in parts)
    data = {"up": up, "parts": [asdict(part) for part in parts]}
    return output.Result(data, lambda: _lines(parts), lambda: _drawings(parts), exit_status=0 if up else 1)


def accountingd(measure_seconds: float = 0) -> Part:
    """Ask accountingd; twice where its rate is to be measured."""
    from provisioning import accountingd

    try:
        figures = accountingd.metrics()
        if measure_seconds:
            began = time.monotonic()
            time.sleep(measure_seconds)
            before, figures = figures, accountingd.metrics()
            more = figures.get("accounting_records_total", 0) - before.get("accounting_records_total", 0)
            figures["records_per_second"] = round(more / (time.monotonic() - began), 1)
    except accountingd.NotAsked as exc:
        return Part("accountingd", None, exc.message)
    except OperatorError as exc:
        return Part("accountingd", False, exc.message)
    if not figures.get("spool_writable", 1):
        return Part("accountingd", False, "takes no records: the spool cannot be written", figures)
    return Part("accountingd", True, ", ".join(_takes(figures)), figures)


def spool() -> Part:
    """Look into the spool."""
    from provisioning import accountingd
    from provisioning import spool as spools

    try:
        position = int(accountingd.fold().get("position") or 0)
    except (OperatorError, ValueError, TypeError):
        position = 0  # what the fold has not removed yet counts as waiting then
    try:
        with spools.snapshot() as seen:
            records, oldest = seen.depth(position)
    except OperatorError as exc:
        return Part("spool", False, exc.message)
    age = None if oldest is None else round(max(0.0, time.time() - oldest), 3)
    says = "empty" if age is None else f"{_records(records)} waiting, the oldest for {_age(age)}"
    return Part("spool", True, says, {"records": records, "oldest_age_seconds": age})


def fold() -> Part:
    """Read what the fold wrote last."""
    from provisioning import accountingd

    try:
        said = accountingd.fold()
    except OperatorError as exc:
        return Part("fold", False, exc.message)
    if not said.get("connected"):
        error = said.get("last_error") or "no reason known"
        return Part("fold", False, f"cut off from PostgreSQL: {error}", said)
    return Part("fold", True, ", ".join(_folds(said)), said)


def scheduler() -> Part:
    """Read what the scheduler wrote last."""
    from provisioning.scheduling import said

    try:
        told = said.read()
    except OperatorError as exc:
        return Part("scheduler", False, exc.message)
    state = told.get("state")
    if state not in ("leader", "standby"):
        return Part("scheduler", False, f"cut off from PostgreSQL: {told.get('last_error') or 'no reason known'}", told)
    silent = time.time() - (told.get("last_tick_at") or told.get("started_at") or 0)
    if state == "leader" and silent > _LONG_TICK_SECONDS:
        return Part("scheduler", False, f"leads, and is busy with one tick for {_age(silent)}", told)
    return Part("scheduler", True, ", ".join(_schedules(told)) if state == "leader" else "stands by", told)


def _schedules(told: Mapping[str, Any]) -> Iterable[str]:
    jobs = told.get("jobs") or []
    failing = [job["name"] for job in jobs if job.get("failing_since")]
    disabled = [job["name"] for job in jobs if not job.get("enabled")]
    yield "leads"
    yield f"{len(jobs)} jobs"
    yield f"{_age(told.get('lag_seconds') or 0)} behind"
    if failing:
        yield f"failing: {' '.join(failing)}"
    if disabled:
        yield f"disabled: {' '.join(disabled)}"


def _takes(figures: Mapping[str, float]) -> Iterable[str]:
    if "records_per_second" in figures:
        yield f"{figures['records_per_second']:,.0f} records/s"
    yield f"{_records(figures.get('accounting_records_total', 0))} since it was started"
    commits = figures.get("accounting_commit_seconds_count", 0)
    if commits:
        yield f"{figures['accounting_commit_seconds_sum'] / commits * 1000:.1f} ms a commit"
    refused = sum(number for name, number in figures.items() if name.startswith("accounting_refused_total"))
    if refused:
        yield f"{refused:,.0f} refused"


def _folds(said: Mapping[str, Any]) -> Iterable[str]:
    lag = said.get("lag_seconds")
    yield "lag unknown" if lag is None else f"{_age(lag)} behind"
    yield f"{said.get('rate_per_second', 0):,.0f} records/s"
    yield f"{_records(said.get('records', 0))} since it was started"
    if said.get("quarantined"):
        yield f"{said['quarantined']:,} quarantined"
    if said.get("last_error"):
        yield f"trouble: {said['last_error']}"


def _records(number: float) -> str:
    return "1 record" if number == 1 else f"{number:,.0f} records"


def _age(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else measured.duration(seconds)


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
