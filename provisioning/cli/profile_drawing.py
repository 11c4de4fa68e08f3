"""A customer's profile on a terminal: warnings first, who it is, how its accounts stand, then a table a section."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from provisioning.cli import measured, output
from provisioning.cli.profile_tables import TABLES, Row, Table

if TYPE_CHECKING:
    from rich import table as rich_table

Profile = Mapping[str, Any]

_COLOURS = {"accept": "green", "garden": "yellow", "throttle": "yellow", "reject": "red", "active": "green"}
_LEVELS = "▁▂▃▄▅▆▇█"
_BAR = 10
_BRIM = 0.9  # of the cap, from which on a bar is yellow


def draw(profile: Profile) -> Iterator[Any]:
    """Yield what is drawn, from top to bottom; sections with nothing in them are left out."""
    from rich.panel import Panel

    for note in profile.get("notes") or ():
        if note["kind"] == "popup":
            written = f"{note['author']}, {note['created_at']:%Y-%m-%d}"
            yield Panel(output.escape(note["text"]), title="note", subtitle=written, border_style="bold yellow")
    yield Panel(
        _head(profile), title=f"[bold]{profile['code']}[/]  {output.escape(profile['name'])}", title_align="left"
    )
    if "accounts" in profile:
        yield from _accounts(profile["accounts"])
    if profile.get("usage"):
        yield from _usage(profile["usage"], profile["usage_this_period"]["since"])
    for name, table in TABLES.items():
        if name in profile:
            yield from _table(_undrawn(name, profile[name]), table)


def _undrawn(name: str, rows: Sequence[Row] | None) -> Sequence[Row] | None:
    """Return the rows that are not in a panel of their own already."""
    return [row for row in rows if row["kind"] != "popup"] if name == "notes" and rows else rows


def _head(profile: Profile) -> "rich_table.Table":
    """Return what a customer is, in two columns of words."""
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, 2), expand=True)
    for _ in range(2):
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(ratio=1)
    told = [(word, text) for word, text in _told(profile) if text]
    half = (len(told) + 1) // 2
    for number in range(half):
        left, right = told[number], told[half + number] if half + number < len(told) else ("", "")
        grid.add_row(*left, *right)
    return grid


def _told(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield what is told of a customer; words that are empty are left out."""
    state = profile["state"]
    yield "status", f"[bold {_COLOURS.get(state, 'red')}]{state}[/]"
    for key, word in (("suspended_at", "for debt since"), ("unsuspended_until", "respite until")):
        yield word, "" if profile[key] is None else measured.minute(profile[key])
    kinds = [profile["type"].replace("_", " "), profile["kind"] if profile["kind"] != "normal" else ""]
    yield "type", " ".join(filter(None, kinds))
    for key in ("group", "billing_group", "reseller", "parent", "category", "attitude"):
        yield key.replace("_", " "), output.escape(profile[key] or "")
    yield "labels", output.escape(", ".join(profile["labels"]))
    if profile["balance_cents"] is not None:
        colour = "red" if profile["balance_cents"] > 0 else "green"
        yield "balance", f"[{colour}]{output.human('_cents', profile['balance_cents'])}[/] {profile['currency']}"
    if profile["credit_limit_cents"] is not None:
        yield "credit limit", f"{output.human('_cents', profile['credit_limit_cents'])} {profile['currency']}"
    for key in ("phone", "email", "billing_email", "id_number", "portal_user_name", "payment_method", "time_zone"):
        yield key.replace("_", " ").replace("email", "e-mail"), output.escape(str(profile[key] or ""))
    yield "billing day", str(profile["billing_day"])
    for key in ("expires_at", "deleted_at", "registered_at", "created_at"):
        yield key.removesuffix("_at"), "" if profile[key] is None else measured.minute(profile[key])


def _accounts(accounts: Sequence[Row] | None) -> Iterator[Any]:
    if accounts is None:
        yield _title("Accounts", "not yours to see")
        return
    if not accounts:
        yield _title("Accounts", "none")
        return
    yield _title("Accounts", "what a login is answered now, and why")
    table = _plain_table("account", "package", "answer", "speed", "used this period", "online")
    for account in accounts:
        style = "dim" if account["cancelled_at"] is not None else None
        table.add_row(
            output.escape(account["user_name"]),
            output.escape(account["package"] or "-"),
            _answer(account),
            _speed(account),
            _used(account),
            _online(account),
            style=style,
        )
    yield table


def _answer(account: Row) -> str:
    outcome = account["outcome"]
    if outcome is None:
        return "[dim]not yours to see[/]"
    reason = "" if outcome == "accept" else account["reason"].replace("_", " ")
    why = account["why"] if account["why"] and account["why"] != reason else ""
    return f"[bold {_COLOURS[outcome]}]{outcome}[/] {reason}" + (f"\n[dim]{output.escape(why)}[/]" if why else "")


def _speed(account: Row) -> str:
    if account["download_bps"] is None:
        return "-" if account["outcome"] in ("reject", None) else "no limit"
    rates = f"↓ {output.human('_bps', account['download_bps'])} ↑ {output.human('_bps', account['upload_bps'])}"
    return rates if account["speed_by"] == "package" else f"{rates}\n[dim]by {account['speed_by']}[/]"


def _used(account: Row) -> str:
    if account["octets_in"] is None:
        return "[dim]not yours to see[/]"
    used, cap = account["octets_in"] + account["octets_out"], account["cap_octets"]
    if cap is None:
        return measured.octets(used)
    part = used / cap
    colour = "red" if part >= 1 else "yellow" if part >= _BRIM else "green"
    full = min(_BAR, round(part * _BAR))
    bar = f"[{colour}]{'█' * full}[/][dim]{'░' * (_BAR - full)}[/]"
    left = "" if account["left_octets"] is None else f", {measured.octets(account['left_octets'])} left"
    return f"{bar} {part:.0%}\n[dim]{measured.octets(used)} of {measured.octets(cap)}{left}[/]"


def _online(account: Row) -> str:
    opened, allowed = account["open_sessions"], account["sessions_allowed"]
    if opened is None:
        return "-"
    return str(opened) if allowed is None else f"{opened} of {allowed}"


def _usage(days: Sequence[Row], since: date) -> Iterator[Any]:
    by_day = {row["day"]: row for row in days}
    count = (max(by_day) - since).days + 1
    every = [by_day.get(since + timedelta(days=number)) for number in range(count)]
    yield _title("Usage by day", f"since {since}")
    for key, word, colour in (("octets_out", "↓ download", "magenta"), ("octets_in", "↑ upload  ", "cyan")):
        amounts = [row[key] if row else 0 for row in every]
        told = f"{measured.octets(sum(amounts))}, at most {measured.octets(max(amounts))} a day"
        yield f"[dim]{word}[/] [{colour}]{_curve(amounts)}[/] {told}"


def _curve(amounts: Sequence[int]) -> str:
    """Return a character a day, from a dot for nothing to a full block for the most."""
    top = max(amounts, default=0)
    return "".join(_LEVELS[min(7, amount * 8 // (top + 1))] if amount else "·" for amount in amounts)


def _table(rows: Sequence[Row] | None, table: Table) -> Iterator[Any]:
    if rows is None:
        yield _title(table.title, "not yours to see")
    elif rows:
        yield _title(table.title)
        yield _drawn(rows, [column for column in table.columns if any(row[column.key] for row in rows)])
    elif table.nothing:
        yield _title(table.title, table.nothing)


def _drawn(rows: Iterable[Row], columns: Sequence[measured.Column]) -> "rich_table.Table":
    from rich.console import Console

    rows, drawn = list(rows), _plain_table()
    shown = measured.fitting(rows, columns, Console().width)
    for column in shown:
        drawn.add_column(column.heading, justify="right" if column.number else "left")
    for row in rows:
        drawn.add_row(*(output.escape(column.form(row[column.key])) for column in shown))
    return drawn


def _title(title: str, told: str = "") -> str:
    return f"\n[bold]{title}[/]" + (f"  [dim]{output.escape(told)}[/]" if told else "")


def _plain_table(*headings: str) -> "rich_table.Table":
    from rich.table import Table as Drawn

    return Drawn(*headings, box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
