"""tollkeeper customer show: all there is to know of a customer."""

import click

from provisioning.cli import online, output
from provisioning.cli.command import Command

_KEYS = (
    "id, code, name, state (active|deleted|disabled|expired|suspended), group, parent, type, kind, title, first_name,"
    " last_name, company_name, disabled, suspended, deleted_at, expires_at, inherits_state, download_bps, upload_bps,"
    " time_zone, billing_day, created_at"
)


@click.command("show", cls=Command, example="tollkeeper customer show FRI001", keys=f"{_KEYS}, {online.KEYS}")
@click.argument("code")
def show(code: str) -> output.Result:
    """Show all there is to know of a customer, deleted or not."""
    from provisioning import customer as customers
    from provisioning import database, usage
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        account_ids = sorted(usage.customers_account_ids(session, code))
        return online.shown(session, views.customers(session, [row])[0], row, account_ids)
