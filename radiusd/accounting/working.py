"""The sessions that a batch of records may belong to, as they become while the batch is folded.

Candidates have a record's Class, or its identity: router, session id and user. Which of them may be it is for
`policies.accounting.session` to say; of several it is the one that began nearest.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from policies.accounting import session as sessions
from policies.accounting.record import Record
from policies.accounting.session import Session

Identity = tuple[str, str, str]

_NONE: list["Held"] = []


class AccountFacts(NamedTuple):
    """What a session takes from its account when it begins. `account_id` None: nobody of ours."""

    account_id: int | None
    time_zone: str
    billing_day: int
    interim_seconds: int | None


class Held:
    """One session: `before` as the database has it (None: it has not), `session` as it is by now."""

    __slots__ = ("account_id", "before", "id", "session")

    def __init__(self, session: Session, *, before: Session | None, id: int | None, account_id: int | None) -> None:
        self.session = session
        self.before = before
        self.id = id
        self.account_id = account_id

    @property
    def is_changed(self) -> bool:
        """Whether the database has to hear of it: what a record does not change stays the same object."""
        return self.session is not self.before


def identity(one: Record | Session) -> Identity:
    """Return what identifies a session where there is no Class of ours."""
    return one.nas_address, one.acct_session_id, one.user_name


class Working:
    """The sessions in hand, found by Class, by identity and by router."""

    def __init__(self) -> None:
        self._by_class: defaultdict[str, list[Held]] = defaultdict(list)
        self._by_identity: defaultdict[Identity, list[Held]] = defaultdict(list)
        self._by_nas: defaultdict[str, list[Held]] = defaultdict(list)
        self._ids: set[int] = set()

    def add(self, held: Held) -> None:
        """Take a session in hand; one that is there already stays as it is."""
        if held.id is not None:
            if held.id in self._ids:
                return
            self._ids.add(held.id)
        session = held.session
        if session.session_class is not None:
            self._by_class[session.session_class].append(held)
        self._by_identity[identity(session)].append(held)
        self._by_nas[session.nas_address].append(held)

    def replace(self, held: Held, session: Session) -> None:
        """Put a session in the place of what it was. A Class that has become known finds it from now on."""
        if session.session_class is not None and session.session_class != held.session.session_class:
            self._by_class[session.session_class].append(held)
        held.session = session

    def find(self, record: Record) -> Held | None:
        """Return the session that a record belongs to, or None."""
        candidates = self._by_identity.get(identity(record), _NONE)
        if record.session_class is not None:
            of_class = self._by_class.get(record.session_class, _NONE)
            if of_class != candidates:
                candidates = of_class + candidates
        if not candidates:
            return None
        fitting = [held for held in candidates if sessions.matches(held.session, record)]
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        began_at = record.event_at - (record.session_seconds or 0)
        return min(fitting, key=lambda held: abs(held.session.started_at - began_at))

    def of_nas(self, nas_address: str) -> list[Held]:
        """Return a router's sessions."""
        return self._by_nas.get(nas_address, [])

    def __iter__(self) -> Iterator[Held]:
        for several in self._by_nas.values():
            yield from several
