"""tollkeeper customer: who pays."""

from datetime import date
from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import LazyGroup

_KEYS = (
    "id, code, name, state (active|deleted|disabled|expired|suspended), group, parent, type, kind, title, first_name,"
    " last_name, company_name, disabled, suspended, deleted_at, expires_at, inherits_state, download_bps, upload_bps,"
    " time_zone, billing_day, created_at"
)
_CHANGED = f"customer ({_KEYS}), changed (column: [before, after])"
_OPTIONS: list[types.Spec] = [
    ("--type", "type", click.Choice(["individual", "company", "sole_proprietor"]), "Individual, unless said."),
    ("--kind", "kind", click.Choice(["normal", "residential"]), "Residential: a limited set of features."),
    ("--title", "title", types.TEXT, "Dr, Mrs, Prof."),
    ("--first-name", "first_name", types.TEXT, "Of the person."),
    ("--last-name", "last_name", types.TEXT, "Of the person."),
    ("--company-name", "company_name", types.TEXT, "Of the company, or the trade of a sole proprietor."),
    ("--download", "download_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--upload", "upload_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--time-zone", "time_zone", types.TEXT, "Africa/Johannesburg; without it, the provider's."),
    ("--billing-day", "billing_day", types.NUMBER, "1 to 31; in shorter months, the last day."),
    ("--expires", "expires_at", types.TIME, "From when no authentication and no billing: 2027-01-31, +30d."),
]
_inherits = types.switch("inherits_state", "inherit", "no-inherit", "Whether the parent's state covers it.")


@click.group(
    cls=LazyGroup,
    members={
        "list": ("provisioning.cli.customer_list:listing", "List customers, by whatever is known of them."),
        "show": ("provisioning.cli.profile:show", "Show all there is to know of a customer, deleted or not."),
    },
)
def customer() -> None:
    """Customers: who pays. Known by their account code, such as FRI001."""


@customer.command(
    "add",
    example="tollkeeper customer add --group Homes --first-name Frikkie --last-name Visser",
    keys=f"customer ({_KEYS})",
)
@click.option("--group", required=True, help="The customer group, which must exist.")
@click.option("--code", help="The account code; without it, one is generated from the name.")
@click.option("--parent", help="Account code of the customer it is a sub-account of.")
@types.columns(_OPTIONS, clears=False)
@_inherits
def add(group: str, code: str | None, parent: str | None, **columns: Any) -> output.Result:
    """Add a customer into an existing group."""
    from provisioning import customer as customers
    from provisioning import database, moments
    from provisioning import group as groups
    from provisioning.cli import views

    values = types.given(columns)
    with database.transaction() as session:
        if parent is not None:
            values["parent_id"] = customers.find(session, parent).id
        if "expires_at" in values:
            values["expires_at"] = moments.resolve(session, values["expires_at"], values.get("time_zone"))
        row = customers.add(session, group_id=groups.find(session, group).id, code=code, **values)
        view = views.customers(session, [row])[0]
    return output.added("customer", view["code"], view)


@customer.command("edit", example="tollkeeper customer edit FRI001 --download 20M --upload 5M", keys=_CHANGED)
@click.argument("code")
@click.option("--code", "new_code", help="Another account code.")
@click.option("--group", help="Move into this group.")
@click.option("--parent", type=types.TEXT.clearing(), help="Make it a sub-account of this customer; none: of nobody.")
@types.columns(_OPTIONS, clears=True)
@_inherits
def edit(code: str, new_code: str | None, group: str | None, parent: Any, **columns: Any) -> output.Result:
    """Change a customer. `none` clears an option."""
    from provisioning import customer as customers
    from provisioning import database, moments
    from provisioning import group as groups
    from provisioning.cli import views

    values = types.given({"code": new_code, "parent_id": parent, **columns})
    with database.transaction() as session:
        row = customers.find(session, code)
        before = views.customers(session, [row])[0]
        if group is not None:
            values["group_id"] = groups.find(session, group).id
        if values.get("parent_id") is not None:
            values["parent_id"] = customers.find(session, parent).id
        if values.get("expires_at") is not None:
            zone = values.get("time_zone", row.time_zone)
            values["expires_at"] = moments.resolve(session, values["expires_at"], zone)
        changes = customers.edit(session, row, **values)
        view = views.customers(session, [row])[0]
    return output.changed("customer", code.upper(), view, views.named(changes, before, view))


@customer.command("expire", example="tollkeeper customer expire FRI001 2027-01-31", keys=_CHANGED)
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


def _add_verb(verb: str, text: str) -> None:
    @customer.command(verb, help=text, example=f"tollkeeper customer {verb} FRI001", keys=_CHANGED)
    @click.argument("code")
    def change(code: str) -> output.Result:
        from provisioning import customer as customers
        from provisioning import database
        from provisioning.cli import views

        with database.transaction() as session:
            row = customers.find(session, code)
            changes = getattr(customers, verb)(session, row)
            view = views.customers(session, [row])[0]
        return output.changed("customer", row.code, view, changes)


for _verb, _text in {
    "disable": "Switch a customer off: no account of it authenticates.",
    "enable": "Switch a disabled customer on again.",
    "suspend": "Suspend a customer, for money owed.",
    "unsuspend": "End a customer's suspension.",
    "delete": "Hide a customer; no account of it authenticates.",
    "undelete": "Bring a deleted customer back.",
}.items():
    _add_verb(_verb, _text)
