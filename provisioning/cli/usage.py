"""tollkeeper usage: who used how much, by day, month, year or billing period."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from provisioning import units
from provisioning.cli import measured, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.cli import chart
    from provisioning.usage import Octets, Subject

_MOST_DAYS = 20_000
_PIPE_COLUMNS = 80
_SUMS = "octets_in (upload), octets_out (download), octets"
_SHOW_KEYS = (
    f"customer, account (null: all of the customer's), by, since, until (both included), rows (start, {_SUMS}),"
    f" {_SUMS}, accounts (user_name, {_SUMS}, rows, cap (null: none; period_start, ends_on (new data), charged_octets,"
    " left_octets: of the month, rolled over, top-ups))"
)
_TOTAL_KEYS = f"customers (code, name, period_start, {_SUMS}), total (customers that used anything, {_SUMS})"

_AMOUNTS = [
    measured.number("octets_in", "upload", measured.octets),
    measured.number("octets_out", "download", measured.octets),
    measured.number("octets", "total", measured.octets),
]


def _parse_period(typed: str) -> str | date:
    return typed if typed in ("this", "last") else units.parse_day(typed)


@click.group("usage", cls=LazyGroup)
def usage_group() -> None:
    """Usage: octets by customer and account. Upload is what the customer sent, download what it was sent."""


@usage_group.command("show", example="tollkeeper usage show FRI001 --by month --plot", keys=_SHOW_KEYS)
@click.argument("name", metavar="CUSTOMER|ACCOUNT")
@click.option("--by", type=click.Choice(["day", "month", "year", "period"]), default="day", show_default=True)
@click.option(
    "--since",
    type=types.DAY,
    help="From this day on; without it, 31 days, 12 months or periods, 10 years.",
)
@click.option("--until", type=types.DAY, help="To this day, included; today, unless said.")
@click.option("--plot", is_flag=True, help="Bars of upload and download.")
@click.option(
    "--account", "account_only", is_flag=True, help="The name is an account's, even if a customer has it too."
)
def show(name: str, by: Any, since: date | None, until: date | None, plot: bool, account_only: bool) -> output.Result:
    """Show what a customer used, all accounts together and each; or one account. Days are the customer's own."""
    from provisioning import database, usage

    with database.transaction() as session:
        subject = usage.subject(session, name, account_only=account_only)
        until = until or usage.today(session, subject.customer.time_zone)
        since = since or usage.first_day(until, by, subject.customer.billing_day)
        _check_span(since, until)
        data = _data(session, subject, by, since, until)
    if plot:
        return output.Result(data, lambda: _plain_chart(data), lambda: _drawn_chart(data))
    return output.Result(data, lambda: _lines(data), lambda: _drawings(data))


@usage_group.command("total", example="tollkeeper usage total --period last --limit 20", keys=_TOTAL_KEYS)
@click.option(
    "--period",
    type=types.Parsed("PERIOD", _parse_period),
    default="this",
    show_default=True,
    help="this, last, or a day: each customer's billing period that contains it.",
)
@click.option("--limit", type=click.IntRange(1, 10**5), default=100, show_default=True)
@click.option("--after", help="Start behind the customer with this account code.")
def total(period: str | date, limit: int, after: str | None) -> output.Result:
    """List all customers by what they used in a billing period, the greatest first."""
    from provisioning import database, usage

    with database.transaction() as session:
        day = period if isinstance(period, date) else usage.today(session)
        starts = usage.period_starts(day, before=period == "last")
        found, every = usage.totals(session, starts, after=after, limit=limit)
        named = _named(session, found)
    return _totals(named, every)


def _check_span(since: date, until: date) -> None:
    if until < since:
        raise BadInput("--until is before --since", "Give a later --until, or an earlier --since.")
    if (until - since).days > _MOST_DAYS:
        raise BadInput("--since and --until are more than 54 years apart", "Ask for less at once.")


def _data(session: "Session", subject: "Subject", by: Any, since: date, until: date) -> dict[str, Any]:
    from provisioning import usage
    from provisioning.allowances import standing

    names = {account.id: account.user_name for account in subject.accounts}
    caps = standing.left(session, list(names))
    used = usage.by_account(session, list(names), by, since=since, until=until)
    together: dict[date, Octets] = {}
    for buckets in used.values():
        for start, (octets_in, octets_out) in buckets.items():
            before = together.get(start, (0, 0))
            together[start] = (before[0] + octets_in, before[1] + octets_out)
    starts = usage.every_start(together, by, until)
    return {
        "customer": subject.customer.code,
        "account": subject.name if subject.kind == "account" else None,
        "by": by,
        "since": since,
        "until": until,
        "rows": _rows(together, starts),
        **_sums(usage.summed(together)),
        "accounts": [
            {
                "user_name": name,
                **_sums(usage.summed(used[account_id])),
                "rows": _rows(used[account_id], starts),
                "cap": caps.get(account_id),
            }
            for account_id, name in names.items()
        ],
    }


def _rows(buckets: Mapping[date, "Octets"], starts: Iterable[date]) -> list[dict[str, Any]]:
    return [{"start": start, **_sums(buckets.get(start, (0, 0)))} for start in starts]


def _sums(octets: "Octets") -> dict[str, int]:
    return {"octets_in": octets[0], "octets_out": octets[1], "octets": octets[0] + octets[1]}


def _label(by: str, start: date) -> str:
    return {"month": f"{start:%Y-%m}", "year": f"{start:%Y}"}.get(by, start.isoformat())


def _columns(by: str) -> list[measured.Column]:
    return [measured.Column("start", by, lambda start: _label(by, start)), *_AMOUNTS]


def _lines(data: Mapping[str, Any]) -> Iterable[str]:
    """Yield the sums for a pipe; of a customer, then its accounts, a row a bucket."""
    yield from measured.lines(data["rows"], _columns(data["by"]))
    if data["account"] is None:
        yield ""
        rows = [{"user_name": account["user_name"], **row} for account in data["accounts"] for row in account["rows"]]
        yield from measured.lines(rows, [measured.Column("user_name", "account"), *_columns(data["by"])])
    if told := list(_left(data)):
        yield from ("", *told)


def _title(data: Mapping[str, Any]) -> str:
    whose = f"account {data['account']}" if data["account"] else f"customer {data['customer']}"
    return f"{whose}, {data['since']} to {data['until']}"


def _drawings(data: Mapping[str, Any]) -> Iterable[Any]:
    yield f"\n[bold]{output.escape(_title(data))}[/]"
    if data["rows"]:
        yield measured.drawing(data["rows"], _columns(data["by"]), total=_total(data))
    else:
        yield "nothing was used"
    yield from _accounts(data)


def _total(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("octets_in", "octets_out", "octets")}


def _accounts(data: Mapping[str, Any]) -> Iterable[Any]:
    if data["account"] is None and data["accounts"]:
        yield measured.drawing(data["accounts"], [measured.Column("user_name", "account"), *_AMOUNTS])
    yield from (output.escape(line) for line in _left(data))


def _left(data: Mapping[str, Any]) -> Iterable[str]:
    """Yield a line for each account with a data cap: what is left until when."""
    for account in data["accounts"]:
        if cap := account["cap"]:
            left, charged = measured.octets(cap["left_octets"]), measured.octets(cap["charged_octets"])
            since, until = cap["period_start"], cap["ends_on"]
            yield f"{account['user_name']}: {left} left until {until}, {charged} used since {since}"


def _bars(rows: Sequence[Mapping[str, Any]], by: str) -> list["chart.Bar"]:
    from provisioning.cli import chart

    return [chart.Bar(_label(by, row["start"]), row["octets_in"], row["octets_out"]) for row in rows]


def _plain_chart(data: Mapping[str, Any]) -> Iterable[str]:
    from provisioning.cli import chart

    yield _title(data)
    for line in chart.draw(_bars(data["rows"], data["by"]), columns=_terminal_columns()):
        yield "".join(span.text for span in line).rstrip()


def _drawn_chart(data: Mapping[str, Any]) -> Iterable[Any]:
    from rich.console import Console
    from rich.text import Text

    from provisioning.cli import chart

    yield f"\n[bold]{output.escape(_title(data))}[/]\n"
    for line in chart.draw(_bars(data["rows"], data["by"]), columns=Console().width):
        yield Text.assemble(*((span.text, span.style) for span in line), no_wrap=True, overflow="crop")
    upload, download = (measured.octets(data[key]) for key in ("octets_in", "octets_out"))
    yield f"\n[{chart.UPLOAD}]↑ {upload}[/]  [{chart.DOWNLOAD}]↓ {download}[/]  in all"
    yield from _accounts(data)


def _terminal_columns() -> int:
    """Return COLUMNS, else 80: a pipe has no width of its own."""
    return shutil.get_terminal_size((_PIPE_COLUMNS, 24)).columns


def _named(session: "Session", found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from provisioning.cli import views
    from provisioning.models import Customer

    query = select(Customer).where(Customer.id.in_([row["id"] for row in found]))
    names = {view["id"]: view["name"] for view in views.customers(session, list(session.scalars(query)))}
    return [{"code": row["code"], "name": names[row.pop("id")], **row} for row in found]


def _totals(found: list[dict[str, Any]], every: dict[str, Any]) -> output.Result:
    columns = [
        measured.Column("code", "customer"),
        measured.Column("name", "name"),
        measured.Column("period_start", "period from"),
        *_AMOUNTS,
    ]
    footer = every | {"code": "all", "name": f"{every['customers']:,} used anything", "period_start": ""}
    return output.Result(
        {"customers": found, "total": every},
        lambda: measured.lines(found, columns),
        lambda: [measured.drawing(found, columns, total=footer)],
    )
