"""Ticks: every moment once, in order, whatever fails or is killed in between."""

import threading

import pytest

from provisioning.scheduling.job import Job
from provisioning.scheduling.lead import Candidate
from provisioning.scheduling.runner import LeadLost, Runner
from tests.integration.scheduling import toys
from tests.integration.scheduling.conftest import START, after


def assert_leads(candidate):
    """It has the lock: PostgreSQL gives it away a moment after a connection has ended."""
    assert candidate.ask()


def test_nothing_is_due_that_was_before_the_first_start(toy_box, candidate):
    """A scheduler that starts for the first time begins with now."""
    toy_box.due("first", -1, 0)

    assert Runner(candidate.connection, node="aaa1", known=toys.JOBS).tick(START) == []

    assert toy_box.done_until("first") == 0
    assert toy_box.diary() == []


def test_moments_are_done_in_order_after_a_downtime(toy_box, runner):
    """What came due while nobody ran is done by time, jobs of the same moment in the order of JOBS."""
    toy_box.due("second", 10, 30)
    toy_box.due("first", 20, 30, 3600)

    runner.tick(after(60))

    assert toy_box.diary() == [("second", 10), ("first", 20), ("first", 30), ("second", 30)]
    assert (toy_box.done_until("first"), toy_box.done_until("second")) == (30, 30)


def test_a_moment_is_done_once(toy_box, runner):
    """A tick more does nothing more; what was done is recorded without what was not."""
    toy_box.due("first", 10)

    runner.tick(after(60))
    assert runner.tick(after(61)) == []

    assert toy_box.diary() == [("first", 10)]
    assert toy_box.runs() == [("first", "done", {"written": 1}, None)]


@pytest.mark.parametrize(("does", "error"), [("raise", "ValueError: no such luck"), ("break", "DivisionByZero")])
def test_a_job_that_fails_holds_up_nobody_and_keeps_its_place(toy_box, runner, does, error):
    """Its run is rolled back and recorded, others go on, and it is done for the same moment when it can be."""
    toy_box.due("first", 10, does=does)
    toy_box.due("first", 15)
    toy_box.due("second", 20)

    runner.tick(after(60))
    assert toy_box.diary() == [("second", 20)]
    ((_, outcome, _, said), _) = toy_box.runs()
    assert outcome == "failed"
    assert said.startswith(error)

    toy_box.sql("UPDATE toy SET does = ''")
    runner.tick(after(60.5))
    assert toy_box.diary() == [("second", 20)]
    runner.tick(after(61))
    assert toy_box.diary() == [("second", 20), ("first", 10), ("first", 15)]
    assert runner.failing == {}


def test_a_job_that_goes_on_failing_is_asked_less_and_less(toy_box, runner):
    """After one second, two, four; never later than five minutes."""
    toy_box.due("first", 10, does="raise")

    second = 60
    assert runner.tick(after(second)) != []
    for pause in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        assert runner.tick(after(second + pause - 1e-3)) == []
        second += pause
        assert runner.tick(after(second)) != []
    assert runner.failing["first"].since == after(60)


def test_a_job_that_is_disabled_is_caught_up_with(toy_box, runner):
    """Disabled it does nothing; enabled again, what was due meanwhile."""
    toy_box.sql("UPDATE job SET enabled = false WHERE name = 'first'")
    toy_box.due("first", 10)
    runner.tick(after(60))
    assert toy_box.diary() == []
    assert runner.enabled == {"second", "queue", "talker"}

    toy_box.sql("UPDATE job SET enabled = true")
    runner.tick(after(61))
    assert toy_box.diary() == [("first", 10)]


def test_a_queue_is_emptied_in_one_tick(toy_box, runner):
    """A job with a queue runs until there is nothing left that it can take."""
    toy_box.due("queue", *range(5))
    toy_box.due("queue", 99, does="stay")

    assert [run.counts for run in runner.tick(after(60))] == [{"taken": 1}] * 5 + [{}]
    assert toy_box.runs() == [("queue", "done", {"taken": 1}, None)] * 5


def test_a_queue_does_not_keep_others_waiting(toy_box, runner):
    """A long queue is left after a hundred runs, and gone on with at the next tick."""
    toy_box.sql("INSERT INTO toy SELECT 'queue', now() FROM generate_series(1, 110)")

    assert len(runner.tick(after(60))) == 100
    assert len(runner.tick(after(61))) == 10


def test_what_somebody_runs_by_hand_is_left_alone(toy_box, runner):
    """A job whose row is locked is asked at the next tick again."""
    toy_box.due("first", 10)
    toy_box.due("second", 20)
    with toy_box.database.connect() as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("SELECT FROM job WHERE name = 'first' FOR UPDATE")
        runner.tick(after(60))
        assert toy_box.diary() == [("second", 20)]
    connection.close()

    runner.tick(after(61))
    assert toy_box.diary() == [("second", 20), ("first", 10)]


def test_it_stops_between_two_runs(toy_box, runner):
    """Told to stop, it does not begin another one."""
    toy_box.due("first", 10)
    stopping = threading.Event()
    stopping.set()

    assert runner.tick(after(60), stopping) == []


def test_a_connection_lost_amid_a_run_leaves_nothing(toy_box, runner, eventually):
    """The run is as if it had never begun, the connection is not made anew, and the next leader does it."""
    toy_box.due("first", 10, does="die")

    with pytest.raises(LeadLost, match="terminat"):
        runner.tick(after(60))
    with pytest.raises(LeadLost):
        runner.tick(after(61))
    assert toy_box.diary() == []

    toy_box.sql("UPDATE toy SET does = ''")
    successor = Candidate(toy_box.database.dsn)
    eventually(lambda: assert_leads(successor))
    Runner(successor.connection, node="aaa2", known=toys.JOBS).tick(after(62))
    successor.close()
    assert toy_box.diary() == [("first", 10)]


def test_there_is_one_leader(toy_box, candidate, eventually):
    """Nobody else gets the lock while its connection lasts."""
    other = Candidate(toy_box.database.dsn)
    assert [other.ask(), candidate.ask(), other.ask()] == [False, True, False]

    candidate.close()

    eventually(lambda: assert_leads(other))
    other.close()


def test_a_job_that_cannot_be_asked_holds_up_nobody(toy_box, candidate):
    """One whose module is missing fails, and the others are asked all the same."""
    missing = Job("missing", "Not there.", "provisioning.scheduling.nowhere")
    runner = Runner(candidate.connection, node="aaa1", known=[toys.JOBS[0], missing, *toys.JOBS[1:]])
    runner.tick(START)
    toy_box.due("first", 10)
    toy_box.due("second", 20)

    runner.tick(after(60))

    assert toy_box.diary() == [("first", 10), ("second", 20)]
    assert [*runner.failing] == ["missing"]
    assert toy_box.runs()[0][3].startswith("ModuleNotFoundError")
