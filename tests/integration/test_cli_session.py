"""session list, show and history: what an operator finds, and that finding it reads no more than it has to."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from provisioning import database as databases
from provisioning import session as sessions
from tests.fix_sessions import NOON
from tests.terminal import on_terminal


def ids(rows):
    """Return the ids of rows."""
    return [row["id"] for row in rows]


def test_open_sessions_are_listed_the_last_begun_first(operator, accounting):
    """A session has its user, customer, router, addresses, counters and average rates."""
    old = accounting.opened(
        started_at="2026-11-15 10:00+00",
        last_heard_at="2026-11-15 10:10+00",
        session_seconds=600,
        octets_in=600_000,
        octets_out=75_000_000,
        ipv4_address="198.51.100.7",
        calling_station_id="00-00-5E-00-53-01",
    )
    stranger = accounting.opened(user_name="stranger", nas_address="192.0.2.99", started_at=NOON)
    listed = operator.json("session", "list")
    assert ids(listed) == [stranger, old]
    assert (listed[0]["customer"], listed[0]["nas"], listed[0]["average_upload_bps"]) == (None, "192.0.2.99", None)
    expected = {
        "user_name": "frikkie",
        "customer": "FRI001",
        "nas": "edge1",
        "ipv4_address": "198.51.100.7",
        "average_upload_bps": 8_000,
        "average_download_bps": 1_000_000,
        "state": "open",
        "stopped_at": None,
    }
    assert {key: listed[1][key] for key in expected} == expected
    assert listed[1]["duration_seconds"] > 600


def test_sessions_are_found_by_what_an_operator_knows(operator, accounting):
    """Account, customer, router by name or address, address, prefix, device in any notation, and time narrow a list."""
    device = "00-00-5E-00-53-01:guests"
    one = accounting.opened(calling_station_id=device, ipv4_address="198.51.100.7", ipv6_prefix="2001:db8:1::/64")
    two = accounting.opened(
        user_name="office",
        nas_address="192.0.2.9",
        started_at="2026-11-16 12:00+00",
        delegated_ipv6_prefix="2001:db8:100::/48",
    )
    accounting.opened(user_name="ann", started_at="2026-11-01 12:00+00")
    for filters, expected in (
        (["--account", "frikkie"], [one]),
        (["--customer", "fri001"], [two, one]),
        (["--customer", "FRI001", "--account", "ann"], []),
        (["--nas", "edge1", "--customer", "FRI001"], [one]),
        (["--nas", "192.0.2.9"], [two]),
        (["--ip", "198.51.100.7"], [one]),
        (["--ip", "198.51.100.8"], []),
        (["--ip", "2001:db8:1::abcd"], [one]),
        (["--ip", "2001:db8:1::/64"], [one]),
        (["--ip", "2001:db8:100:1::1"], [two]),
        (["--mac", "0000.5e00.5301"], [one]),
        (["--mac", "00005E005301"], [one]),
        (["--mac", "00:00:5e:00:53:02"], []),
        (["--since", "2026-11-16"], [two]),
        (["--since", "2026-11-02", "--until", "2026-11-16T00:00Z"], [one]),
    ):
        assert ids(operator.json("session", "list", *filters)) == expected, filters


@pytest.mark.parametrize("written", ["0000.5e00.53ab", "00005E0053AB", "0000-5e00-53ab", "00:00:5E:00:53:AB"])
def test_a_device_is_found_however_its_router_writes_it(operator, accounting, written):
    """Every notation of a MAC in Calling-Station-Id is the same device."""
    found = accounting.opened(calling_station_id=written)
    assert ids(operator.json("session", "list", "--mac", "00-00-5e-00-53-ab")) == [found]


def test_pages_are_read_to_the_end(operator, accounting):
    """--after goes on behind a session, also where several began or ended at once."""
    opened = [accounting.opened(acct_session_id=str(number)) for number in range(5)]
    assert ids(operator.json("session", "list", "--limit", "2")) == opened[:2:-1]
    assert ids(operator.json("session", "list", "--limit", "2", "--after", str(opened[3]))) == [opened[2], opened[1]]
    closed = [accounting.closed(stopped_at=f"2026-11-15 12:0{number // 2}+00") for number in range(5)]
    page = operator.json("session", "history", "--since", "2026-11-01", "--limit", "3", "--after", str(closed[3]))
    assert ids(page) == [closed[2], closed[1], closed[0]]
    assert operator.refused("session", "history", "--after", str(opened[0])) == f"session {opened[0]} is still open"


def test_history_reads_a_month_unless_more_is_asked_for(operator, accounting):
    """Without --since, sessions that ended in the last 31 days; with it, since then; never an open one."""
    now = datetime.now(UTC)
    recent, old = (accounting.closed(stopped_at=now - timedelta(days=days)) for days in (30, 40))
    accounting.opened()
    assert ids(operator.json("session", "history")) == [recent]
    assert ids(operator.json("session", "history", "--since", f"{now - timedelta(days=50):%Y-%m-%d}")) == [recent, old]
    until = f"{now - timedelta(days=35):%Y-%m-%dT%H:%MZ}"
    assert ids(operator.json("session", "history", "--until", until)) == [old]
    cause = operator.refused("session", "history", "--since", "2026-11-02", "--until", "2026-11-01")
    assert cause == "--until is not after --since"


def test_a_session_is_shown_open_or_closed(operator, accounting):
    """show finds a session wherever it is, with its cause, flags and identity."""
    opened = accounting.opened(flags="{no_start}", session_class="0x544b01", port="ether1")
    closed = accounting.closed(
        started_at="2026-11-15 11:00+00",
        session_seconds=3600,
        octets_out=45_000_000,
        state="stale",
        terminate_cause=None,
    )
    shown = operator.json("session", "show", str(opened))
    assert (shown["flags"], shown["session_class"], shown["port"]) == (["no_start"], "0x544b01", "ether1")
    shown = operator.json("session", "show", str(closed))
    assert (shown["state"], shown["duration_seconds"], shown["average_download_bps"]) == ("stale", 3600, 100_000)
    assert "average download\t100 kbit/s\n" in operator.do("session", "show", str(closed))
    assert "octets out\t45.0 MB download, 45,000,000 octets\n" in operator.do("session", "show", str(closed))


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["show", "12345"], "no session has the id 12345"),
        (["list", "--after", "12345"], "no session has the id 12345"),
        (["list", "--account", "nobody"], "no account is named 'nobody'"),
        (["list", "--customer", "NOB001"], "no customer is named 'NOB001'"),
        (["list", "--nas", "edge9"], "no NAS is named 'edge9'"),
        (["list", "--ip", "198.51.100.300"], "--ip: '198.51.100.300' is not an IP address or IPv6 prefix"),
        (["list", "--mac", "00:00"], "--mac: '00:00' is not a MAC address"),
        (["list", "--since", "yesterday"], "--since: 'yesterday' is not a time"),
    ],
)
def test_bad_input(operator, arguments, cause):
    """What does not exist or cannot be read is one line and a hint."""
    assert operator.refused("session", *arguments) == cause


def test_a_pipe_gets_exact_figures(operator, accounting):
    """In a pipe a list is separated by tabs, with octets and bit/s to the last."""
    accounting.opened(octets_in=1_234_567, octets_out=2, last_heard_at="2026-11-15 12:00:10+00")
    heading, row = operator.do("session", "list").splitlines()
    told = dict(zip(heading.split("\t"), row.split("\t"), strict=True))
    assert (told["octets in"], told["octets out"], told["average upload bps"]) == ("1234567", "2", "987653")


def test_a_terminal_gets_what_fits(operator, accounting, database):
    """A wide terminal shows the device and both rates, a narrow one leaves them out and breaks no line."""
    accounting.opened(calling_station_id="00-00-5E-00-53-01", ipv4_address="198.51.100.7", octets_out=8_880_000_000)
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", **database.environ}
    _, wide = on_terminal("session", "list", environ={**environ, "COLUMNS": "200"})
    _, narrow = on_terminal("session", "list", environ={**environ, "COLUMNS": "80"})
    assert "00-00-5E-00-53-01" in wide
    assert "average down" in wide
    assert "00-00-5E-00-53-01" not in narrow
    for shown in (wide, narrow):
        (row,) = (line for line in shown.splitlines() if "frikkie" in line)
        assert "8.88 GB" in row
        assert "198.51.100.7" in row


_MANY = """
INSERT INTO {table} ({columns}, user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,
    calling_station_id, ipv4_address, ipv6_prefix, session_seconds, octets_in, octets_out, time_zone, billing_day,
    flags, points)
SELECT {values}, 'u' || n, account.id, CASE WHEN mod(n, 1000) = 1 THEN '192.0.2.2' ELSE '192.0.2.1' END::inet, 's' || n,
    at, at, upper(substr(regexp_replace(lpad(to_hex(n), 12, '0'), '(..)', '\\1-', 'g'), 1, 17)),
    '10.0.0.0'::inet + n, network(('2001:db8:' || to_hex(n) || '::/64')::inet), 0, 0, 0, 'UTC', 1, '{{}}', '[]'
FROM generate_series(1, 60000) AS n JOIN account ON account.user_name = 'u' || n,
    LATERAL (SELECT now() - n * interval '2 minutes' AS at) AS moment
"""


@pytest.fixture
def many(operator, accounting):
    """Give sixty thousand open sessions, and as many closed ones, twelve weeks of them."""
    accounting.sql("SELECT make_session_partitions((now() - interval '3 months')::date, 3)")
    accounting.sql(
        "INSERT INTO account (customer_id, package_id, user_name)"
        " SELECT 1, 1, 'u' || n FROM generate_series(1, 60000) AS n"
    )
    accounting.sql(_MANY.format(table="session", columns="interim_seconds", values="300"))
    columns, values = "id, stopped_at, state", "n, at, 'stopped'"
    accounting.sql(_MANY.format(table="session_history", columns=columns, values=values))
    accounting.sql("ANALYZE session, session_history")
    return accounting


def nodes(plan):
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


WANTED = (
    {},
    {"account_ids": [100, 2000]},
    {"nas_address": "192.0.2.1"},
    {"nas_address": "192.0.2.2"},
    {"nas_address": "192.0.2.99"},
    {"ip": "10.0.3.232"},
    {"ip": "2001:db8:3e8::1"},
    {"ip": "2001:db8:ffff::1"},
    {"mac": "00:00:00:00:03:e8"},
)


def test_no_list_reads_a_table(many):
    """PostgreSQL reads a page's rows from an index, of the months in question, and hardly any other."""
    since = datetime.now(UTC) - timedelta(days=31)
    behind = (datetime.now(UTC) - timedelta(days=1), 5)
    with databases.transaction(many.database.dsn) as session:
        for wanted in WANTED:
            for cursor in (None, behind):
                check_plan(session, "session", sessions.Wanted(**wanted), cursor)
                for node in check_plan(session, "session_history", sessions.Wanted(**wanted, since=since), cursor):
                    assert node["Relation Name"] >= f"session_history_{since:%Y_%m}"


def check_plan(session, table, wanted, cursor):
    """Run a page's query; return the nodes that read sessions, none of which reads many rows or a table in turn."""
    query, parameters = sessions.statement(table, wanted, cursor, 20)
    explained = session.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"), parameters).scalar_one()
    read = [node for node in nodes(explained[0]["Plan"]) if node.get("Relation Name", "").startswith("session")]
    assert read
    small = set(session.scalars(text("SELECT relname FROM pg_class WHERE reltuples BETWEEN 0 AND 3000")))
    for node in read:
        if node["Relation Name"] in small:  # a month that has just begun is read whole, rightly
            continue
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        assert rows <= 100, json.dumps(node)
        assert node["Node Type"] != "Seq Scan", json.dumps(node)
    return read
