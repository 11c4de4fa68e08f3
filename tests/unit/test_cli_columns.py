"""What a table has, an operator can enter."""

import pytest
from sqlalchemy import inspect

from provisioning.cli import account_options, group, package
from provisioning.models import Account, CustomerGroup, Package

GIVEN = {"id", "version", "created_at"}  # by the database


@pytest.mark.parametrize(
    ("row", "specs", "otherwise"),
    [
        (Package, package._OPTIONS, {"name", "reseller_id"}),
        (
            CustomerGroup,
            group._OPTIONS,
            {"name", "reseller_id", "enabled", "sends_reply_message", "requires_credit_limit"}
            | {"usage_notice_percents"},  # notice set
        ),
        (
            Account,
            account_options.OPTIONS,
            # by arguments, switches and verbs of their own; cap_reached by the ledger of usage
            {"user_name", "customer_id", "package_id", "password", "password_hash", "blocked", "suspended"}
            | {"cap_reached", "prepaid", "cancelled_at", "lock_to_devices"},
        ),
    ],
)
def test_every_column_has_its_option(row, specs, otherwise):
    """No field of a package, a group or an account is known to the database alone."""
    columns = {attribute.key for attribute in inspect(row).attrs}
    assert {column for _, column, _, _ in specs} | otherwise == columns - GIVEN
