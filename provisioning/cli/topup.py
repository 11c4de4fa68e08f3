"""tollkeeper topup: data bought on top of the month's, or ahead."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import measured, output, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Topup

_COLUMNS = ("id", "account", "customer", "octets", "left_octets", "state", "expires_at", "price_cents", "comment")
_KEYS = (
    "id, account, customer, octets, used_octets, left_octets, state (valid|to come|used up|expired|cancelled),"
    " starts_at, expires_at (null: never), price_cents, comment, author, created_at, cancelled_at"
)
_ID = click.IntRange(1, 2**63 - 1)


@click.group("topup", cls=LazyGroup)
def topup() -> None:
    """Top-ups: data on top of the month's, or ahead of it (prepaid). Used up in order of expiry, after the month's."""


@topup.command(
    "add",
    example="tollkeeper topup add frikkie@example 10GB --expires +30d",
    keys=f"topup ({_KEYS}), cap_reached, account_expires_at",
)
@click.argument("user_name")
@click.argument("octets", type=types.OCTETS)
@click.option("--price", "price_cents", type=types.MONEY, help="Else the account's or package's price of a top-up.")
@click.option("--expires", "expires_at", type=types.TIME_OR_NEVER, help="Else as the customer's --topup-months say.")
@click.option("--days", type=click.IntRange(1, 3660), help="Of a prepaid account: so many days more validity.")
@click.option("--comment", help="Why, or the voucher's number.")
def add(user_name: str, octets: int, expires_at: date | None, **columns: Any) -> output.Result:
    """Add data to an account. Who has reached the cap is let on at once."""
    from provisioning import account as accounts
    from provisioning import database, moments
    from provisioning.allowances import topup as topups
    from provisioning.cli.account_options import time_zone

    values = types.given({"expires_at": expires_at, **columns})
    with database.transaction() as session:
        row = accounts.find(session, user_name)
        if values.get("expires_at") is None:
            values["never_expires"] = "expires_at" in values
        else:
            values["expires_at"] = moments.resolve(session, values["expires_at"], time_zone(session, row.customer_id))
        added = topups.add(session, row, octets=octets, **values)
        view = _views(session, [added])[0]
        reached, valid_until = row.cap_reached, row.expires_at
    expiry = "never expires" if view["expires_at"] is None else f"expires {output.human('', view['expires_at'])}"
    lines = [f"topup {view['id']} added: account {user_name} has {measured.octets(octets)} more, which {expiry}"]
    if columns["days"]:
        lines.append(f"account {user_name} is valid until {output.human('', valid_until)}")
    return output.Result({"topup": view, "cap_reached": reached, "account_expires_at": valid_until}, lambda: lines)


@topup.command("list", example="tollkeeper topup list frikkie@example --all", keys=f"a list of ({_KEYS})")
@click.argument("user_name", required=False)
@click.option("--customer", help="Only of this customer's accounts.")
@click.option("--all", "every", is_flag=True, help="Those of which nothing is left, too.")
@click.option("--after", type=_ID, help="Start behind the top-up with this id.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
def listing(user_name: str | None, customer: str | None, **filters: Any) -> output.Result:
    """List top-ups that are valid or to come, the newest first."""
    from provisioning import account as accounts
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.allowances import topup as topups

    with database.transaction() as session:
        found = topups.listing(
            session,
            account_id=None if user_name is None else accounts.find(session, user_name).id,
            customer_id=None if customer is None else customers.find(session, customer).id,
            **filters,
        )
        return output.Listing(_views(session, found), _COLUMNS).result()


@topup.command("cancel", example="tollkeeper topup cancel 7", keys=f"topup ({_KEYS}), cancelled_octets")
@click.argument("topup_id", metavar="ID", type=_ID)
def cancel(topup_id: int) -> output.Result:
    """Take away what is left of a top-up; what was used stays used."""
    from provisioning import database, rows
    from provisioning.allowances import topup as topups
    from provisioning.models import Topup

    with database.transaction() as session:
        row = rows.of_id(session, Topup, topup_id)
        octets = topups.cancel(session, row)
        view = _views(session, [row])[0]
    return output.Result(
        {"topup": view, "cancelled_octets": octets},
        lambda: [f"topup {topup_id} cancelled: {measured.octets(octets)} were left"],
    )


def _views(session: "Session", rows: "Sequence[Topup]") -> list[dict[str, Any]]:
    from provisioning.allowances import topup as topups

    owners, now = topups.owners(session, rows), datetime.now(UTC)
    return [
        {
            "id": row.id,
            "account": owners[row.account_id][0],
            "customer": owners[row.account_id][1],
            "octets": row.octets,
            "used_octets": row.used_octets,
            "left_octets": row.octets - row.used_octets if topups.state(row, now) in ("valid", "to come") else 0,
            "state": topups.state(row, now),
            "starts_at": row.starts_at,
            "expires_at": row.expires_at,
            "price_cents": row.price_cents,
            "comment": row.comment,
            "author": row.author,
            "created_at": row.created_at,
            "cancelled_at": row.cancelled_at,
        }
        for row in rows
    ]
