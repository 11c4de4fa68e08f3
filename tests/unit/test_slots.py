"""Simultaneous sessions: reservations against a model of them."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from radiusd.slots import RESERVATION_SECONDS, Slots

users = st.sampled_from(["nemo", "ned", "conseil"])
places = st.sampled_from(["02:00:00:00:00:01", "02:00:00:00:00:02", "192.0.2.1 port 7", ""])
ALLOWED = 2


class SlotsAgainstModel(RuleBasedStateMachine):
    """Requests, rejects and time in any order; the model is a dict of what is held, by user and place."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots()
        self.now = 1_800_000_000.0
        self.number = 0
        self.held: dict[tuple[str, str], tuple[str, float]] = {}

    @rule(user_name=users, place=places)
    def ask(self, user_name: str, place: str) -> None:
        """Ask for a session, and reserve it where others leave room."""
        held = {other for user, other in self._alive() if user == user_name}
        assert set(self.slots.peek(user_name, self.now)) == held
        assert set(self.slots.places(user_name, self.now)) == held
        if len(held - {place}) < ALLOWED:
            self.number += 1
            self.slots.reserve(user_name, place, f"class {self.number}", self.now)
            self.held[user_name, place] = (f"class {self.number}", self.now + RESERVATION_SECONDS)

    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """Free the slot of some Class: held, replaced, ended or never seen."""
        user_name, session_class = self._draw(data)
        self.slots.free(user_name, session_class)

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        """Accounting tells of some session: from then on it is not ours to hold."""
        user_name, session_class = self._draw(data)
        self.slots.confirm(user_name, session_class)
        assert set(self.slots.peek(user_name, self.now)) == {
            place for user, place in self._alive() if user == user_name
        }
        self.slots.places("nobody", self.now)

    @rule(seconds=st.sampled_from([0.001, 1.0, 14.0, 29.999, 30.0]))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @invariant()
    def nobody_has_more_than_allowed(self) -> None:
        """Whatever happened, the limit holds, as others in no place of anybody's see it."""
        for user_name in ("nemo", "ned", "conseil"):
            assert len(self.slots.places(user_name, self.now)) <= ALLOWED

    @invariant()
    def nothing_is_left_behind(self) -> None:
        """What has ended is forgotten once anybody asks."""
        self.slots.places("nobody", self.now)
        assert len(self.slots) == len(self._alive())

    def _draw(self, data: st.DataObject) -> tuple[str, str]:
        """Return some user and some Class, and forget what that is the Class of."""
        user_name, session_class = data.draw(users), f"class {data.draw(st.integers(0, self.number + 1))}"
        freed = [key for key, value in self.held.items() if (key[0], value[0]) == (user_name, session_class)]
        for key in freed:
            del self.held[key]
        return user_name, session_class

    def _alive(self) -> set[tuple[str, str]]:
        return {key for key, (_, ends_at) in self.held.items() if ends_at > self.now}


SlotsAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestSlotsAgainstModel = SlotsAgainstModel.TestCase


def test_the_same_place_again_replaces() -> None:
    """A line that flaps holds one slot, under its newest Class."""
    slots = Slots()
    for number in range(5):
        assert set(slots.places("nemo", 100.0 + number)) <= {"port 7"}
        slots.reserve("nemo", "port 7", f"class {number}", 100.0 + number)
    assert len(slots) == 1
    slots.free("nemo", "class 3")
    slots.free("ned", "class 4")
    assert len(slots) == 1
    slots.free("nemo", "class 4")
    assert len(slots) == 0


def test_a_reservation_lasts_half_a_minute() -> None:
    """To the moment; its successor in the same place lasts its own half minute."""
    slots = Slots()
    slots.reserve("nemo", "here", "one", 100.0)
    assert set(slots.places("nemo", 129.999)) == {"here"}
    slots.reserve("nemo", "here", "two", 129.999)
    assert set(slots.places("nemo", 130.0)) == {"here"}
    assert set(slots.places("nemo", 159.999)) == set()


def test_a_start_ends_the_reservation() -> None:
    """What accounting knows is no longer held here; a Class that holds nothing is ignored."""
    slots = Slots()
    slots.reserve("nemo", "here", "one", 100.0)
    slots.confirm("nemo", "nobody's")
    slots.confirm("nobody", "one")
    slots.confirm("nemo", "one")
    assert set(slots.peek("nemo", 101.0)) == set()
    assert set(slots.places("nemo", 101.0)) == set()
    assert len(slots) == 0


def test_peeking_changes_nothing() -> None:
    """Who only looks does not count, reserve or drop."""
    slots = Slots()
    slots.reserve("nemo", "here", "one", 100.0)
    assert set(slots.peek("nemo", 129.0)) == {"here"}
    assert set(slots.peek("nemo", 130.0)) == set()
    assert len(slots) == 1


def test_users_do_not_share() -> None:
    """Two users in one place are two sessions."""
    slots = Slots()
    slots.reserve("nemo", "here", "one", 100.0)
    assert set(slots.places("ned", 100.0)) == set()
