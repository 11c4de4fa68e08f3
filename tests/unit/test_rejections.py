"""Rejections: told in the background, bounded, at a limited rate."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.testing import capture_logs

from policies.reasons import Reason
from policies.request import AccessRequest
from radiusd.rejections import Rejection, Rejections
from tests.fix_waiting import Eventually

ASKED = AccessRequest("nemo", "192.0.2.1", "02:00:00:00:00:01")


@contextmanager
def telling() -> Iterator[Rejections]:
    """Give rejections that are told, and told to the last at the end."""
    rejections = Rejections()
    rejections.start()
    yield rejections
    rejections.stop()


def test_a_rejection_is_logged_and_remembered() -> None:
    """When, why, who, from where."""
    now = time.time()
    with capture_logs() as logged, telling() as rejections:
        rejections.record(now, Reason.EXPIRED, ASKED)
    (line,) = logged
    assert 0 <= line.pop("seconds_ago") < 5
    assert line == {
        "event": "access_rejected",
        "log_level": "info",
        "reason": "expired",
        "user_name": "nemo",
        "nas": "192.0.2.1",
        "calling_station_id": "02:00:00:00:00:01",
    }
    assert rejections.of_user("nemo") == [Rejection(now, Reason.EXPIRED, "nemo", "192.0.2.1", "02:00:00:00:00:01")]


def test_it_is_told_within_a_second_or_two(eventually: Eventually) -> None:
    """Without anybody stopping it."""
    rejections = Rejections()
    rejections.start()

    def told() -> None:
        assert len(rejections.of_user("nemo")) == 1

    rejections.record(time.time(), Reason.EXPIRED, ASKED)
    eventually(told)
    rejections.stop()


def test_a_malformed_request_is_nobodys() -> None:
    """There may be no name, no router, no device."""
    with capture_logs() as logged, telling() as rejections:
        rejections.record(1.0, Reason.MALFORMED_REQUEST, None)
        rejections.record(2.0, Reason.WRONG_NAS, AccessRequest("nemo", ""))
    assert len(logged) == 2
    assert rejections.of_user("") == [Rejection(1.0, Reason.MALFORMED_REQUEST, "", "", "")]
    assert rejections.of_user("nemo") == [Rejection(2.0, Reason.WRONG_NAS, "nemo", "", "")]


def test_the_last_few_of_each_user_are_remembered() -> None:
    """The latest last; a user of none has none."""
    with capture_logs(), telling() as rejections:
        for number in range(12):
            rejections.record(float(number), Reason.EXPIRED, ASKED)
        rejections.record(99.0, Reason.EXPIRED, ASKED._replace(user_name="ned"))
    times = [rejection.at for rejection in rejections.of_user("nemo")]
    assert times == sorted(times)
    assert 1 < len(times) < 12
    assert times[-1] == 11.0
    assert len(rejections.of_user("ned")) == 1
    assert rejections.of_user("conseil") == []


def test_a_storm_is_told_as_a_number() -> None:
    """A few dozen lines, and how many were not listed."""
    with capture_logs() as logged, telling() as rejections:
        for number in range(5_000):
            rejections.record(time.time(), Reason.UNKNOWN_USER, ASKED._replace(user_name=f"user{number}"))
    lines = [line for line in logged if line["event"] == "access_rejected"]
    unlisted = sum(line["number"] for line in logged if line["event"] == "rejections_not_listed")
    assert len(lines) <= 150
    assert len(lines) + unlisted == 5_000


def test_a_flood_loses_the_oldest() -> None:
    """Memory is bounded, by rejections not yet told and by users remembered; the newest are kept."""
    rejections = Rejections()
    for number in range(30_000):
        rejections.record(float(number), Reason.UNKNOWN_USER, ASKED._replace(user_name=f"user{number}"))
    with capture_logs() as logged:
        rejections.start()
        rejections.stop()
    told = sum(1 if line["event"] == "access_rejected" else line["number"] for line in logged)
    assert told < 30_000
    assert rejections.of_user("user0") == []
    assert rejections.of_user("user29999") != []


def test_long_remembered_users_make_room() -> None:
    """Beyond some thousands, who was rejected longest ago is forgotten."""
    rejections = Rejections()
    with capture_logs():
        rejections.start()
        for number in range(12_000):
            rejections.record(float(number), Reason.UNKNOWN_USER, ASKED._replace(user_name=f"user{number}"))
            if number == 8_999:
                time.sleep(1.2)  # told, so that the queue has room for the others
        rejections.stop()
    assert rejections.of_user("user0") == []
    assert rejections.of_user("user11999") != []


def test_faults_are_told_by_type_and_text() -> None:
    """And bounded like everything else."""
    with capture_logs() as logged, telling() as rejections:
        for number in range(1_000):
            rejections.fault("authorize_failed", KeyError(number))
    assert logged[-1] == {"event": "authorize_failed", "log_level": "error", "error": "KeyError: 999"}
    assert len(logged) < 200
