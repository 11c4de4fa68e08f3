"""tollkeeper customer list: who they are, by whatever is known of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provisioning.cli import customer_columns, measured, output, types
from provisioning.cli.command import Command
from provisioning.cli.customer_options import KEYS

if TYPE_CHECKING:
    from provisioning.customer_list import Wanted

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_MORE_KEYS = "balance_cents (null: not to be seen), accounts (user names), packages (names), open_sessions (how many)"
_SORTS = ("code", "name", "created", "expires", "balance")  # of provisioning/customer_list.py
_STATES = ("active", "disabled", "expired", "suspended", "deleted")


def _parse_ip(typed: str) -> str:
    from provisioning import networks

    return networks.parse(typed)


_FILTERS: list[types.Spec] = [
    ("--code", "code", types.TEXT, "Codes that begin so."),
    ("--name", "name", types.TEXT, "These words, anywhere in the name."),
    ("--address", "address", types.TEXT, "These words, anywhere in an address."),
    ("--phone", "phone", types.TEXT, "A phone number, or part of it, however it is written; contacts' too."),
    ("--email", "email", types.TEXT, "A part of an e-mail address; contacts' too."),
    ("--user-name", "user_name", types.TEXT, "A part of an account's user name."),
    ("--search", "search", types.TEXT, "These words, each anywhere in the above."),
    ("--mac", "mac", types.MAC, "The MAC of a device, or in an open session."),
    (
        "--ip",
        "ip",
        types.Parsed("IP", _parse_ip),
        "Whose address this is: static, routed there, or in an open session.",
    ),
    ("--group", "group", types.TEXT, "Of this group."),
    ("--reseller", "reseller", types.TEXT, "Of this reseller and those below; none: the provider's own."),
    ("--parent", "parent", types.TEXT, "Sub-accounts of this customer."),
    ("--package", "package", types.TEXT, "With an account on this package."),
    ("--payment-method", "payment_method", types.TEXT, "With this payment method."),
    ("--category", "category", types.TEXT, "Of this category."),
    ("--billing-group", "billing_group", types.TEXT, "Of this billing group."),
    ("--type", "type", click.Choice(["individual", "company", "sole_proprietor"]), "Of this type."),
    ("--kind", "kind", click.Choice(["normal", "residential"]), "Of this kind."),
    ("--owes-more-than", "owes_more_than", types.MONEY, "Owing more than this."),
    ("--balance-below", "balance_below", types.BALANCE, "Owing less than this; -100: paid ahead by more than 100."),
    ("--created-since", "created_since", types.TIME, "Added since: 2026-12-31, or with a time and zone."),
]


def filters(function: Decorated) -> Decorated:
    """Decorate with what customers are listed by, but for those that are deleted."""
    for decorate in (
        types.switch("online", "online", "offline", "With an open session, or without."),
        click.option(
            "--state", "states", type=click.Choice(_STATES), multiple=True, help="In this state. Repeat: or that."
        ),
        click.option("--label", "labels", multiple=True, help="With this label. Repeat: and that."),
        types.columns(_FILTERS, clears=False),
    ):
        function = decorate(function)
    return function


@click.command(
    "list",
    cls=Command,
    example="tollkeeper customer list --group Homes --state suspended --owes-more-than 500 --sort balance --reverse",
    keys=f"a list of ({KEYS}, {_MORE_KEYS})",
)
@filters
@click.option("--deleted", is_flag=True, default=None, help="Deleted ones only; they are hidden otherwise.")
@click.option("--all", "with_deleted", is_flag=True, default=None, help="Deleted ones too.")
@click.option(
    "--columns", type=types.Parsed("COLUMNS", customer_columns.parse), help="Which, and in which order: code,name."
)
@click.option("--sort", type=click.Choice(_SORTS), help="By account code, unless said.")
@click.option("--reverse", is_flag=True, default=None, help="The last, or greatest, first.")
@click.option("--after", help="Start behind the customer with this code: fast at any depth.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
@click.option("--count", "counting", is_flag=True, help="Say how many there are in all. JSON key: count.")
@click.option("--filter", "saved", metavar="NAME", help="What was saved as this, and what is given besides.")
@click.option("--save", metavar="NAME", help="Save what is asked for as this, for --filter.")
def listing(
    after: str | None, limit: int, counting: bool, saved: str | None, save: str | None, **options: Any
) -> output.Result:
    """List customers, by whatever is known of them. Filters are all to hold; text is found in any case of letters."""
    from provisioning import customer_list, reading

    asked = types.given(options)
    with reading.look() as look:
        if saved is not None:
            from provisioning import saved_filter

            asked = saved_filter.find(look, saved)["options"] | asked
        wanted = wanted_by(asked)
        if counting:
            count = customer_list.count(look, wanted)
            result = output.Result({"count": count}, lambda: [str(count)])
        else:
            sort, reverse = asked.get("sort", "code"), "reverse" in asked
            found = customer_list.page(look, wanted, sort=sort, reverse=reverse, after=after, limit=limit)
            result = _listed(found, asked.get("columns"), full=len(found) == limit)
    if save is not None:
        _save(save, asked)
    return result


def wanted_by(asked: Mapping[str, Any]) -> "Wanted":
    """Return what is asked for, as it comes from the command line, or from where it was saved."""
    from provisioning import units
    from provisioning.customer_list import Wanted

    values = {key: value for key, value in asked.items() if key not in ("columns", "sort", "reverse", "deleted")}
    values["labels"] = tuple(asked.get("labels", ()))
    values["states"] = (*asked.get("states", ()), *(("deleted",) if asked.get("deleted") else ()))
    if isinstance(since := asked.get("created_since"), str):
        values["created_since"] = units.parse_time(since, datetime.now(UTC))
    return Wanted(**values)


def _listed(found: list[dict[str, Any]], columns: str | None, *, full: bool) -> output.Result:
    chosen = customer_columns.chosen(columns)

    def draw() -> Iterable[Any]:
        yield customer_columns.drawn(found, chosen)
        if full:
            yield f"[dim]perhaps more: --after {found[-1]['code']}[/]"

    return output.Result(found, lambda: measured.lines(found, chosen), draw)


def _save(name: str, asked: dict[str, Any]) -> None:
    from provisioning import database, saved_filter

    with database.transaction() as session:
        saved_filter.save(session, name, asked)
