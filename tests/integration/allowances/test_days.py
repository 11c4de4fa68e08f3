"""Days and billing periods in the database are those of policies/accounting/days.py."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.accounting import days

# the clock is put on or back at midnight, over midnight, by half an hour and by three; far east, far west
ZONES = ["UTC", "Africa/Johannesburg", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Asia/Beirut",
         "Atlantic/Azores", "America/Asuncion", "Australia/Lord_Howe", "Antarctica/Casey", "Pacific/Kiritimati",
         "Pacific/Honolulu"]  # fmt: skip
_FIRST, _LAST = date(2018, 1, 1), date(2028, 12, 31)


def test_days_begin_at_the_same_moment(books):
    """In every such zone, on every day of eleven years."""
    number = (_LAST - _FIRST).days
    for zone in ZONES:
        begins = books.sql("SELECT extract(epoch FROM day_begins(%s::date + n, %s))::bigint"
                           " FROM generate_series(0, %s) AS n ORDER BY n", _FIRST, zone, number)  # fmt: skip
        expected = [days.day_start(zone, _FIRST.toordinal() + n) for n in range(number + 1)]
        assert [moment for (moment,) in begins] == expected, zone


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(_FIRST, _LAST),
    seconds=st.integers(-7200, 7200),
    billing_day=st.integers(1, 31),
)
def test_a_moment_is_in_the_same_day_and_period(books, zone, day, seconds, billing_day):
    """Around midnight, and in months that have no such billing day."""
    at = days.day_start(zone, day.toordinal()) + seconds
    local = date.fromordinal(days.find_day(zone, at))
    start = days.period_start(local, billing_day)
    following = start + timedelta(days=27)
    while days.period_start(following, billing_day) == start:
        following += timedelta(days=1)

    found = books.sql("SELECT day, billing_period_start(day, %s), later_period_start(day, %s, 1) FROM local_day(%s, %s)"
                      " AS day", billing_day, billing_day, datetime.fromtimestamp(at, UTC), zone)  # fmt: skip
    assert found == [(local, start, following)]
