"""tollkeeper job: what the scheduler does, by hand too."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.scheduling.job import JOBS
from tests.command_line import Operator

PASSWORD = "a-long-enough-one"


@pytest.fixture
def operator(database):
    """Return the owner of a database with an account and a change of its package that came due an hour ago."""
    made = Operator(database.environ)
    made.do("group", "add", "Homes")
    made.do("package", "add", "Home 50")
    made.do("package", "add", "Home 100", "--price", "499")
    made.do("customer", "add", "--group", "Homes", "--first-name", "Frikkie")
    made.do("account", "add", "frikkie", "--customer", "FRI001", "--package", "Home 50", "--generate")
    return made


@pytest.fixture
def due(operator, accounting):
    """Have a change come due an hour ago."""
    operator.do("change", "add", "--account", "frikkie", "--package", "Home 100", "--at", "+1d")
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    accounting.sql("UPDATE package_change SET activates_at = %s", moment)
    return moment


def of(operator, name):
    """Return a job as it is listed."""
    (found,) = [one for one in operator.json("job", "list") if one["name"] == name]
    return found


def test_jobs_are_listed(operator, due):
    """All there are, with when each is due; what talks to others is due whenever there is something."""
    listed = {one["name"]: one for one in operator.json("job", "list")}

    assert [*listed] == [job.name for job in JOBS]
    assert datetime.fromisoformat(listed["changes"]["next_due"]) == due
    assert datetime.fromisoformat(listed["upkeep"]["next_due"]).minute == 0
    assert listed["delivery"]["next_due"] is None
    assert {one["enabled"] for one in listed.values()} == {True}
    assert operator.do("job", "list").startswith("name\tenabled\tdone until\tnext due\tlast run\toutcome\tdid\n")


def test_a_job_is_run_by_hand(operator, due):
    """It does what came due, says so, keeps its books, and has nothing to do the second time."""
    assert operator.do("job", "run", "changes") == f"job changes for {due.isoformat()}: 1 applied\n"
    assert operator.do("job", "run", "changes") == "job changes: nothing to do\n"

    assert operator.json("account", "show", "frikkie")["package"] == "Home 100"
    (run,) = operator.json("job", "history", "--job", "changes")
    assert (run["operator"], run["outcome"], run["counts"]) == ("tollkeeper", "done", {"applied": 1})
    assert datetime.fromisoformat(run["ran_for"]) == due
    assert of(operator, "changes")["outcome"] == "done"
    assert operator.json("audit", "list")[0]["act"] == "job run"


def test_a_moment_says_up_to_when(operator, due):
    """What comes due after it is left."""
    before = (due - timedelta(seconds=1)).isoformat()

    assert operator.do("job", "run", "changes", "--at", before) == "job changes: nothing to do\n"
    assert operator.json("job", "run", "changes", "--at", due.isoformat())["counts"] == {"applied": 1}


def test_what_is_to_come_can_only_be_tried(operator):
    """A time to come is refused, but for a dry run, which shows what will be done then and does nothing."""
    operator.do("change", "add", "--account", "frikkie", "--package", "Home 100", "--at", "+1d")

    assert operator.refused("job", "run", "changes", "--at", "+2d") == "the time is still to come"

    tried = operator.json("job", "run", "changes", "--at", "+2d", "--dry-run")
    assert {change["relation"] for change in tried["changes"]} == {"account", "package change"}
    assert operator.json("account", "show", "frikkie")["package"] == "Home 50"
    assert operator.json("job", "history") == []


def test_a_job_run_by_hand_first_begins_now(operator):
    """A moment long ago says up to when, not from when on: the scheduler goes on from now."""
    operator.do("job", "run", "suspension", "--at", "2000-01-01")

    done_until = datetime.fromisoformat(of(operator, "suspension")["done_until"])
    assert datetime.now(UTC) - done_until < timedelta(hours=1)


def test_what_talks_to_others_cannot_be_tried(operator):
    """A message that is sent cannot be taken back."""
    cause = "this job talks to others, which cannot be tried"
    assert operator.refused("job", "run", "delivery", "--dry-run") == cause


def test_a_job_is_switched_off_and_on(operator, due):
    """It is told whether that is news, is in the audit, and by hand the job runs all the same."""
    assert operator.refused("job", "disable", "changes") == "job changes has not been scheduled yet"
    operator.do("job", "run", "changes", "--at", "1970-01-02")

    assert operator.do("job", "disable", "changes") == "job changes disabled\n"
    assert operator.do("job", "disable", "changes") == "job changes is disabled already\n"
    assert of(operator, "changes")["enabled"] is False
    assert operator.json("job", "run", "changes")["counts"] == {"applied": 1}
    assert operator.json("job", "enable", "changes") == {"job": "changes", "enabled": True, "changed": True}
    assert [one["act"] for one in operator.json("audit", "list")[:3]] == ["job enable", "job run", "job disable"]


def test_who_may(operator, database):
    """Who may see the node sees jobs, who may change it switches them; they are run by the owner."""
    for name, role in (("anna", "administrator"), ("sam", "support")):
        operator.do("operator", "add", name, "--role", role, "--password-stdin", stdin=f"{PASSWORD}\n")
    anna, sam = (Operator({**database.environ, "PGUSER": name, "PGPASSWORD": PASSWORD}) for name in ("anna", "sam"))
    operator.do("job", "run", "changes")

    assert of(anna, "changes") == of(operator, "changes")
    assert anna.do("job", "disable", "changes") == "job changes disabled\n"
    assert anna.refused("job", "run", "changes") == "jobs are run by the owner of the database, as they act for all"
    assert sam.refused("job", "disable", "changes") == "operator sam may not change what is of the area node"


def test_what_an_operator_may_not_write(operator, accounting):
    """How far a job has come, and what it did, is nobody's to write but the scheduler's."""
    operator.do("operator", "add", "anna", "--role", "administrator", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert accounting.sql("SELECT has_table_privilege('anna', 'job', 'INSERT, DELETE')") is False
    assert accounting.sql("SELECT has_column_privilege('anna', 'job', 'done_until', 'UPDATE')") is False
    assert accounting.sql("SELECT has_table_privilege('anna', 'job_run', 'INSERT, UPDATE, DELETE')") is False


def test_a_page_of_history(operator, accounting):
    """The newest first, a page at a time; or only what failed."""
    accounting.sql(
        "INSERT INTO job_run (job, ran_for, started_at, ended_at, node, outcome, error)"
        " SELECT 'upkeep', now(), now(), now(), 'aaa1', CASE i WHEN 2 THEN 'failed' ELSE 'done' END, NULL"
        " FROM generate_series(1, 5) AS i"
    )
    ids = [one["id"] for one in operator.json("job", "history", "--limit", "2")]
    assert ids == [5, 4]
    assert [one["id"] for one in operator.json("job", "history", "--after", "4")] == [3, 2, 1]
    assert [one["id"] for one in operator.json("job", "history", "--failed")] == [2]
