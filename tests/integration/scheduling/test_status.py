"""tollkeeper status: how the scheduler of this node is."""

import json
import time

import pytest

from tests.command_line import Operator

LEADER = {
    "state": "leader",
    "lag_seconds": 2.0,
    "last_error": None,
    "jobs": [
        {"name": "changes", "enabled": True, "failing_since": None},
        {"name": "upkeep", "enabled": False, "failing_since": None},
        {"name": "notices", "enabled": True, "failing_since": "2027-03-01T12:00:00+00:00"},
    ],
}


@pytest.fixture
def said(database):
    """Return what writes the scheduler's file, and asks how it is."""

    def said(**told):
        path = database.home / "run" / "scheduler.json"
        path.write_text(json.dumps({"last_tick_at": time.time(), **told}))
        result = Operator(database.environ).run("status", "--json")
        return {part["part"]: part for part in json.loads(result.stdout)["parts"]}["scheduler"]

    return said


def test_without_one(database):
    """A node that never had a scheduler is asked for none."""
    result = Operator(database.environ).run("status", "--json")
    assert "scheduler" not in {part["part"] for part in json.loads(result.stdout)["parts"]}


@pytest.mark.parametrize(
    ("told", "up", "says"),
    [
        (LEADER, True, "leads, 3 jobs, 2.0 s behind, failing: notices, disabled: upkeep"),
        ({"state": "standby", "jobs": []}, True, "stands by"),
        ({"state": "cut off", "last_error": "no route"}, False, "cut off from PostgreSQL: no route"),
        ({"state": "leader", "last_tick_at": 0}, False, "leads, and is busy with one tick for "),
    ],
    ids=["leader", "standby", "cut off", "busy"],
)
def test_what_it_says(said, told, up, says):
    """It is up while it leads or stands by; what fails and what is disabled is told."""
    part = said(**told)
    assert part["up"] is up
    assert part["says"].startswith(says)


def test_one_that_is_silent(database, said):
    """A file that nobody writes any more tells of one that is gone."""
    path = database.home / "run" / "scheduler.json"
    path.write_text("nonsense")
    assert said(state="leader", jobs=[])["up"] is True

    path.write_text("nonsense")
    result = Operator(database.environ).run("status")
    assert "scheduler\tdown\twhat the scheduler wrote cannot be read" in result.stdout
