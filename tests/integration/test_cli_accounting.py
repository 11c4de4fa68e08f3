"""accounting status, balance and quarantine: every record is accounted for, whatever an operator does with it."""

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from radiusd.accounting.spool import Spool
from tests.command_line import Operator
from tests.fix_sessions import NODE
from tests.fix_waiting import free_tcp_port
from tests.terminal import on_terminal

# among the last 31 days, which the balance shows
FIRST, SECOND, THIRD = (f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in (8, 7, 6))
NOON = datetime.fromisoformat(f"{FIRST}T12:00+00:00").timestamp()
DAY_SECONDS = 86_400
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def half_folded(accounting, operator, spool):
    """Return an operator at a node with ten records of the 15th and twenty of the 16th, of which 24 are folded."""
    spool.append([(NOON, b"{}")] * 10)
    spool.append([(NOON + DAY_SECONDS, b"{}")] * 20)
    first = spool.read(0, 1)[0].id
    spool.remove(first + 19)  # the fold has committed four more than it has removed
    accounting.folded(NODE, first + 23, FIRST, 6, 2, 1, 1)
    accounting.folded(NODE, first + 23, SECOND, 10, 0, 3, 1)
    accounting.quarantined(NODE, first + 3, '{"a": 1}', reason="no Acct-Status-Type", at=f"{FIRST} 12:00:00.25+00")
    accounting.quarantined(NODE, first + 12, '{"b": "\u001b[31m"}', reason="no [sense]", at=f"{SECOND} 12:00+00")
    return operator


def verdict(operator, *arguments):
    """Return the exit status of accounting balance, and what it says."""
    result = operator.run("accounting", "balance", "--json", *arguments)
    return result.exit_code, json.loads(result.stdout)


def test_the_balance_holds(half_folded):
    """Received is what was folded and what waits; records folded and not yet removed are counted once."""
    status, told = verdict(half_folded)
    assert (status, told["holds"]) == (0, True)
    counts = ("received", "applied", "duplicate", "superseded", "quarantined", "waiting", "missing")
    assert [tuple(day[key] for key in counts) for day in told["days"]] == [
        (10, 6, 2, 1, 1, 0, 0),
        (20, 10, 0, 3, 1, 6, 0),
    ]
    assert told["total"] == dict(zip(counts, (30, 16, 2, 4, 2, 6, 0), strict=True))
    assert half_folded.do("accounting", "balance").endswith("holds: 30 received, each accounted for\n")


def test_a_record_that_is_missing_is_said(half_folded, accounting):
    """Where less, or more, is accounted for than was received, exit 1 and the day that it is about."""
    accounting.sql(f"UPDATE accounting_day SET applied = applied - 2 WHERE received_on = '{SECOND}'")
    status, told = verdict(half_folded)
    assert (status, told["holds"], [day["missing"] for day in told["days"]]) == (1, False, [0, 2])
    accounting.sql(f"UPDATE accounting_day SET applied = applied + 5 WHERE received_on = '{SECOND}'")
    result = half_folded.run("accounting", "balance")
    assert result.exit_code == 1
    assert result.stdout.endswith(f"does not hold on 1 day, most on {SECOND}: 3 too many\n")
    assert verdict(half_folded, "--day", FIRST)[0] == 0
    assert verdict(half_folded, "--day", SECOND)[0] == 1


def test_losses_do_not_cancel_each_other_out(half_folded, accounting):
    """One missing on a day and one too many on another is no balance."""
    accounting.sql(f"UPDATE accounting_day SET applied = applied + 1 WHERE received_on = '{FIRST}'")
    accounting.sql(f"UPDATE accounting_day SET applied = applied - 1 WHERE received_on = '{SECOND}'")
    status, told = verdict(half_folded)
    assert (status, told["total"]["missing"]) == (1, 0)


def test_old_days_are_shown_only_where_they_do_not_hold(accounting, operator, spool):
    """A day of last year is left out of the table while it holds, and counted in the total."""
    last_year = datetime(datetime.now(UTC).year - 1, 1, 1, 12, tzinfo=UTC)
    spool.append([(last_year.timestamp(), b"{}")] * 3)
    accounting.folded(NODE, spool.depth().last_id, f"{last_year:%Y-%m-%d}", 3, 0, 0, 0)
    told = verdict(operator)[1]
    assert (told["days"], told["total"]["received"]) == ([], 3)
    accounting.sql("UPDATE accounting_day SET applied = 2")
    assert [day["missing"] for day in verdict(operator)[1]["days"]] == [1]


def test_a_node_elsewhere_is_shown_as_such(half_folded, accounting):
    """Of another machine's node only what it has folded is known, and nothing is concluded."""
    accounting.folded("aaa2", 7, datetime.now(UTC).date().isoformat(), 5, 0, 0, 0)
    status, told = verdict(half_folded)
    assert (status, told["total"]["received"]) == (0, 30)
    (other,) = (day for day in told["days"] if day["node"] == "aaa2")
    assert (other["applied"], other["received"], other["waiting"], other["missing"]) == (5, None, None, None)
    assert "spool not on this machine" in half_folded.do("accounting", "balance")


def test_no_spool_here(accounting, operator):
    """On a machine without a spool nothing is compared."""
    assert operator.do("accounting", "balance").endswith("nothing to compare: no record was received here\n")
    accounting.folded("aaa2", 7, FIRST, 5, 0, 0, 0)
    assert operator.do("accounting", "balance").endswith("nothing to compare: no spool here\n")


def test_a_spool_that_cannot_be_read(half_folded, database):
    """A file that is no spool is one line and a hint, exit 3."""
    for name in ("spool.db-wal", "spool.db-shm"):
        (database.home / "spool" / name).unlink(missing_ok=True)
    (database.home / "spool" / "spool.db").write_bytes(b"no database at all" * 100)
    result = half_folded.run("accounting", "balance")
    assert (result.exit_code, len(result.stderr.splitlines())) == (3, 2)
    assert "cannot be read: file is not a database" in result.stderr


def test_the_balance_holds_while_records_come_and_go(accounting, operator, spool, database):
    """However fast records are spooled and folded meanwhile, none seems to be lost or doubled."""
    stopping = threading.Event()
    accounting.folded(NODE, spool.depth().last_id, FIRST, 0, 0, 0, 0)

    def work():
        writer = Spool(database.home / "spool" / "spool.db")
        while not stopping.is_set():
            writer.append([(NOON, b"{}")] * 3)
            accounting.cursor.execute(
                "WITH node AS (UPDATE accounting_node SET last_spool_id = %s)"
                " UPDATE accounting_day SET applied = applied + 3",
                [writer.depth().last_id],
            )
            writer.remove(writer.depth().last_id)
            time.sleep(0.001)
        writer.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert [verdict(operator)[0] for _ in range(20)] == [0] * 20
    finally:
        stopping.set()
        thread.join()


def test_quarantine_is_listed_and_counted(half_folded):
    """Records are listed the latest first, filtered by reason, day and node, and counted by day and reason."""
    quarantine = ("accounting", "quarantine", "list")
    listed = half_folded.json(*quarantine)
    assert [row["reason"] for row in listed] == ["no [sense]", "no Acct-Status-Type"]
    assert half_folded.json(*quarantine, "--reason", "Status") == listed[1:]
    assert half_folded.json(*quarantine, "--day", SECOND) == listed[:1]
    assert half_folded.json(*quarantine, "--node", "aaa2") == []
    assert half_folded.json(*quarantine, "--limit", "1", "--after", str(listed[0]["id"])) == listed[1:]
    counted = half_folded.json(*quarantine, "--count")
    assert [(row["day"], row["node"], row["reason"], row["number"]) for row in counted] == [
        (SECOND, NODE, "no [sense]", 1),
        (FIRST, NODE, "no Acct-Status-Type", 1),
    ]


def test_a_record_in_quarantine_is_shown(half_folded, accounting):
    """show prints the record as indented JSON, without what would move a terminal's cursor; or as it came."""
    shown = half_folded.json("accounting", "quarantine", "show", "2")
    assert shown["record"] == {"b": "\x1b[31m"}
    told = half_folded.do("accounting", "quarantine", "show", "2")
    assert told.endswith('{\n  "b": "\\u001b[31m"\n}\n')
    broken = accounting.quarantined(NODE, 9, "{broken\x1b\u202e")
    assert half_folded.do("accounting", "quarantine", "show", str(broken)).endswith("{broken\\x1b\\u202e\n")
    assert half_folded.json("accounting", "quarantine", "show", str(broken))["record"] is None


def test_a_replayed_record_comes_again(half_folded, spool):
    """replay puts the record behind those that wait, with its time of arrival, and the balance still holds."""
    assert half_folded.do("accounting", "quarantine", "replay", "1") == "1 record replayed\n"
    assert spool.read(0, 1000)[-1][1:] == (NOON + 0.25, b'{"a": 1}')
    assert spool.received_by_day() == {FIRST: 11, SECOND: 20}
    status, told = verdict(half_folded)
    assert (status, [day["waiting"] for day in told["days"]]) == (0, [1, 6])
    assert [row["id"] for row in half_folded.json("accounting", "quarantine", "list")] == [2]


def test_all_are_replayed(half_folded, accounting, spool):
    """replay --all takes every node's records, the oldest first, more than fit one transaction."""
    accounting.sql(
        "INSERT INTO accounting_quarantine (node, spool_id, received_at, reason, body)"
        f" SELECT %s, n, '{THIRD} 00:00+00', 'many', n::text FROM generate_series(1, 2500) AS n",
        NODE,
    )
    assert len(half_folded.json("accounting", "quarantine", "replay", "--all")["replayed"]) == 2502
    bodies = [record.body for record in spool.read(0, 10_000)[-2502:]]
    assert bodies == [b'{"a": 1}', b'{"b": "\x1b[31m"}', *(str(number).encode() for number in range(1, 2501))]
    assert half_folded.do("accounting", "quarantine", "replay", "--all") == "0 records replayed\n"


def test_a_replay_that_cannot_be_spooled_changes_nothing(half_folded, spool, database):
    """Where the spool cannot be written, the record stays in quarantine."""
    with open(database.home / "spool" / "spool.db-turn", "ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        assert half_folded.refused("accounting", "quarantine", "replay", "1") == "the spool is in use"
    assert [row["id"] for row in half_folded.json("accounting", "quarantine", "list")] == [2, 1]
    assert verdict(half_folded)[0] == 0


def test_replay_needs_a_spool(operator, accounting):
    """On a machine without a spool a record is not replayed, and stays."""
    accounting.folded("aaa2", 7, FIRST, 0, 0, 0, 1)
    accounting.quarantined("aaa2", 3, "{}")
    assert operator.refused("accounting", "quarantine", "replay", "--all").startswith("there is no spool at ")
    assert len(operator.json("accounting", "quarantine", "list")) == 1


def test_a_dropped_record_stays_counted(half_folded, accounting):
    """drop removes the record for good, only if it is meant, and the balance still holds."""
    cause = half_folded.refused("accounting", "quarantine", "drop", "1")
    assert cause == "record 1 would be gone for good"
    assert half_folded.do("accounting", "quarantine", "drop", "1", "--yes") == "1 record dropped\n"
    assert half_folded.refused("accounting", "quarantine", "drop", "1", "--yes").startswith("no record in quarantine")
    assert half_folded.json("accounting", "quarantine", "drop", "--all", "--yes") == {"dropped": [2]}
    assert verdict(half_folded)[0] == 0


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_which_records_has_to_be_said(half_folded, verb):
    """Neither an id nor --all, or both, is refused."""
    for arguments in ([], ["1", "--all"]):
        assert half_folded.refused("accounting", "quarantine", verb, *arguments) == "say which: an id, or --all"


def test_a_terminal_is_asked(half_folded, accounting):
    """On a terminal drop asks, and takes no for an answer."""
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", **half_folded.runner.env}
    for answer, left in (("n", 1), ("y", 0)):
        on_terminal("accounting", "quarantine", "drop", "1", environ=environ, typed=[answer])
        assert accounting.sql("SELECT count(*) FROM accounting_quarantine WHERE id = 1") == left


@contextmanager
def daemon(module, environ):
    """Run one of radiusd's daemons until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module], env={**os.environ, **environ}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def node(operator, database):
    """Return an operator at a node whose accountingd would listen on a free port."""
    port = free_tcp_port()
    secret = database.home / "secrets" / "accountingd.conf"
    secret.parent.mkdir(exist_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(f'accountingd_token = "{TOKEN}"\n')
    return Operator({**operator.runner.env, "TOLLKEEPER_ACCOUNTINGD_PORT": str(port)})


def parts(operator):
    """Return what accounting status says, by part."""
    told = json.loads(operator.run("accounting", "status", "--json").stdout)
    return {part["part"]: part for part in told["parts"]}


def test_what_does_not_answer_is_down(node):
    """With nothing running, every part is down in plain words, and the exit status is 1."""
    result = node.run("accounting", "status")
    assert result.exit_code == 1
    assert [line.split("\t")[:2] for line in result.stdout.splitlines()] == [
        ["accountingd", "down"],
        ["spool", "down"],
        ["fold", "down"],
    ]
    assert "Connection refused" in result.stdout


def test_a_node_at_work(node, database, eventually):
    """accountingd, the spool and the fold say their rates, depth and lag; without the token, only that they run."""
    pythonpath = os.pathsep.join(path for path in sys.path if path)
    environ = {**node.runner.env, "PYTHONPATH": pythonpath}
    fold = {**environ, "PGUSER": "tollkeeper_fold"}
    with daemon("radiusd.accounting.accountingd", environ), daemon("radiusd.accounting.fold", fold):

        def all_up():
            assert {name: part["up"] for name, part in parts(node).items()} == {
                "accountingd": True,
                "spool": True,
                "fold": True,
            }

        eventually(all_up)
        told = parts(node)
        assert told["accountingd"]["details"]["records_per_second"] == 0
        assert told["fold"]["details"]["node"] == NODE
        assert told["spool"]["says"] == "empty"
        (database.home / "secrets" / "accountingd.conf").unlink()
        assert parts(node)["accountingd"]["up"] is None
        status = json.loads(node.run("status", "--json").stdout)
        up = {part["part"]: part["up"] for part in status["parts"]}
        assert (up["accountingd"], up["fold"]) == (None, True)


def fold_says(database, **said):
    """Write what a fold would have written."""
    (database.home / "run" / "fold.json").write_text(json.dumps(said))


def test_a_fold_that_is_silent_or_cut_off_is_down(node, database):
    """A fold whose file is old, is no JSON, or says that PostgreSQL is away, is down; a lag is said."""
    fold_says(database, node=NODE, connected=True, lag_seconds=90.5, rate_per_second=12.4, records=1)
    assert parts(node)["fold"]["says"] == "00:01:30 behind, 12 records/s, 1 record since it was started"
    fold_says(database, node=NODE, connected=False, last_error="no route to host")
    assert (parts(node)["fold"]["up"], parts(node)["fold"]["says"]) == (
        False,
        "cut off from PostgreSQL: no route to host",
    )
    file = database.home / "run" / "fold.json"
    os.utime(file, (time.time() - 60, time.time() - 60))
    assert parts(node)["fold"]["says"].startswith("fold has said nothing for 6")
    file.write_text("[")
    assert parts(node)["fold"]["up"] is False


def test_records_that_wait_are_said(node, spool):
    """The spool says how many records wait, and for how long the oldest has."""
    spool.append([(time.time() - 3700, b"{}"), (time.time(), b"{}")])
    part = parts(node)["spool"]
    assert (part["up"], part["details"]["records"]) == (True, 2)
    assert part["says"].startswith("2 records waiting, the oldest for 01:01:4")


@pytest.mark.parametrize("port", ["none", "0", "70000"])
def test_a_port_that_is_none(node, port):
    """An impossible port is said, not tried."""
    operator = Operator({**node.runner.env, "TOLLKEEPER_ACCOUNTINGD_PORT": port})
    assert parts(operator)["accountingd"]["says"] == f"TOLLKEEPER_ACCOUNTINGD_PORT is '{port}', which is no port"
