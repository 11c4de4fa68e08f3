"""tollkeeper suspension: who is suspended for debt, who will be, and who is not yet."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.cli.customer_options import CHANGED, DUNNING, exempt
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.models import Promise, SuspensionRun
    from provisioning.reading import Look, Row

_RUN_KEYS = (
    "id, ran_for, customers, candidates, suspended, state (done|stopped|approved|discarded), decided_by, decided_at"
)
_PROMISE_KEYS = "pays_on, comment, author, created_at, ended_at, outcome (kept|broken|withdrawn)"
_WHO = ("customer", "name", "invoice", "due_on", "owed_cents")
_INVOICE = ("number", "due_on", "open_cents", "overdue_at", "second_notice_at", "suspension_at")
_STAGES = "none|overdue|second_notice|due|promised|respite|suspended|by_hand|exempt"


@click.group(
    "suspension",
    cls=LazyGroup,
    members={"day": ("provisioning.cli.no_cut_day:day", "Days on which nobody is suspended for debt.")},
)
def suspension() -> None:
    """Suspension for debt: notices and suspension so many days after an invoice's due date; paying ends it."""


@suspension.command(
    "status",
    example="tollkeeper suspension status FRI001",
    keys=f"of a customer: customer, name, stage ({_STAGES}), owed_cents, suspension_exempt, overdue_days,"
    " second_notice_days, suspension_days, suspended_at, suspended_due_on, unsuspended_until, suspends_at, promise"
    f" (pays_on, comment, author, created_at), invoices ({', '.join(_INVOICE)}); of all: stages (customers in each),"
    f" stopped_run ({_RUN_KEYS}), last_run",
)
@click.argument("code", required=False)
def status(code: str | None) -> output.Result:
    """Show how a customer stands and what happens when; without a code, how many are in each stage.

    Due is who has reached the day, and waits: for an hour at which somebody may be cut, or for `approve`.
    """
    from provisioning import reading
    from provisioning.dunning import standing

    with reading.look() as look:
        if code is None:
            return _overview(standing.overview(look, now=_now()))
        return _of_customer(standing.of_customer(look, code, now=_now()))


@suspension.command(
    "preview",
    changes=False,
    example="tollkeeper suspension preview --at 2027-02-01",
    keys=f"customers (in all), most (suspended in a run without asking), held_back_at (moments at which the brake"
    f" would hold; null: not yours to see), candidates ({', '.join(_WHO)}, suspends_at)",
)
@click.option(
    "--at", type=types.TIME, help="By when; a bare date is its end, where the provider is. Today, unless said."
)
def preview(at: date | None) -> output.Result:
    """List who will have been suspended by then, when and for which invoice, if nothing is paid and nobody promises."""
    from provisioning import reading
    from provisioning.dunning import standing

    with reading.look() as look:
        found = standing.preview(look, now=_now(), until=_until(look, at))
    listing = output.Listing(found["candidates"], (*_WHO, "suspends_at")).result()
    held = [f"the brake would hold what is due at {output.human('', moment)}" for moment in found["held_back_at"] or ()]
    return output.Result(found, lambda: [*listing.lines(), *held], lambda: [*_drawn(listing), *held])


@suspension.command("list", example="tollkeeper suspension list", keys=f"a list of ({', '.join(_WHO)})")
def listing() -> output.Result:
    """List whom a stopped run would have suspended."""
    from provisioning import reading
    from provisioning.dunning import standing

    with reading.look() as look:
        return output.Listing(standing.waiting(look), _WHO).result()


@suspension.command("approve", example="tollkeeper suspension approve 7", keys=f"run ({_RUN_KEYS})")
@click.argument("run_id", metavar="[RUN]", type=types.NUMBER, required=False)
def approve(run_id: int | None) -> output.Result:
    """Suspend those of a stopped run who still owe: now, whatever the day and the hour."""
    from provisioning import database
    from provisioning.dunning import runs

    with database.transaction() as session:
        run = runs.find_stopped(session, run_id)
        runs.approve(session, run, at=_now())
        view = _run(run)
    return output.Result({"run": view}, lambda: [f"run {view['id']}: {view['suspended']:,} customers suspended"])


@suspension.command("discard", example="tollkeeper suspension discard 7", keys=f"run ({_RUN_KEYS})")
@click.argument("run_id", metavar="[RUN]", type=types.NUMBER, required=False)
def discard(run_id: int | None) -> output.Result:
    """Suspend nobody of a stopped run. The next run, of another day, decides anew."""
    from provisioning import database
    from provisioning.dunning import runs

    with database.transaction() as session:
        run = runs.find_stopped(session, run_id)
        runs.discard(session, run, at=_now())
        view = _run(run)
    return output.Result({"run": view}, lambda: [f"run {view['id']} discarded: nobody suspended"])


@suspension.command("set", example="tollkeeper suspension set FRI001 --suspension-days 30", keys=CHANGED)
@click.argument("code")
@types.columns(DUNNING, clears=True)
@exempt
def set_(code: str, **columns: Any) -> output.Result:
    """Give a customer days of its own, or exempt it. `none`: the days of its group."""
    from provisioning import customer as customers

    if not (given := types.given(columns)):
        raise BadInput("nothing to set", "Give days, --exempt or --no-exempt; to suspend now: suspension start.")
    return _change(code, lambda session, row: customers.edit(session, row, **given))


@suspension.command("start", example="tollkeeper suspension start FRI001", keys=CHANGED)
@click.argument("code")
def start(code: str) -> output.Result:
    """Suspend a customer for what is overdue now, without waiting for its day. Paying that ends it."""
    from provisioning.dunning import suspension as suspensions

    return _change(code, lambda session, row: suspensions.start(session, row, at=_now()))


@suspension.command("lift", example="tollkeeper suspension lift FRI001 --for 48h", keys=CHANGED)
@click.argument("code")
@click.option("--for", "seconds", type=types.DURATION, help="How long: 48h, 3d.")
@click.option("--until", type=types.TIME, help="Until when; a bare date begins where the customer is.")
def lift(code: str, seconds: int | None, until: date | None) -> output.Result:
    """Let a customer go on for some time, whatever it owes. At that second it is suspended again, if it still owes."""
    from provisioning import moments
    from provisioning.dunning import suspension as suspensions

    if (seconds is None) == (until is None):
        raise BadInput("a respite has one end", "Give --for 48h, or --until a time.")
    now = _now()
    typed = now + timedelta(seconds=min(seconds, _LONGEST_SECONDS)) if seconds is not None else until
    assert typed is not None, "one of them was given"
    return _change(
        code,
        lambda session, row: suspensions.lift(
            session, row, until=moments.resolve(session, typed, row.time_zone), at=now
        ),
    )


@suspension.command(
    "promise", example="tollkeeper suspension promise FRI001 --pays-on 2027-02-05", keys=f"promise ({_PROMISE_KEYS})"
)
@click.argument("code")
@click.option("--pays-on", type=types.DAY, required=True, help="The last day to pay, where the customer is.")
@click.option("--comment", help="Who said so, and how.")
def promise(code: str, pays_on: date, comment: str | None) -> output.Result:
    """Note when a customer says that it pays. Until that day is over it is not suspended for debt, or no longer."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.dunning import suspension as suspensions

    with database.transaction() as session:
        row = customers.find(session, code)
        view = _promise(suspensions.promise(session, row, pays_on=pays_on, at=_now(), comment=comment))
    return output.Result({"promise": view}, lambda: [f"customer {row.code} pays by {pays_on}"])


@suspension.command("withdraw", example="tollkeeper suspension withdraw FRI001", keys=f"promise ({_PROMISE_KEYS})")
@click.argument("code")
def withdraw(code: str) -> output.Result:
    """Take a promise back: the usual rules hold again."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.dunning import suspension as suspensions

    with database.transaction() as session:
        row = customers.find(session, code)
        view = _promise(suspensions.withdraw(session, row, at=_now()))
    return output.Result({"promise": view}, lambda: [f"customer {row.code}: promise withdrawn"])


_LONGEST_SECONDS = 10 * 365 * 86_400


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _until(look: "Look", at: date | None) -> datetime:
    """Return the moment typed; of a bare date, today's unless said, its last second where the provider is."""
    if isinstance(at, datetime):
        return at
    query = """
        SELECT CAST(coalesce(%(day)s, CAST(now() AT TIME ZONE time_zone AS date)) + 1 AS timestamp)
               AT TIME ZONE time_zone - interval '1 s' FROM installation
    """
    moment: datetime = look.column(query, day=at)[0]
    return moment


def _change(code: str, act: Any) -> output.Result:
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        changes = act(session, row)
        view = views.customers(session, [row])[0]
    return output.changed("customer", row.code, view, changes)


def _run(run: "SuspensionRun") -> dict[str, Any]:
    return {key.split()[0]: getattr(run, key.split()[0]) for key in _RUN_KEYS.split(", ")}


def _promise(made: "Promise") -> dict[str, Any]:
    return {key.split()[0]: getattr(made, key.split()[0]) for key in _PROMISE_KEYS.split(", ")}


def _of_customer(view: "Row") -> output.Result:
    promised = view["promise"]
    words = {"promise": f"pays by {promised['pays_on']}" if promised else "-"}
    flat = output.shown({key: value for key, value in view.items() if key != "invoices"}, words=words)
    invoices = output.Listing(view["invoices"], _INVOICE).result()
    return output.Result(
        view, lambda: [*flat.lines(), "", *invoices.lines()], lambda: [*_drawn(flat), *_drawn(invoices)]
    )


def _overview(found: dict[str, Any]) -> output.Result:
    def lines() -> Iterable[str]:
        yield from (f"{output.heading(stage)}\t{number}" for stage, number in found["stages"].items())
        if run := found["last_run"]:
            yield f"run {run['id']} of {output.human('', run['ran_for'])}: {run['state']}, {run['suspended']} suspended"
        if run := found["stopped_run"]:
            many = f"{run['candidates']} of {run['customers']} customers"
            yield f"run {run['id']} of {output.human('', run['ran_for'])} was stopped: {many}; see suspension list"

    return output.Result(found, lines)


def _drawn(result: output.Result) -> Iterable[Any]:
    return result.draw() if result.draw else ()
