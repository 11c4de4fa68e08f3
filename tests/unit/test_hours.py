"""Times of day, hours and weekdays as operators write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import hours
from provisioning.errors import BadInput


@given(st.integers(0, 1439))
def test_a_time_of_day_is_read_back(minute):
    """What is written is read as the same minute."""
    assert hours.parse_minute(hours.format_minute(minute)) == minute


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_hours_are_read_back(starts, ends):
    """What is written is read as the same hours, over midnight too; hours that are none are refused."""
    text = hours.format_hours(starts, ends)
    if starts == ends:
        with pytest.raises(BadInput):
            hours.parse_hours(text)
    else:
        assert hours.parse_hours(text) == (starts, ends)


@given(st.integers(1, 127))
def test_weekdays_are_read_back(bits):
    """What is written is read as the same days."""
    assert hours.parse_weekdays(hours.format_weekdays(bits)) == bits


@pytest.mark.parametrize("text", ["24:00", "8:00", "08:60", "08.00", "", "08:00-09:00", "٠٨:٠٠"])
def test_what_is_no_time_of_day(text):
    """A time of day is two digits, a colon and two digits, before 24:00."""
    with pytest.raises(BadInput):
        hours.parse_minute(text)


@pytest.mark.parametrize("text", ["", "sat,", "funday", "sat-", "-sat", "sat sun", "6"])
def test_what_is_no_weekday(text):
    """Days are three letters each, with commas or a dash between them."""
    with pytest.raises(BadInput):
        hours.parse_weekdays(text)


@given(st.text(max_size=15))
def test_nothing_else_is_raised(text):
    """Whatever is typed is read, or refused."""
    for parse in (hours.parse_minute, hours.parse_hours, hours.parse_weekdays):
        with contextlib.suppress(BadInput):
            parse(text)
