"""Rejections and faults, told in the background: the hook only appends to a bounded queue.

Under a storm the oldest entries are lost, never a microsecond: a `deque` with a limit needs no lock. At most
`_LINES_A_SECOND` go into the log, the rest as a number. The last few of each user stay in memory for `explain`.
"""

from collections import OrderedDict, deque
from threading import Event, Thread
from time import time
from typing import NamedTuple

import structlog

from policies.reasons import Reason
from policies.request import AccessRequest

_QUEUE_LIMIT = 10_000
_USERS_REMEMBERED = 10_000
_REMEMBERED_PER_USER = 5
_LINES_A_SECOND = 50

log = structlog.get_logger()


class Rejection(NamedTuple):
    """One Access-Reject: when (seconds since 1970), why, who, from which router, on which device."""

    at: float
    reason: Reason
    user_name: str
    source_address: str
    calling_station_id: str


class Rejections:
    """Takes rejections from the hook and tells the log and `explain`."""

    def __init__(self) -> None:
        self._queue: deque[Rejection] = deque(maxlen=_QUEUE_LIMIT)
        self._faults: deque[tuple[str, str]] = deque(maxlen=_LINES_A_SECOND)
        self._of_user: OrderedDict[str, deque[Rejection]] = OrderedDict()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="rejections", daemon=True)

    def record(self, now: float, reason: Reason, asked: AccessRequest | None) -> None:
        """Note a rejection; never waits."""
        user_name, source, station = (
            ("", "", "") if asked is None else (asked.user_name, asked.source_address, asked.calling_station_id or "")
        )
        self._queue.append(Rejection(now, reason, user_name, source, station))

    def fault(self, event: str, exc: Exception) -> None:
        """Note an error of ours; never waits. Only its type and text: no request, hence no password."""
        self._faults.append((event, f"{type(exc).__name__}: {exc}"))

    def of_user(self, user_name: str) -> list[Rejection]:
        """Return the user's last few rejections, latest last."""
        return list(self._of_user.get(user_name, ()))

    def start(self) -> None:
        """Begin telling."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what is left and end."""
        self._stopping.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._stopping.wait(1.0):
            self._tell()
        self._tell()

    def _tell(self) -> None:
        lines = 0
        while self._queue:
            rejection = self._queue.popleft()
            self._remember(rejection)
            lines += 1
            if lines <= _LINES_A_SECOND:
                _log_rejection(rejection)
        if lines > _LINES_A_SECOND:
            log.warning("rejections_not_listed", number=lines - _LINES_A_SECOND)
        while self._faults:
            event, error = self._faults.popleft()
            log.error(event, error=error)

    def _remember(self, rejection: Rejection) -> None:
        users = self._of_user
        users.setdefault(rejection.user_name, deque(maxlen=_REMEMBERED_PER_USER)).append(rejection)
        users.move_to_end(rejection.user_name)
        while len(users) > _USERS_REMEMBERED:
            users.popitem(last=False)


def _log_rejection(rejection: Rejection) -> None:
    log.info(
        "access_rejected",
        reason=rejection.reason.value,
        user_name=rejection.user_name,
        nas=rejection.source_address,
        calling_station_id=rejection.calling_station_id,
        seconds_ago=round(time() - rejection.at, 1),
    )
