"""The fold, the scheduler and operators at the same time: nothing is lost, and nothing is charged twice."""

from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest

from tests.fix_database import Database
from tests.integration.folding import NOW, Node, body, with_subscribers

STEP = 1000
TOPUPS = 25


@pytest.fixture
def node(database: Database) -> Iterator[Node]:
    """Return a node whose subscribers have a small cap, and a fold of small batches."""
    with_subscribers(database)
    made = Node(database, limit=4)
    made.query("UPDATE package SET cap_octets = 20000")
    yield made
    made.close()


def repeat(database: Database, statement: str, stop: Event, failures: list[Exception], times: int = 10**6) -> None:
    """Run a statement over and over, each time in its own transaction."""
    try:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            for _ in range(times):
                if stop.is_set():
                    return
                cursor.execute(statement)
    except Exception as exc:  # told by the test, in its own thread
        failures.append(exc)


def test_nothing_is_lost_and_nothing_is_charged_twice(node: Node, database: Database) -> None:
    """Usage is folded while two schedulers settle and top-ups are bought; in the end the books agree to the octet."""
    stop, failures = Event(), []  # type: ignore[var-annotated]
    node.query("SELECT settle_allowances(to_timestamp(%s))", NOW)  # in whose period it is used
    buying = (
        "INSERT INTO topup (account_id, octets, price_cents) VALUES (1, 700, 0), (2, 700, 0);"
        "SELECT settle_account(1), settle_account(2)"
    )
    schedulers = [
        Thread(target=repeat, args=(database, "SELECT settle_allowances(now())", stop, failures)) for _ in range(2)
    ]
    buyer = Thread(target=repeat, args=(database, buying, stop, failures, TOPUPS))
    for thread in (*schedulers, buyer):
        thread.start()
    for turn in range(1, 31):
        node.fold(
            *(
                body("interim", event_at=NOW + turn, user_name=name, sid=name, octets=(STEP * turn, 0))
                for name in ("lisa", "bart")
            )
        )
    buyer.join()
    stop.set()
    for thread in schedulers:
        thread.join()
    assert failures == []

    node.query("SELECT settle_allowances(now())")
    counted = node.query("SELECT account_id, sum(counted_octets)::int FROM allowance GROUP BY 1 ORDER BY 1")
    assert counted == [(1, 30 * STEP), (2, 30 * STEP)]
    charged = node.query(
        "SELECT (SELECT sum(used_octets) FROM allowance) + (SELECT sum(used_octets) FROM topup)"
        " + (SELECT sum(over_octets) FROM allowance)"
    )
    assert charged == [(60 * STEP,)]
    assert node.query("SELECT count(*) FROM allowance_due") == [(0,)]
    assert node.query("SELECT count(*)::int FROM topup") == [(2 * TOPUPS,)]


def test_the_fold_notes_who_has_a_cap(node: Node) -> None:
    """An account whose usage grew is due from the day on of which was heard; one without a cap never is."""
    node.query("TRUNCATE allowance_due; INSERT INTO package (name) VALUES ('Free')")
    node.query("UPDATE account SET package_id = 2 WHERE id = 2; TRUNCATE allowance_due")
    node.fold(*(body("interim", event_at=NOW, user_name=name, sid=name, octets=(9, 9)) for name in ("lisa", "bart")))

    assert node.query("SELECT account_id, since = (SELECT min(day) FROM usage_day) FROM allowance_due") == [(1, True)]
