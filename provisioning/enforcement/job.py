"""Job `enforcement`: those who are online are told what has changed, until what they were told is what they should be.

A pass looks at the sessions that changes concern, writes what each should be told, takes what is due, router by router,
and sends it. Changes that come while answers are awaited are looked at in between: one dead router holds nobody up.

What is to be sent is committed before it is sent, and what came of it after: who is killed in between leaves a row that
is sent again when its lease ends. So two may run at once, and a command may send what is its own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic, time
from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from provisioning import acts, database, key, reply_attributes
from provisioning.enforcement import changes, looking, packet, settling
from provisioning.enforcement.looking import Verdict
from provisioning.enforcement.sender import WAITS_SECONDS, Order, Outcome, Sender
from provisioning.enforcement.settling import Told
from provisioning.scheduling.job import Counts
from vault.sealed import NAS_SECRET, NotOurs, Seal

LEASE = timedelta(minutes=1)  # longer than a request can be under way
_AT_ONCE = 2_000
_AHEAD_SECONDS = 2  # for how long a router is busy with what is taken for it at once
_TURN_SECONDS = 0.25
_LONGEST_SECONDS = 45.0  # then a pass ends, so that the scheduler can stop; it begins the next one at once
_LAST_SECONDS = 2.0  # for answers that are on their way then; a dead router is tried again after its pause
_ROUTERS = text("SELECT host(address), coa_port, coa_packets_a_second FROM nas")

log = structlog.get_logger()


def work(dsn: str, at: datetime) -> Counts:
    """Look at what has changed, tell the routers, and go on until nothing is left for now."""
    with enforcer(dsn, at) as one_pass:
        return one_pass.run()


def tell(dsn: str, session_ids: Sequence[int], at: datetime) -> Counts:
    """Look at these sessions alone, and tell their routers once."""
    with enforcer(dsn, at) as one_pass:
        return one_pass.run_for(session_ids)


@contextmanager
def enforcer(
    dsn: str,
    at: datetime,
    *,
    waits_seconds: Sequence[float] = WAITS_SECONDS,
    longest_seconds: float = _LONGEST_SECONDS,
) -> Iterator["Enforcer"]:
    """Give what does a pass; how long it waits for answers, and lasts, can be said."""
    with (
        database.translated(),
        database.make_engine(dsn).connect() as connection,
        Sender(waits_seconds=waits_seconds) as sender,
    ):
        yield Enforcer(connection, sender, at, longest_seconds)


class _Sent(NamedTuple):
    verdict: Verdict
    attempt: int
    named: Sequence[packet.Named]


class Enforcer:
    """One pass. Its clock begins at `at`, and then goes as the machine's does."""

    def __init__(self, connection: Connection, sender: Sender, at: datetime, longest_seconds: float) -> None:
        self._connection = connection
        self._sender = sender
        self._began_at, self._began = at, monotonic()
        self._until = self._began + longest_seconds
        self._sent: dict[int, _Sent] = {}
        self._counts: Counter[str] = Counter()
        self._seal: Seal | None = None

    def run(self) -> Counts:
        """Look and tell until nothing is left, or it has lasted long enough."""
        while monotonic() < self._until:
            self._look_at_changes()
            if not self._take(None) and self._sender.is_idle:
                return dict(self._counts)
            self._write(self._sender.pump(_TURN_SECONDS))
        self._write(self._sender.pump(_LAST_SECONDS))
        self._write(self._sender.abandon())
        return dict(self._counts)

    def run_for(self, session_ids: Sequence[int]) -> Counts:
        """Look at these, tell their routers, and wait for the answers."""
        self._look(session_ids)
        self._take(session_ids)
        while not self._sender.is_idle:
            self._write(self._sender.pump(_TURN_SECONDS))
        return dict(self._counts)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with Session(self._connection, autoflush=False) as session, session.begin():
            yield session

    def _at(self, moment: float) -> datetime:
        return self._began_at + timedelta(seconds=moment - self._began)

    def _look_at_changes(self) -> None:
        with self._transaction() as session, acts.begin(session, "enforcement", area=None):
            concerned = changes.read(session, self._at(monotonic()))
            settling.disbelieve(session, self._at(monotonic()))
        for first in range(0, len(concerned.session_ids), _AT_ONCE):
            self._look(concerned.session_ids[first : first + _AT_ONCE])
            if first:  # there are more: what is known by now need not wait for them
                self._take(None)
                self._write(self._sender.pump(_TURN_SECONDS))
        with self._transaction() as session:
            changes.move(session, concerned)

    def _look(self, session_ids: Sequence[int]) -> None:
        at = self._at(monotonic())
        with self._transaction() as session:
            new, _ = settling.put(session, looking.look(session, session_ids, at), at)
        self._count("found", len(new))

    def _take(self, only: Sequence[int] | None) -> int:
        """Take what is due, no more than each router has room for, and hand it to the sender; return how many."""
        at = self._at(monotonic())
        lease = at + LEASE
        with self._transaction() as session:
            rooms = {
                address: packets_a_second * _AHEAD_SECONDS - self._sender.waiting_for((address, port))
                for address, port, packets_a_second in session.execute(_ROUTERS)
            }
            rooms = {address: room for address, room in rooms.items() if room > 0}
            claimed = settling.claim(session, rooms, at, lease=lease, not_these=list(self._sent), only=only)
            if not claimed:
                return 0
            verdicts = looking.look(session, list(claimed), at)  # once more: it may be long since they were put
            new, going_on = settling.put(session, verdicts, at, attempts=1, lease=lease)
            orders = [
                *self._orders((one, 1) for one in new),
                *self._orders((one, claimed[one.seen.online.id]) for one in going_on),
            ]
            settling.give_up(session, [one.seen.online.id for one, order in orders if order is None])
        for _, order in orders:
            if order is not None:
                self._sender.send(order)
        return len(claimed)

    def _orders(self, verdicts: Iterable[tuple[Verdict, int]]) -> Iterator[tuple[Verdict, Order | None]]:
        """Yield what is to be sent of each; None where it cannot be written."""
        for verdict, attempt in verdicts:
            try:
                yield verdict, self._order(verdict, attempt)
            except (packet.Unsendable, NotOurs) as exc:
                log.error("request_not_written", user_name=verdict.seen.online.user_name, error=str(exc))
                yield verdict, None

    def _order(self, verdict: Verdict, attempt: int) -> Order:
        online, router = verdict.seen.online, verdict.seen.router
        self._seal = self._seal or key.open_seal()
        named = _named(verdict, int(time()))  # the router's clock is the real one, whatever `at` is
        order = Order(
            online.id,
            (online.nas_address, router.coa_port),
            self._seal.open(router.secret, NAS_SECRET),
            router.packets_a_second,
            packet.COA if verdict.action == "coa" else packet.DISCONNECT,
            packet.encoded(reply_attributes.known(), named),
        )
        self._sent[online.id] = _Sent(verdict, attempt, named)
        return order

    def _write(self, outcomes: Sequence[Outcome]) -> None:
        """Write what came of requests."""
        told = [self._told(outcome) for outcome in outcomes]
        if not told:
            return
        with self._transaction() as session:
            settling.answered(session, told)
        for one in told:
            self._count(f"{one.verdict.action}_{one.outcome}", 1)

    def _told(self, outcome: Outcome) -> Told:
        sent = self._sent.pop(outcome.key)
        answered_at = None if outcome.answered_at is None else self._at(outcome.answered_at)
        return Told(
            sent.verdict,
            sent.attempt,
            sent.named,
            outcome.result,
            self._at(outcome.sent_at),
            answered_at,
            outcome.error_cause,
            outcome.discarded,
        )

    def _count(self, name: str, number: int) -> None:
        if number:
            self._counts[name] += number


def _named(verdict: Verdict, now: int) -> list[packet.Named]:
    """Return the attributes of a request: which session is meant (RFC 5176 3), when it was said, what is to change."""
    online = verdict.seen.online
    nas = "NAS-IPv6-Address" if ":" in online.nas_address else "NAS-IP-Address"
    session = [
        ("User-Name", online.user_name),
        (nas, online.nas_address),
        ("Acct-Session-Id", verdict.seen.acct_session_id),
        ("Framed-IP-Address", verdict.seen.ipv4_address),
        ("Calling-Station-Id", online.calling_station_id),
        ("Event-Timestamp", str(now)),
    ]
    change = [(pair.name, pair.value) for pair in verdict.attributes] if verdict.action == "coa" else []
    return [(name, value) for name, value in session if value is not None] + change
