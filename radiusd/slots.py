"""Simultaneous sessions without a race: a slot is reserved at the accept and confirmed by accounting.

One account's slots are told apart by their place (MAC or port): the same place again replaces its reservation, so a
customer whose line flaps is never locked out by himself. A reject frees the slot by its Class; a reservation that
no Start confirms ends after `RESERVATION_SECONDS`. All of them last equally long, so they end in the order in which
they were made, and each call drops what has ended: nothing is ever swept.

Called by the hook only, one call at a time (rlm_python3 is thread-unsafe and says so), hence no lock. What the feed has
heard of is handed over in a queue (`confirm`): from then on the open session itself is counted.
"""

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

RESERVATION_SECONDS = 30.0


class Reservation(NamedTuple):
    """One slot held for one session that has been accepted and not yet reported as started."""

    user_name: str
    place: str
    session_class: str
    ends_at: float


class Slots:
    """The reservations of all accounts with a session limit."""

    def __init__(self) -> None:
        self._of_user: dict[str, dict[str, Reservation]] = {}
        self._of_class: dict[str, Reservation] = {}
        self._in_order: deque[Reservation] = deque()
        self._confirmed: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._of_class)

    def places(self, user_name: str, now: float) -> Collection[str]:
        """Return the places of the account's reservations."""
        self._drop_ended(now)
        return self._of_user.get(user_name, ())

    def peek(self, user_name: str, now: float) -> Collection[str]:
        """Return what `places` does and change nothing: for other threads than FreeRADIUS's."""
        held, confirmed = dict(self._of_user.get(user_name, {})), set(self._confirmed)
        return [
            place
            for place, reservation in held.items()
            if reservation.ends_at > now and reservation.session_class not in confirmed
        ]

    def confirm(self, session_class: str) -> None:
        """Accounting knows this session now, so it is no longer for us to hold. For any thread."""
        self._confirmed.append(session_class)

    def reserve(self, user_name: str, place: str, session_class: str, now: float) -> None:
        """Hold a slot, in the stead of an earlier one in the same place."""
        places = self._of_user.setdefault(user_name, {})
        replaced = places.get(place)
        if replaced is not None:
            del self._of_class[replaced.session_class]
        reservation = Reservation(user_name, place, session_class, now + RESERVATION_SECONDS)
        places[place] = self._of_class[session_class] = reservation
        self._in_order.append(reservation)

    def free(self, session_class: str) -> None:
        """Give a slot back; a Class that holds none is ignored."""
        reservation = self._of_class.pop(session_class, None)
        if reservation is None:
            return
        places = self._of_user[reservation.user_name]
        del places[reservation.place]
        if not places:
            del self._of_user[reservation.user_name]

    def _drop_ended(self, now: float) -> None:
        while self._confirmed:
            self.free(self._confirmed.popleft())
        # one that ends later than any can was made before the clock was put back
        while self._in_order and not now < self._in_order[0].ends_at <= now + RESERVATION_SECONDS:
            self.free(self._in_order.popleft().session_class)
