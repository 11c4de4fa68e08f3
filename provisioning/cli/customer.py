"""tollkeeper customer: who pays."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup
from provisioning.cli.customer_options import CHANGED, KEYS, OPTIONS, exempt, inherits, label, namesake, values, ways


@click.group(
    cls=LazyGroup,
    members={
        "list": ("provisioning.cli.customer_list:listing", "List customers, by whatever is known of them."),
        "show": ("provisioning.cli.profile:show", "Show all there is to know of a customer, deleted or not."),
        "tree": ("provisioning.cli.customer_tree:tree", "Show a customer with its sub-accounts."),
        "move": ("provisioning.cli.customer_tree:move", "Move a customer to another reseller or parent."),
    },
)
def customer() -> None:
    """Customers: who pays. Known by their account code, such as FRI001."""


@customer.command(
    "add",
    example="tollkeeper customer add --group Homes --first-name Frikkie --last-name Visser",
    keys=f"customer ({KEYS})",
)
@click.option("--group", required=True, help="The customer group, which must exist.")
@click.option("--code", help="The account code; without it, one is generated from the name.")
@click.option("--parent", help="Account code of the customer it is a sub-account of.")
@click.option("--reseller", help="Whose customer it is: the parent's, unless said, or the operator's own.")
@types.columns(OPTIONS, clears=False)
@label
@namesake
@inherits
@ways
@exempt
def add(group: str, code: str | None, parent: str | None, reseller: str | None, **columns: Any) -> output.Result:
    """Add a customer into an existing group."""
    from provisioning import acting, database
    from provisioning import customer as customers
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        new = values(session, columns)
        if parent is not None:
            new["parent_id"] = customers.find(session, parent).id
        if reseller is not None:
            new["reseller_id"] = acting.reseller_id(session, reseller)
        row = customers.add(session, group_id=groups.find(session, group).id, code=code, **new)
        view = views.customers(session, [row])[0]
    return output.added("customer", view["code"], view)


@customer.command("edit", example="tollkeeper customer edit FRI001 --download 20M --upload 5M", keys=CHANGED)
@click.argument("code")
@click.option("--code", "new_code", help="Another account code.")
@click.option("--group", help="Move into this group.")
@click.option("--parent", type=types.TEXT.clearing(), help="Make it a sub-account of this customer; none: of nobody.")
@click.option("--version", type=types.NUMBER, help="Only if it still is of this version, as `show` has it.")
@types.columns(OPTIONS, clears=True)
@label
@click.option("--unlabel", "unlabels", multiple=True, help="Take this label away. Repeat.")
@namesake
@inherits
@ways
@exempt
def edit(
    code: str,
    new_code: str | None,
    group: str | None,
    parent: Any,
    labels: tuple[str, ...],
    unlabels: tuple[str, ...],
    **columns: Any,
) -> output.Result:
    """Change a customer. `none` clears an option."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        before = views.customers(session, [row])[0]
        new = values(session, {"code": new_code, "parent_id": parent, **columns}, row.time_zone)
        if group is not None:
            new["group_id"] = groups.find(session, group).id
        if new.get("parent_id") is not None:
            new["parent_id"] = customers.find(session, parent).id
        if labels or unlabels:
            new["labels"] = [one for one in [*row.labels, *labels] if one not in unlabels]
        changes = customers.edit(session, row, **new)
        view = views.customers(session, [row])[0]
    return output.changed("customer", code.upper(), view, views.named(changes, before, view))


@customer.command("expire", example="tollkeeper customer expire FRI001 2027-01-31", keys=CHANGED)
@click.argument("code")
@click.argument("when", type=types.TIME_OR_NEVER)
def expire(code: str, when: date | None) -> output.Result:
    """Set when a customer expires: a time, now, or never.

    From then on it has no authentication and no billing. A bare date begins in the customer's time zone.
    """
    from provisioning import customer as customers
    from provisioning import database, moments
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        expires_at = moments.resolve(session, when, row.time_zone) if isinstance(when, date) else None
        changes = customers.expire(session, row, expires_at=expires_at)
        view = views.customers(session, [row])[0]
    return output.changed("customer", row.code, view, changes)


@customer.command(
    "deactivate", example="tollkeeper customer deactivate FRI001", keys=f"{CHANGED}, devices (MACs that came back)"
)
@click.argument("code")
def deactivate(code: str) -> output.Result:
    """Switch a customer off, and take the devices of its accounts back into the inventory."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        changes, devices = customers.deactivate(session, row)
        view = views.customers(session, [row])[0]
    done = output.changed("customer", row.code, view, changes)
    macs = [device.mac for device in devices]

    def lines() -> Iterable[str]:
        yield from done.lines()
        yield from (f"device {mac} is in the inventory" for mac in macs)

    return output.Result({**done.data, "devices": macs}, lines)


def _add_verb(verb: str, text: str) -> None:
    @customer.command(verb, help=text, example=f"tollkeeper customer {verb} FRI001", keys=CHANGED)
    @click.argument("code")
    def change(code: str) -> output.Result:
        from provisioning import customer as customers
        from provisioning import database
        from provisioning.cli import views

        with database.transaction() as session:
            row = customers.find(session, code)
            changes = getattr(customers, verb.replace("-", "_"))(session, row)
            view = views.customers(session, [row])[0]
        return output.changed("customer", row.code, view, changes)


for _verb, _text in {
    "disable": "Switch a customer off: no account of it authenticates.",
    "enable": "Switch a disabled customer on again.",
    "reactivate": "Switch a deactivated customer on again; its devices stay in the inventory.",
    "suspend": "Suspend a customer; no payment ends that. For debt: suspension start.",
    "unsuspend": "End a customer's suspension.",
    "delete": "Hide a customer; no account of it authenticates.",
    "undelete": "Bring a deleted customer back.",
    "verify-phone": "Note that the customer has answered at its phone number.",
}.items():
    _add_verb(_verb, _text)
