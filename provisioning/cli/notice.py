"""tollkeeper notice: what customers were to be told, and by which ways they want to be."""

from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

_KEYS = "id, customer, kind, about, noticed_at, composed_at (null: not yet), error, details, messages, sent (how many)"
_COLUMNS = ("id", "noticed_at", "customer", "kind", "about", "messages", "sent", "error")
_MOST_PERCENTS = 20


def _read_percents(typed: str) -> list[int]:
    parts = [part.strip().removesuffix("%") for part in typed.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts) or len(parts) > _MOST_PERCENTS:
        raise BadInput(f"{typed!r} are no percentages", "Write them as 50,75,90,100.")
    return sorted({int(part) for part in parts})


_PERCENTS = types.Parsed("PERCENTS", _read_percents)


@click.group(cls=LazyGroup)
def notice() -> None:
    """What customers were to be told: overdue invoices, suspensions, data used up, reports. Each thing once."""


@notice.command("list", example="tollkeeper notice list FRI001 --kind usage", keys=f"a list of ({_KEYS})")
@click.argument("code", required=False)
@click.option("--kind", help="Only of this kind: overdue, second_notice, suspended, usage, topup, report.")
@click.option(
    "--state",
    type=click.Choice(["waiting", "composed", "failed"]),
    help="Waiting to be written as messages, written, or failed because of its template.",
)
@click.option("--after", type=click.IntRange(1, 2**63 - 1), help="Start behind the notice with this id.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
def listing(**filters: Any) -> output.Result:
    """List notices, the newest first, and how many messages were written and sent of each."""
    from provisioning import reading
    from provisioning.messages import log

    with reading.look() as look:
        return output.Listing(log.notices(look, **filters), _COLUMNS).result()


@notice.command(
    "set",
    example="tollkeeper notice set FRI001 --sms --percents 50,75,90,100",
    keys="customer (or group), changed (column: [before, after])",
)
@click.argument("code", required=False)
@click.option("--group", help="Of a group instead: at which percentages its customers are told.")
@types.switch("notices_by_email", "email", "no-email", "By e-mail.")
@types.switch("notices_by_sms", "sms", "no-sms", "By SMS.")
@types.switch("cycle_report", "report", "no-report", "A report by e-mail, when a billing period has ended.")
@click.option(
    "--percents",
    "usage_notice_percents",
    type=_PERCENTS.clearing(),
    help="Of its data, at which it is told: 50,75,90,100; none: those of the group.",
)
def put(code: str | None, group: str | None, **ways: Any) -> output.Result:
    """Say by which ways a customer is told, and at which percentages of its data."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import group as groups
    from provisioning.messages import notice as notices

    given = types.given(ways)
    if (code is None) == (group is None):
        raise BadInput("one customer, or one group", "Give an account code, or --group.")
    with database.transaction() as session:
        if code is not None:
            row = customers.find(session, code)
            changes = notices.choose(session, row, **given)
            return output.changed("customer", row.code, {"code": row.code, **given}, changes)
        percents = given.pop("usage_notice_percents", None)
        if given or percents is None:
            raise BadInput("a group has percentages only", "Give --percents 50,75,90,100.")
        found = groups.find(session, str(group))
        changes = notices.choose_for_group(session, found, percents)
        return output.changed("group", found.name, {"name": found.name, "usage_notice_percents": percents}, changes)
