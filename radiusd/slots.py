"""Simultaneous sessions without a race: a slot is reserved at the accept and confirmed by accounting.

One account's slots are told apart by their place (MAC or port): the same place again replaces its reservation, so a
customer whose line flaps is never locked out by himself. A reject frees the slot by its Class; a reservation that
no Start confirms ends after `RESERVATION_SECONDS`. All of them last equally long, so they end in the order in which
they were made, and each call drops what has ended: nothing is ever swept.

Called by the hook only, one call at a time (rlm_python3 is thread-unsafe and says so), hence no lock. What the feed has
heard of is handed over in a queue (`confirm`): from then on the open session itself is counted.

A reservation is a plain tuple of plain values, which the garbage collector lets go at once: as NamedTuples, half a
minute of them (300,000 under full load) was walked again and again, which made a request a third slower.
"""

import sys
from collections import deque
from collections.abc import Collection

RESERVATION_SECONDS = 30.0

Reservation = tuple[str, str, str, float]
"""User name, place, Class, and when it ends (seconds since 1970)."""


class Slots:
    """The reservations of all accounts with a session limit."""

    def __init__(self) -> None:
        self._of_user: dict[str, tuple[Reservation, ...]] = {}
        self._in_order: deque[Reservation] = deque()
        self._confirmed: deque[tuple[str, str]] = deque()

    def __len__(self) -> int:
        return sum(map(len, list(self._of_user.values())))

    def places(self, user_name: str, now: float) -> Collection[str]:
        """Return the places of the account's reservations."""
        self._drop_ended(now)
        held = self._of_user.get(user_name)
        return () if held is None else [place for _, place, _, _ in held]

    def peek(self, user_name: str, now: float) -> Collection[str]:
        """Return what `places` does and change nothing: for other threads than FreeRADIUS's."""
        held, confirmed = self._of_user.get(user_name, ()), set(self._confirmed)
        return [
            place
            for _, place, session_class, ends_at in held
            if ends_at > now and (user_name, session_class) not in confirmed
        ]

    def confirm(self, user_name: str, session_class: str) -> None:
        """Accounting knows this session now, so it is no longer for us to hold. For any thread."""
        self._confirmed.append((user_name, session_class))

    def reserve(self, user_name: str, place: str, session_class: str, now: float) -> None:
        """Hold a slot, in the stead of an earlier one in the same place."""
        self.take_one_of(sys.maxsize, user_name, place, session_class, now)

    def take_one_of(self, allowed: int, user_name: str, place: str, session_class: str, now: float) -> bool:
        """Hold a slot where fewer than `allowed` are held in other places; return whether that is so."""
        self._drop_ended(now)
        held = self._of_user.get(user_name)
        if held is None or (len(held) == 1 and held[0][1] == place):
            others: tuple[Reservation, ...] = ()
        else:
            others = tuple(other for other in held if other[1] != place)
            if len(others) >= allowed:
                return False
        reservation = (user_name, place, session_class, now + RESERVATION_SECONDS)
        self._of_user[user_name] = (*others, reservation)
        self._in_order.append(reservation)
        return True

    def free(self, user_name: str, session_class: str) -> None:
        """Give a slot back; a Class that holds none is ignored."""
        held = self._of_user.get(user_name)
        if held is None:
            return
        left = tuple(reservation for reservation in held if reservation[2] != session_class)
        if left:
            self._of_user[user_name] = left
        else:
            del self._of_user[user_name]

    def _drop_ended(self, now: float) -> None:
        while self._confirmed:
            self.free(*self._confirmed.popleft())
        in_order, of_user = self._in_order, self._of_user
        # one that ends later than any can was made before the clock was put back
        while in_order and not now < in_order[0][3] <= now + RESERVATION_SECONDS:
            ended = in_order.popleft()
            held = of_user.get(ended[0])
            if held is not None and held[0] is ended and len(held) == 1:
                del of_user[ended[0]]
            elif held is not None:
                self.free(ended[0], ended[2])
