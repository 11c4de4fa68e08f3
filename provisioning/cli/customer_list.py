"""tollkeeper customer list: who they are, by whatever is known of them."""

from typing import Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command

_COLUMNS = ("code", "name", "group", "state", "expires_at")
_KEYS = (
    "id, code, name, state (active|deleted|disabled|expired|suspended), group, parent, type, kind, title, first_name,"
    " last_name, company_name, disabled, suspended, deleted_at, expires_at, inherits_state, download_bps, upload_bps,"
    " time_zone, billing_day, created_at"
)


@click.command(
    "list",
    cls=Command,
    example="tollkeeper customer list --group Homes --suspended --limit 20",
    keys=f"a list of ({_KEYS})",
)
@click.option("--group", help="Only of this group.")
@click.option("--parent", help="Only sub-accounts of this customer.")
@types.switch("disabled", "disabled", "enabled", "Only those.")
@types.switch("suspended", "suspended", "not-suspended", "Only those.")
@click.option("--deleted", is_flag=True, help="Only deleted ones, which are hidden otherwise.")
@click.option("--all", "with_deleted", is_flag=True, help="Deleted ones too.")
@types.paging("account code")
def listing(
    group: str | None, parent: str | None, deleted: bool, with_deleted: bool, after: str | None, **filters: Any
) -> output.Result:
    """List customers by account code."""
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import group as groups
    from provisioning.cli import views

    with database.transaction() as session:
        found = customers.listing(
            session,
            group_id=None if group is None else groups.find(session, group).id,
            parent_id=None if parent is None else customers.find(session, parent).id,
            deleted=None if with_deleted else deleted,
            after=after or "",
            **filters,
        )
        return output.Listing(views.customers(session, found), _COLUMNS).result()
