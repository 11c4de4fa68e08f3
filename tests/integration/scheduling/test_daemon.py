"""Schedulers as processes: one leads, another takes over, and nothing is done twice or left out."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from demo.settings import REPOSITORY


class Process:
    """A scheduler of the toys, in a process of its own."""

    def __init__(self, database, name, **environ):
        self.home = database.home / name
        (self.home / "run").mkdir(parents=True)
        self.log = self.home / "log"
        environ = {**database.environ, "PATH": os.environ["PATH"], **environ}
        environ |= {"TOLLKEEPER_HOME": str(self.home), "TOLLKEEPER_NODE": name, "PYTHONPATH": str(REPOSITORY)}
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "tests.integration.scheduling.toy_scheduler"]
            self.process = subprocess.Popen(command, env=environ, cwd=REPOSITORY, stdout=log, stderr=log)

    def says(self):
        """Return what it says of itself."""
        path = self.home / "run" / "scheduler.json"
        assert path.exists(), self.log.read_text()
        return json.loads(path.read_text())

    def assert_state(self, state):
        """It says that it leads, stands by or is cut off."""
        assert self.says()["state"] == state

    def end(self, number=signal.SIGTERM):
        """Send a signal, wait for the end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def start(toy_box):
    """Return what starts a scheduler; all are killed at the end."""
    started = []

    def start(name, **environ):
        started.append(Process(toy_box.database, name, **environ))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def due_now(toy_box, job, does=""):
    """Have a job something to do at once."""
    toy_box.sql("INSERT INTO toy VALUES (%s, %s, %s)", job, datetime.now(UTC), does)


def assert_sleeps(toy_box):
    """A run that takes its time is under way."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^SELECT pg_sleep'"
    assert toy_box.sql(query)


def jobs_of(toy_box):
    """Return the jobs that wrote the diary, in order."""
    return [job for job, _ in toy_box.diary()]


def test_another_takes_over_from_one_that_is_killed(toy_box, start, eventually):
    """Killed amid a run, the leader leaves nothing of it behind; the other one leads and does it, once."""
    leader = start("aaa1")
    eventually(lambda: leader.assert_state("leader"))
    standby = start("aaa2")
    eventually(lambda: standby.assert_state("standby"))
    due_now(toy_box, "first", does="sleep")

    eventually(lambda: assert_sleeps(toy_box))
    leader.end(signal.SIGKILL)

    eventually(lambda: standby.assert_state("leader"))

    def is_done():
        assert jobs_of(toy_box) == ["first"]

    eventually(is_done)
    assert toy_box.sql("SELECT node, outcome FROM job_run") == [("aaa2", "done")]


def test_told_to_stop_it_finishes_the_run(toy_box, start, eventually):
    """SIGTERM lets the run under way be finished; another one could lead at once."""
    scheduler = start("aaa1")
    eventually(lambda: scheduler.assert_state("leader"))
    due_now(toy_box, "first", does="sleep")

    eventually(lambda: assert_sleeps(toy_box))
    assert scheduler.end() == 0
    assert jobs_of(toy_box) == ["first"]
    assert toy_box.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == []
    assert scheduler.says()["state"] == "cut off"


def test_it_waits_for_a_database_that_is_away(toy_box, start, proxy, eventually):
    """Without PostgreSQL it says so and goes on trying; then it does what came due meanwhile."""
    proxy.stop()
    scheduler = start("aaa1", PGHOST=str(proxy.folder))
    eventually(lambda: scheduler.assert_state("cut off"))

    def knows_why():
        assert "OperationalError" in scheduler.says()["last_error"]

    eventually(knows_why)
    proxy.start()
    eventually(lambda: scheduler.assert_state("leader"))
    proxy.stop()
    eventually(lambda: scheduler.assert_state("cut off"))
    due_now(toy_box, "second")
    proxy.start()

    def is_done():
        assert jobs_of(toy_box) == ["second"]
        assert scheduler.says()["last_error"] is None

    eventually(is_done)
    assert scheduler.process.poll() is None


def test_one_that_talks_has_turns_and_books(toy_box, start, eventually):
    """A job that talks to others does so while it is enabled; what it did and its failures are recorded."""
    scheduler = start("aaa1")
    eventually(lambda: scheduler.assert_state("leader"))
    due_now(toy_box, "talker", does="raise")

    def has_failed():
        assert ("talker", "failed", {}, "ValueError: nobody listens") in toy_box.runs()
        (said,) = [one for one in scheduler.says()["jobs"] if one["name"] == "talker"]
        assert said["failing_since"]

    eventually(has_failed)
    toy_box.sql("UPDATE toy SET does = ''")

    def has_talked():
        assert toy_box.runs()[-1] == ("talker", "done", {"said": 1}, None)

    eventually(has_talked)


def test_a_scheduler_without_a_home():
    """Without TOLLKEEPER_HOME it does not start."""
    command = [sys.executable, "-m", "provisioning.scheduling"]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, cwd=REPOSITORY, capture_output=True, check=False)

    assert done.returncode == 1
    assert b"TOLLKEEPER_HOME is not set" in done.stderr
