"""A provider with a row of every kind and every column set, written with SQL, and the facts it has to become."""

from psycopg2.extensions import cursor

from policies.facts import (
    Account,
    AccountExtras,
    Customer,
    Device,
    Group,
    Nas,
    Package,
    Pair,
    TimeBand,
)
from radiusd.source import SCHEMA_VERSION
from radiusd.state import State
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, Seal

EXPIRY = 1_893_456_000  # 2030-01-01 00:00:00 UTC

_ROWS = """
UPDATE installation SET time_zone = 'Africa/Johannesburg';
INSERT INTO customer_group (name) VALUES ('plain');
INSERT INTO customer_group (
    name, enabled, sends_reply_message, treatment_blocked, treatment_deleted, treatment_disabled,
    treatment_group_disabled, treatment_expired, treatment_suspended, treatment_cap, garden_pool, garden_profile,
    garden_redirect_url, garden_download_bps, garden_upload_bps, garden_session_seconds, throttle_download_bps,
    throttle_upload_bps
) VALUES (
    'all', false, true, 'garden', 'garden', 'garden', 'garden', 'garden', 'garden', 'throttle', 'g-pool', 'g-list',
    'http://192.0.2.80/pay', 11, 12, 600, 13, 14
);
INSERT INTO package (name) VALUES ('plain');
INSERT INTO package (
    name, download_bps, upload_bps, burst_download_bps, burst_upload_bps, burst_threshold_download_bps,
    burst_threshold_upload_bps, burst_seconds, priority, cap_treatment, throttle_download_bps, throttle_upload_bps,
    sessions_allowed, session_seconds, idle_seconds, interim_seconds, ipv4_pool, ipv6_pool, delegated_ipv6_pool,
    reply_attributes
) VALUES (
    'all', 9000000000, 21, 9000000001, 22, 23, 24, 25, 8, 'throttle', 26, 27, 2, 3600, 600, 900, 'four', 'six',
    'delegated', '[["Filter-Id", ":=", "gold"], ["Cisco-AVPair", "+=", "é"]]'
);
INSERT INTO time_band (package_id, position, weekdays, starts_minute, ends_minute, download_bps, upload_bps)
VALUES (2, 2, 31, 1320, 360, 33, 34), (2, 1, 127, 480, 1440, 31, 32);
INSERT INTO package_profile VALUES (2, 'nokia', 'gold-down', 'gold-up'), (2, 'cisco', 'down', 'up');
INSERT INTO customer (code, group_id, first_name) VALUES ('PLAIN', 1, 'Ned');
INSERT INTO customer (
    code, group_id, parent_id, type, kind, company_name, disabled, suspended, deleted_at, expires_at, inherits_state,
    download_bps, upload_bps, time_zone
) VALUES (
    'ALL', 2, 1, 'company', 'normal', 'Nautilus', true, true, now(), '2030-01-01T02:00:00+02:00', false,
    9000000000, 42, 'Europe/Berlin'
);
"""

PLAIN_NAS = Nas(1, "plain", "192.0.2.1", "secret of plain")
FULL_NAS = Nas(2, "all", "2001:db8::2", "secret of all, é", "mikrotik", requires_message_authenticator=False)

GROUPS = (
    Group(1, "plain"),
    Group(
        2,
        "all",
        False,
        True,
        *["garden"] * 6,
        "throttle",
        "g-pool",
        "g-list",
        "http://192.0.2.80/pay",
        11,
        12,
        600,
        13,
        14,
    ),
)
PACKAGES = (
    Package(1, "plain"),
    Package(
        2,
        "all",
        9_000_000_000,
        21,
        9_000_000_001,
        22,
        23,
        24,
        25,
        8,
        "throttle",
        26,
        27,
        2,
        3600,
        600,
        900,
        "four",
        "six",
        "delegated",
        (Pair("Filter-Id", ":=", "gold"), Pair("Cisco-AVPair", "+=", "é")),
        (TimeBand(127, 480, 1440, 31, 32), TimeBand(31, 1320, 360, 33, 34)),
        {"nokia": ("gold-down", "gold-up"), "cisco": ("down", "up")},
    ),
)
CUSTOMERS = (
    Customer(1, 1, time_zone="Africa/Johannesburg"),
    Customer(2, 2, 1, True, True, True, EXPIRY, False, 9_000_000_000, 42, "Europe/Berlin"),
)
ACCOUNTS = (
    Account("plain", 1, 1),
    Account("hashed", 1, 1, "{crypt}$6$x", pap_only=True),
    Account(
        "né@mo.example",
        2,
        2,
        "arctangent é",
        False,
        True,
        True,
        True,
        EXPIRY,
        True,
        AccountExtras(
            3,
            "198.51.100.7",
            "255.255.255.0",
            "2001:db8:1::/64",
            "2001:db8:2::/56",
            ("203.0.113.0/24", "203.0.114.0/24 192.0.2.1 1"),
            42,
            (Pair("Filter-Id", "+=", "silver"),),
            (1, 2),
            ((EXPIRY, 1), (EXPIRY + 60, 2)),
        ),
    ),
)
DEVICES = (
    Device("02:00:00:00:00:01", "plain"),
    Device("02:00:00:00:00:02", "né@mo.example", authorised=False, mac_auth=True),
)
CLEAR_TEXTS = ("arctangent", "secret of plain", "secret of all", "{crypt}$6$x")


_NONE = f"""
ALTER TABLE installation ENABLE TRIGGER USER;
DELETE FROM session;
DELETE FROM session_history;
DELETE FROM usage_day;
DELETE FROM account;
UPDATE customer SET parent_id = NULL;
DELETE FROM customer;
DELETE FROM customer_group;
DELETE FROM package;
DELETE FROM nas;
SELECT setval(pg_get_serial_sequence(name, 'id'), 1, false)
FROM unnest('{{account, customer, customer_group, package, nas, device, package_change}}'::text[]) AS name;
INSERT INTO installation (schema_version) VALUES ({SCHEMA_VERSION}) ON CONFLICT DO NOTHING;
UPDATE installation SET schema_version = {SCHEMA_VERSION}, time_zone = 'UTC';
UPDATE change_log_floor SET xid = '0';
DELETE FROM change_log;
"""


def empty(cur: cursor) -> None:
    """Leave a database as a fresh one is, in a tenth of the time that a fresh one takes."""
    cur.execute(_NONE)


def insert(cur: cursor, seal: Seal) -> None:
    """Write them all into an empty database."""
    cur.execute(_ROWS)
    for nas in (PLAIN_NAS, FULL_NAS):
        cur.execute(
            "INSERT INTO nas (name, address, secret, vendor, requires_message_authenticator)"
            " VALUES (%s, %s, %s, %s, %s)",
            (
                nas.name,
                nas.address,
                seal.seal(nas.secret.encode(), NAS_SECRET),
                nas.vendor,
                nas.requires_message_authenticator,
            ),
        )
    cur.execute(
        """
        INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'plain');
        INSERT INTO account (customer_id, package_id, user_name, password_hash)
        VALUES (1, 1, 'hashed', '{crypt}$6$x');
        INSERT INTO account (
            customer_id, package_id, user_name, password, blocked, suspended, cap_reached, expires_at,
            sessions_allowed, price_cents, lock_to_devices, ipv4_address, ipv4_netmask, ipv6_prefix,
            delegated_ipv6_prefix, routes, vlan_id, reply_attributes
        ) VALUES (
            2, 2, 'né@mo.example', %s, true, true, true, '2030-01-01T00:00:00Z', 3, 9900, true, '198.51.100.7',
            '255.255.255.0', '2001:db8:1::/64', '2001:db8:2::/56',
            '{203.0.113.0/24, 203.0.114.0/24 192.0.2.1 1}', 42, '[["Filter-Id", "+=", "silver"]]'
        );
        INSERT INTO account_nas VALUES (3, 2), (3, 1);
        INSERT INTO package_change (account_id, package_id, activates_at, applied_at, cancelled_at) VALUES
            (3, 2, '2030-01-01T00:01:00Z', NULL, NULL), (3, 1, '2030-01-01T00:00:00Z', NULL, NULL),
            (3, 1, '2029-01-01T00:00:00Z', now(), NULL), (3, 1, '2030-01-01T00:00:30Z', NULL, now());
        INSERT INTO device (account_id, mac) VALUES (1, '02-00-00-00-00-01');
        INSERT INTO device (account_id, mac, authorised, mac_auth, description)
        VALUES (3, '0200.0000.0002', false, true, 'a router');
        """,
        (seal.seal("arctangent é".encode(), ACCOUNT_PASSWORD),),
    )


def tables(state: State) -> dict[str, object]:
    """Return everything that a state holds, comparable."""
    return dict(vars(state))


def expected() -> State:
    """Return the state that these rows have to become."""
    state = State()
    kinds = {
        "group": GROUPS,
        "package": PACKAGES,
        "nas": (PLAIN_NAS, FULL_NAS),
        "customer": CUSTOMERS,
        "account": ACCOUNTS,
        "device": DEVICES,
    }
    for relation, rows in kinds.items():
        for row in rows:
            state.put(relation, row)
    return state
