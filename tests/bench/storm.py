"""The power comes back: every subscriber authenticates and sends a Start, while one in a hundred of them is blocked.

Each does so once, as soon as one of 512 before him is through; what is not answered is sent again after a second, five
times. Then everything is held against everything: who was accepted although blocked a quarter of a second before, who
was refused although never blocked, and whether each acknowledged Start is a session in PostgreSQL.
"""

import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from demo import schema
from tests.bench.node import Node
from tests.bench.radload import Load
from tests.bench.stand import Stand
from tests.bench.tables import Table, count

IN_FLIGHT = 512
OBEYED_SECONDS = 0.25

_CHANGED_SHARE = 100
_CHANGES_AT_ONCE = 10
_PAUSE_SECONDS = 0.01
_LIMIT_SECONDS = 600
_ACCEPT, _REJECT = 2, 3


def measure(stand: Stand) -> dict[str, Any]:
    """Have them all come back, on ours, and on stock rlm_sql without changes."""
    options = stand.options
    node = stand.accounting_node(options.accounts)
    with stand.screen.step(f"a storm of {options.accounts:,} subscribers"):
        result = {"subscribers": options.accounts, "in_flight": IN_FLIGHT, "ours": _ours(stand, node)}
    if options.peers_storm:
        peer = stand.sql()
        with stand.screen.step(f"a storm of {options.accounts:,} subscribers on stock rlm_sql"):
            load = _run(stand, peer.auth_port, peer.acct_port, stand.home / "storm.csv")
            result["rlm_sql"] = _summary(load, _read(stand.home / "storm.csv"))
    return result


def _ours(stand: Stand, node: Node) -> dict[str, Any]:
    path = stand.home / "storm.csv"
    last_id = node.query("SELECT coalesce(max(id), 0) FROM session")
    with closing(node.cluster.connect(role=schema.OWNER, database=node.database)) as connection:
        changes = _Changes(connection, node.accounts)
        began_at = time.monotonic()
        changes.start()
        load = _run(stand, node.settings.auth_port, node.settings.acct_port, path)
        changes.stop()
        node.await_drained()
        drained_seconds = time.monotonic() - began_at
        sessions = node.query("SELECT count(*) FROM session WHERE id > %s", last_id)
        changes.undo()
    subscribers = _read(path)
    return {
        **_summary(load, subscribers),
        **held_against(subscribers, changes.committed_at),
        "sessions": sessions,
        "seconds_to_postgresql": drained_seconds,
    }


def _run(stand: Stand, auth_port: int, acct_port: int, path: Path) -> Load:
    return stand.radload.run(
        "storm",
        auth_port,
        acct_port=acct_port,
        users=stand.options.accounts,
        in_flight=IN_FLIGHT,
        seconds=_LIMIT_SECONDS,
        results=path,
    )


@dataclass
class _Changes:
    """Blocks one in a hundred, a few a commit, from a thread; remembers when each was committed."""

    connection: Connection
    accounts: int
    committed_at: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chosen = random.sample(range(self.accounts), max(1, self.accounts // _CHANGED_SHARE))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to block."""
        self._thread.start()

    def stop(self) -> None:
        """Block no more."""
        self._stopping.set()
        self._thread.join()

    def undo(self) -> None:
        """Let all of them in again."""
        with self.connection.cursor() as cur:
            cur.execute("UPDATE account SET blocked = false WHERE blocked")

    def _run(self) -> None:
        with self.connection.cursor() as cur:
            for first in range(0, len(self._chosen), _CHANGES_AT_ONCE):
                some = self._chosen[first : first + _CHANGES_AT_ONCE]
                names = [f"user{number:07d}" for number in some]
                cur.execute("UPDATE account SET blocked = true WHERE user_name = ANY(%s)", (names,))
                self.committed_at |= dict.fromkeys(some, time.monotonic())
                if self._stopping.wait(_PAUSE_SECONDS):
                    return


@dataclass(frozen=True)
class Subscriber:
    """What became of one: the code of the answer, and when it and the Accounting-Response came; 0 is never."""

    number: int
    code: int
    answered_at: float
    started_at: float


def _read(path: Path) -> list[Subscriber]:
    lines = (line.split(",") for line in path.read_text("ascii").splitlines())
    return [Subscriber(int(n), int(code), float(answered), float(started)) for n, code, answered, started in lines]


def _summary(load: Load, subscribers: list[Subscriber]) -> dict[str, Any]:
    return {
        "seconds": load.seconds,
        "accepted": load.accepted,
        "rejected": load.rejected,
        "started": load.responded,
        "lost": load.lost,
        "resent": load.resent,
        "p50_milliseconds": load.milliseconds["50"],
        "p99_milliseconds": load.milliseconds["99"],
        "unanswered": sum(one.code == 0 for one in subscribers),
    }


def held_against(subscribers: list[Subscriber], committed_at: dict[int, float]) -> dict[str, int]:
    """Return how many were changed, how many of them before they came, and what was answered wrongly."""
    before = [
        one
        for one in subscribers
        if one.number in committed_at and one.answered_at > committed_at[one.number] + OBEYED_SECONDS
    ]
    return {
        "changed": len(committed_at),
        "changed_before": len(before),
        "disobeyed": sum(one.code == _ACCEPT for one in before),
        "refused_unchanged": sum(one.code == _REJECT and one.number not in committed_at for one in subscribers),
    }


def tables(result: dict[str, Any]) -> list[Table]:
    """Return who was in when, and what was held against what."""
    peers = [name for name in ("ours", "rlm_sql") if name in result]
    rows = [
        [
            name,
            f"{result[name]['seconds']:.1f} s",
            *(count(result[name][key]) for key in ("accepted", "rejected", "started", "lost", "resent")),
            f"{result[name]['p99_milliseconds']:.0f} ms",
        ]
        for name in peers
    ]
    ours = result["ours"]
    note = (
        f"{ours['changed']:,} were blocked meanwhile, {ours['changed_before']:,} of them more than"
        f" {OBEYED_SECONDS:g} s before they were answered: {ours['disobeyed']} of these let in all the same."
        f" Refused without having been blocked: {ours['refused_unchanged']}."
        f" Sessions in PostgreSQL after {ours['seconds_to_postgresql']:.1f} s: {ours['sessions']:,}"
        f" of {ours['started']:,} acknowledged."
    )
    title = f"{result['subscribers']:,} subscribers come back, {result['in_flight']} at once"
    columns = ["", "all in", "accepted", "rejected", "started", "lost", "sent again", "p99"]
    return [Table(title, columns, rows, note)]
