"""A job that fails is asked again after one second, two, four ... five minutes."""

from datetime import datetime, timedelta
from typing import NamedTuple

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)


class Failing(NamedTuple):
    """Since when a job fails, with what pause until it is asked again."""

    since: datetime
    pause: timedelta
    again_at: datetime

    def rests(self, now: datetime) -> bool:
        """Return whether the pause lasts; a clock that was put back makes none longer."""
        return now < self.again_at <= now + self.pause


def again(last: Failing | None, now: datetime) -> Failing:
    """Return what follows when a job fails now, which failed before or did not."""
    pause = _FIRST_PAUSE if last is None else min(2 * last.pause, _LONGEST_PAUSE)
    return Failing(now if last is None else last.since, pause, now + pause)
