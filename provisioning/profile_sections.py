"""What a customer's profile is made of: a query each, and what has to be seen for it (schema.sql, type `area`).

%(id)s is the customer, %(ids)s its accounts, %(since)s the day on which its billing period began.
"""

from collections.abc import Iterable
from typing import NamedTuple

from provisioning import customer_rows

# ruff: noqa: S608 - our own words, put together


class Section(NamedTuple):
    """One section: the areas that it is of, and the query of its rows."""

    areas: frozenset[str]
    query: str


_CUSTOMER = frozenset({"customer"})
_SESSION = """
    session.id, session.user_name, session.state, started_at, {stopped_at} AS stopped_at,
    coalesce(nas.name, host(nas_address)) AS nas, host(session.ipv4_address) AS ipv4_address,
    session.ipv6_prefix::text AS ipv6_prefix, session.delegated_ipv6_prefix::text AS delegated_ipv6_prefix,
    calling_station_id, octets_in, octets_out, {cause} AS terminate_cause
"""
_OPEN = _SESSION.format(stopped_at="NULL::timestamptz", cause="NULL::text")
_CLOSED = _SESSION.format(stopped_at="stopped_at", cause="terminate_cause")

# what each account has in the current period, and of which package the cap is: a change whose time has come counts
ACCOUNTS = Section(
    frozenset({"account"}),
    """
    SELECT account.id, user_name, package.name AS package, cap_octets, cap_reached, prepaid,
           remaining AS left_octets, account.cancelled_at,
           coalesce(account.sessions_allowed, package.sessions_allowed) AS sessions_allowed, lock_to_devices,
           host(ipv4_address) AS ipv4_address, delegated_ipv6_prefix::text AS delegated_ipv6_prefix, routes, vlan_id,
           account.expires_at, octets_in, octets_out,
           coalesce(account.price_cents, round(package.price_cents * (100 - discount_percent) / 100))::bigint
               AS price_cents,
           (SELECT count(*) FROM session WHERE account_id = account.id) AS open_sessions
    FROM account
    JOIN customer ON customer.id = customer_id
    LEFT JOIN customer_group ON customer_group.id = group_id
    LEFT JOIN package ON package.id = coalesce(
        (SELECT package_id FROM package_change WHERE account_id = account.id AND applied_at IS NULL
             AND package_change.cancelled_at IS NULL AND activates_at <= now() ORDER BY activates_at DESC LIMIT 1),
        account.package_id)
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(usage_day.octets_in), 0)::bigint AS octets_in,
               coalesce(sum(usage_day.octets_out), 0)::bigint AS octets_out
        FROM usage_day WHERE account_id = account.id AND period_start = %(since)s) AS used ON true
    LEFT JOIN allowance_left(now(), ARRAY(SELECT id FROM account WHERE customer_id = %(id)s)) AS allowance
           ON allowance.account_id = account.id
    WHERE customer_id = %(id)s ORDER BY account.cancelled_at IS NOT NULL, user_name
    """,
)

# in the order in which they are shown
SECTIONS = {
    "usage": Section(
        frozenset({"account", "usage"}),
        """
        SELECT day, sum(octets_in)::bigint AS octets_in, sum(octets_out)::bigint AS octets_out FROM usage_day
        WHERE account_id = ANY(%(ids)s) AND period_start = %(since)s GROUP BY day ORDER BY day
        """,
    ),
    "sessions": Section(
        frozenset({"account", "session"}),
        f"""
        SELECT {_OPEN} FROM session LEFT JOIN nas ON nas.address = nas_address
        WHERE account_id = ANY(%(ids)s) ORDER BY started_at DESC LIMIT 20
        """,
    ),
    "last_sessions": Section(
        frozenset({"account", "session"}),
        f"""
        SELECT {_CLOSED} FROM session_history AS session LEFT JOIN nas ON nas.address = nas_address
        WHERE account_id = ANY(%(ids)s) AND stopped_at > now() - interval '1 year' ORDER BY stopped_at DESC LIMIT 5
        """,
    ),
    "devices": Section(
        frozenset({"account"}),
        """
        SELECT mac::text AS mac, user_name AS account, authorised, mac_auth, description
        FROM device JOIN account ON account.id = account_id WHERE customer_id = %(id)s ORDER BY mac
        """,
    ),
    "changes": Section(
        frozenset({"account"}),
        """
        SELECT package_change.id, user_name AS account, package.name AS package, activates_at,
               package_change.price_cents, comment, author
        FROM package_change JOIN account ON account.id = account_id
        LEFT JOIN package ON package.id = package_change.package_id
        WHERE customer_id = %(id)s AND applied_at IS NULL AND package_change.cancelled_at IS NULL
        ORDER BY activates_at
        """,
    ),
    "topups": Section(
        frozenset({"account"}),
        """
        SELECT topup.id, user_name AS account, octets, octets - used_octets AS left_octets, topup.expires_at,
               topup.price_cents, comment, author
        FROM topup JOIN account ON account.id = account_id
        WHERE customer_id = %(id)s AND topup.cancelled_at IS NULL AND used_octets < octets
          AND (topup.expires_at > now() OR topup.expires_at IS NULL)
        ORDER BY user_name, topup.expires_at, topup.id
        """,
    ),
    "invoices": Section(
        frozenset({"money"}),
        """
        SELECT number, issued_on, due_on, amount_cents, amount_cents - allocated_cents AS open_cents FROM invoice
        WHERE customer_id = %(id)s AND kind = 'invoice' AND voided_at IS NULL AND allocated_cents < amount_cents
        ORDER BY due_on, number
        """,
    ),
    "payments": Section(
        frozenset({"money"}),
        """
        SELECT receipt, received_on, amount_cents, method, reference FROM payment
        WHERE customer_id = %(id)s AND voided_at IS NULL ORDER BY received_on DESC, id DESC LIMIT 3
        """,
    ),
    "contacts": Section(
        _CUSTOMER, "SELECT id, name, purposes, phone, email FROM contact WHERE customer_id = %(id)s ORDER BY id"
    ),
    "addresses": Section(
        _CUSTOMER,
        """
        SELECT id, kind, street, city, region, postal_code, country, latitude, longitude FROM address
        WHERE customer_id = %(id)s ORDER BY id
        """,
    ),
    "external_ids": Section(
        _CUSTOMER, "SELECT system, value FROM external_id WHERE customer_id = %(id)s ORDER BY system"
    ),
    "attachments": Section(
        _CUSTOMER,
        """
        SELECT id, file_name, media_type, octets, description, author, created_at FROM attachment
        WHERE customer_id = %(id)s AND removed_at IS NULL ORDER BY id DESC LIMIT 20
        """,
    ),
    "sub_accounts": Section(
        _CUSTOMER,
        f"""
        SELECT code, {customer_rows.NAME} AS name, {customer_rows.STATE} AS state FROM customer
        WHERE parent_id = %(id)s AND deleted_at IS NULL ORDER BY code LIMIT 50
        """,
    ),
    "notes": Section(
        _CUSTOMER,
        """
        SELECT id, kind AS kind, text, author, created_at FROM note
        WHERE customer_id = %(id)s AND removed_at IS NULL ORDER BY kind = 'popup' DESC, id DESC LIMIT 10
        """,
    ),
    "messages": Section(
        frozenset({"message"}),
        """
        SELECT message.id, message.created_at, notice.kind AS notice, channel, recipient, subject, state, sent_at
        FROM message LEFT JOIN notice ON notice.id = notice_id
        WHERE message.customer_id = %(id)s ORDER BY message.id DESC LIMIT 5
        """,
    ),
    "audit": Section(
        frozenset({"audit"}),
        """
        SELECT position, at, operator, act, detail,
               (SELECT array_agg(relation || ' ' || key ORDER BY audit_change.id) FROM audit_change
                WHERE entry_id = audit_entry.id AND customer_id = %(id)s) AS what
        FROM audit_entry WHERE id IN (
            SELECT entry_id FROM audit_change WHERE customer_id = %(id)s ORDER BY audit_change.id DESC LIMIT 20)
        ORDER BY audit_entry.id DESC LIMIT 5
        """,
    ),
}
NAMES = ("accounts", *SECTIONS)


def statement(names: Iterable[str]) -> str:
    """Return one statement of some sections: one row, in it a JSON list of rows for each."""
    lists = (
        f"(SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM ({SECTIONS[name].query}) AS r) AS {name}"
        for name in names
    )
    return f"SELECT {', '.join(lists)}"
