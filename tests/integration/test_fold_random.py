"""Any records, in any order, in any batches, through the real database: the books balance; order does not matter."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fix_database import fresh_database
from tests.integration.folding import CLASS, NOW, Node, body, empty, with_subscribers

DAY_SECONDS = 86_400

events = st.builds(
    lambda kind, user_name, sid, nas, at, octets, session_class, seconds: body(
        kind,
        event_at=NOW - 2 * DAY_SECONDS + at,
        user_name=user_name,
        sid=sid,
        nas=nas,
        octets=octets,
        **({"Class": session_class} if session_class and kind not in ("on", "off") else {}),
        **({"Acct_Session_Time": seconds} if seconds is not None and kind not in ("on", "off") else {}),
    ),
    st.sampled_from(["start", "interim", "interim", "interim", "stop", "on", "off"]),
    st.sampled_from(["lisa", "bart", "milhouse", "02-00-00-00-00-01"]),
    st.sampled_from(["s1", "s2"]),
    st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    st.integers(0, 2 * DAY_SECONDS),
    st.tuples(st.integers(0, 2**34), st.integers(0, 2**33)),
    st.sampled_from([None, None, CLASS, CLASS[:-1] + "1"]),
    st.one_of(st.none(), st.integers(0, 100_000)),
)
poison = st.sampled_from([b"", b"{}", b"\x00", b'{"Acct-Status-Type": {"value": ["Start"]}}'])
several = st.lists(st.one_of(events, events, events, poison), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def emptied(cluster) -> Iterator[object]:
    """Return a database with the subscribers in it, for many examples."""
    with fresh_database(cluster) as made:
        with_subscribers(made)
        yield made


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(records=several, repeated=st.data(), limit=st.sampled_from([1, 3, 7, 1_000]))
def test_the_books_balance(emptied, records, repeated, limit):
    """Received is applied, duplicate, superseded, quarantined and waiting; the ledger is what the sessions counted."""
    empty(emptied)
    node = Node(emptied, "node1", limit=limit)
    others = repeated.draw(st.lists(st.sampled_from(records), max_size=10))
    position = node.spool.depth().last_id
    received = node.received()
    node.hear(*records)
    node.ledger().close()
    node.query("UPDATE accounting_node SET last_spool_id = %s", position)
    node.fold()
    node.fold(*others)
    assert node.received() - received == node.fates().total()
    assert node.waiting() == 0
    assert_ledger_is_sessions(node)
    node.close()


def assert_ledger_is_sessions(node: Node) -> None:
    """The books balance but for what earlier examples received."""
    in_ledger = node.query("SELECT coalesce(sum(octets_in), 0), coalesce(sum(octets_out), 0) FROM usage_day")
    in_sessions = node.query(
        "SELECT coalesce(sum(octets_in), 0), coalesce(sum(octets_out), 0) FROM ("
        " SELECT account_id, octets_in, octets_out FROM session UNION ALL"
        " SELECT account_id, octets_in, octets_out FROM session_history) AS every WHERE account_id IS NOT NULL"
    )
    assert in_ledger == in_sessions


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data(), limit=st.sampled_from([1, 4, 1_000]))
def test_order_does_not_matter(emptied, data, limit):
    """A session's records in any order, some twice, in any batches, give what the ideal order gives."""
    steps = sorted(data.draw(st.sets(st.integers(1, DAY_SECONDS), min_size=2, max_size=6)))
    ideal = [body("start", event_at=NOW - DAY_SECONDS, Acct_Session_Time=0)]
    ideal += [
        body(
            "stop" if step == steps[-1] else "interim",
            event_at=NOW - DAY_SECONDS + step,
            octets=(step * 5, step * 7),
            Acct_Session_Time=step,
        )
        for step in steps
    ]
    repeated = data.draw(st.lists(st.sampled_from(ideal), max_size=4))
    shuffled = data.draw(st.permutations([*ideal, *repeated]))
    assert told(emptied, ideal, 1_000) == told(emptied, shuffled, limit)


def told(database, records, limit) -> tuple[object, ...]:
    """Return what records make of an empty database."""
    empty(database)
    node = Node(database, "node2", limit=limit)
    try:
        node.fold(*records)
        columns = "state, octets_in, octets_out, session_seconds, started_at, stopped_at, flags"
        used = "SELECT * FROM usage_day WHERE octets_in <> 0 OR octets_out <> 0 ORDER BY 1, 2, 3"
        return node.sessions(), node.history(columns), node.query(used)
    finally:
        node.close()
