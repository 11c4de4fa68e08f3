"""tollkeeper job: what the scheduler does, did and will do; a job by hand."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from provisioning import intent
from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.scheduling.job import JOBS

if TYPE_CHECKING:
    from provisioning.scheduling.books import Run

_COLUMNS = ("name", "enabled", "done_until", "next_due", "last_run", "outcome", "did")
_KEYS = (
    "name, enabled, done_until (null: never scheduled), next_due (null: not within a year, or not known; of one that"
    " talks to others: whenever there is something), last_run, outcome (done|failed), counts, error, summary"
)
_RUN_COLUMNS = ("id", "job", "ran_for", "started_at", "seconds", "node", "operator", "outcome", "did")
_RUN_KEYS = (
    "id, job, ran_for (the moment it was done for), started_at, seconds, node, operator, outcome (done|failed), counts,"
    " error"
)
_NAME = click.Choice([job.name for job in JOBS])


@click.group(cls=LazyGroup)
def job() -> None:
    """Jobs of the scheduler: what was done, when what is due, a job by hand."""


@job.command("list", example="tollkeeper job list", keys=f"a list of ({_KEYS})")
def listing() -> output.Result:
    """List the jobs: how far each has come, when it is due next, what it did last."""
    from provisioning import database
    from provisioning.scheduling import byhand

    with database.transaction() as session:
        views = byhand.listing(session, _now())
    return _listed(views, _COLUMNS)


@job.command("history", example="tollkeeper job history --job suspension", keys=f"a list of ({_RUN_KEYS})")
@click.option("--job", "job", type=_NAME, help="Only of this job.")
@click.option("--failed", is_flag=True, help="Only those that failed.")
@click.option("--after", type=click.IntRange(1, 2**63 - 1), help="Start behind the run with this id.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=20, show_default=True)
def history(**filters: Any) -> output.Result:
    """List runs that did something, or failed, the newest first."""
    from provisioning import database
    from provisioning.scheduling import byhand

    with database.transaction() as session:
        views = byhand.history(session, **filters)
    return _listed(views, _RUN_COLUMNS)


@job.command(
    "run",
    example="tollkeeper job run suspension --at 2027-02-01 --dry-run",
    keys="job, at, runs (ran_for, counts), counts (of all)",
)
@click.argument("name", metavar="NAME", type=_NAME)
@click.option("--at", type=types.TIME, help="Up to when; now, unless said. What is to come can only be tried.")
def run(name: str, at: datetime | date | None) -> output.Result:
    """Do what a job has to do up to now, whether it is enabled or not."""
    import os
    import socket

    from provisioning import database, moments
    from provisioning.scheduling import byhand

    found, node = byhand.find(name), os.environ.get("TOLLKEEPER_NODE") or socket.gethostname()
    dry_run, now = intent.current().dry_run, _now()
    with database.transaction() as session:
        byhand.check_may_run(session)
        moment = now if at is None else moments.resolve(session, at)
        byhand.check_moment(moment, now, dry_run=dry_run, talks=found.talks)
        runs = [] if found.talks else byhand.run(session, found, moment, now=now, node=node)
    if found.talks:
        runs = [byhand.talk(found, moment, node=node)]
    return _ran(name, moment, runs)


@job.command("enable", example="tollkeeper job enable delivery", keys="job, enabled, changed (true|false)")
@click.argument("name", metavar="NAME", type=_NAME)
def enable(name: str) -> output.Result:
    """Let the scheduler do a job again, with what came due meanwhile."""
    return _switched(name, enabled=True)


@job.command("disable", example="tollkeeper job disable delivery", keys="job, enabled, changed (true|false)")
@click.argument("name", metavar="NAME", type=_NAME)
def disable(name: str) -> output.Result:
    """Let the scheduler leave a job until it is enabled again."""
    return _switched(name, enabled=False)


def _switched(name: str, *, enabled: bool) -> output.Result:
    from provisioning import database
    from provisioning.scheduling import byhand

    with database.transaction() as session:
        changed = byhand.switch(session, byhand.find(name), enabled=enabled)
    word = "enabled" if enabled else "disabled"
    says = f"job {name} {word}" if changed else f"job {name} is {word} already"
    return output.Result({"job": name, "enabled": enabled, "changed": changed}, lambda: [says])


def _ran(name: str, at: datetime, runs: "list[Run]") -> output.Result:
    total: Counter[str] = Counter()
    for one in runs:
        total.update(one.counts)
    data = {
        "job": name,
        "at": at,
        "runs": [{"ran_for": one.at, "counts": dict(one.counts)} for one in runs if one.counts],
        "counts": dict(total),
    }

    def lines() -> Iterable[str]:
        for one in runs:
            if one.counts:
                yield f"job {name} for {output.human('', one.at)}: {_did(one.counts)}"
        if not total:
            yield f"job {name}: nothing to do"

    return output.Result(data, lines)


def _listed(views: list[dict[str, Any]], columns: tuple[str, ...]) -> output.Result:
    shown = [{**view, "did": view["error"] or _did(view["counts"] or {})} for view in views]
    listed = output.Listing(shown, columns).result()
    return output.Result(views, listed.lines, listed.draw)


def _did(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
