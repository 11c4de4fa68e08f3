"""What only one account can have: a static address, a prefix, a route, and among customers a VLAN.

Doubled ones are refused, and so is an address inside of another account's prefix or route, or around one. The database
tells whose it is, whoever asks; it is named where the operator may see that account (schema.sql, static_holders).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning.errors import Conflict
from provisioning.models import Account, Customer

_ONE = ("ipv4_address", "ipv6_prefix", "delegated_ipv6_prefix")
_WORDS = {"ipv4_address": "address", "ipv6_prefix": "prefix", "delegated_ipv6_prefix": "prefix", "routes": "route"}

# two who ask for one address at once take turns
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtext('static addresses'))")
_HOLDERS = text("SELECT asked::text, held::text, holder FROM static_holders(CAST(:wanted AS inet[]), :own) LIMIT 1")
_VLAN = text("SELECT vlan_holder(:vlan, :own, :owner, CAST(:nas_ids AS bigint[]))")

_ANY_DOUBLED = text("""
    SELECT EXISTS (
        SELECT FROM account, LATERAL unnest(
            ARRAY[ipv4_address, ipv6_prefix::inet, delegated_ipv6_prefix::inet]
            || ARRAY(SELECT CAST(substring(route FROM '^[0-9.]+/[0-9]+') AS inet) FROM unnest(routes) AS route)
        ) AS wanted, LATERAL static_holders(ARRAY[wanted], account.id)
        WHERE account.id = ANY(:ids) AND wanted IS NOT NULL)
    OR EXISTS (
        SELECT FROM account
        WHERE id = ANY(:ids) AND vlan_id IS NOT NULL AND vlan_holder(vlan_id, id, customer_id, '{}') IS NOT NULL)
""")


def take_turns(session: Session) -> None:
    """Let nobody else give out addresses until the transaction ends."""
    session.execute(_TAKE_TURNS)


def check_added(session: Session, account_ids: Sequence[int]) -> None:
    """Raise `Conflict` where one of many accounts that were added just now has what another account has."""
    if session.execute(_ANY_DOUBLED, {"ids": list(account_ids)}).scalar_one():
        raise Conflict("an address, prefix, route or VLAN belongs to another account", "Choose another.")


def check(session: Session, account: Account, columns: Mapping[str, Any]) -> None:
    """Raise `Conflict` where one of these new columns, in their usual writing, has what another account has."""
    wanted = {value: column for column in _ONE if (value := columns.get(column)) is not None}
    wanted |= {route.split()[0]: "routes" for route in columns.get("routes") or ()}
    if not wanted:
        return
    take_turns(session)
    doubled = session.execute(_HOLDERS, {"wanted": list(wanted), "own": account.id}).tuples().one_or_none()
    if doubled is not None:
        asked, other, holder = doubled
        value, column = next((value, column) for value, column in wanted.items() if _same(value, asked))
        how = "belongs to" if _same(other, asked) else f"overlaps {_bare(other)} of"
        raise Conflict(
            f"{_WORDS[column]} {value} {how} {_named(session, holder)}", "Choose another, or take it away there first."
        )


def check_vlan(session: Session, account: Account, *, nas_ids: Sequence[int]) -> None:
    """Raise `Conflict` where another customer has the account's VLAN on a router where this account may be too."""
    if account.vlan_id is None:
        return
    asked = {"vlan": account.vlan_id, "own": account.id, "owner": account.customer_id, "nas_ids": list(nas_ids)}
    holder = session.scalar(_VLAN, asked)
    if holder is not None:
        raise Conflict(
            f"VLAN {account.vlan_id} belongs to {_named(session, holder)}",
            "Choose another, or say that they share it: --shared-vlan.",
        )


def _same(one: str, other: str) -> bool:
    """Tell whether two writings are of the same network; of a host, the prefix length may be left out."""
    return _bare(one) == _bare(other)


def _bare(value: str) -> str:
    return value.removesuffix("/32" if ":" not in value else "/128")


def _named(session: Session, account_id: int) -> str:
    query = (
        select(Account.user_name, Customer.code, Account.cancelled_at).join(Customer).where(Account.id == account_id)
    )
    found = session.execute(query).tuples().one_or_none()
    if found is None:
        return "an account that is not yours to see"
    user_name, code, cancelled_at = found
    return f"{'' if cancelled_at is None else 'cancelled '}account {user_name} of customer {code}"
