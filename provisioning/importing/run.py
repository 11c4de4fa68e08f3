"""Going through a file: rows in batches, in the order of the file; what is refused is refused row by row.

A batch is in a savepoint. Where the database refuses it, its halves are tried, and so on down to the row at fault.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import database
from provisioning.errors import OperatorError
from provisioning.importing import columns, entry
from provisioning.importing.document import Document
from provisioning.importing.entry import Entry, Misread, Outcome
from provisioning.importing.recorder import Recorder
from provisioning.models import ImportRun

BATCH_ROWS = 1000

# what is asked at commit elsewhere is asked here row by row; the audit's entry is still sealed at commit
_ASK_NOW = text("SET CONSTRAINTS customer_belongs, customer_still_belongs IMMEDIATE")
_ASK_LATER = text("SET CONSTRAINTS customer_belongs, customer_still_belongs DEFERRED")

# Of tables that have grown since they were last analysed, PostgreSQL would look up a thousand user names in the trigram
# index, which knows equality too: seconds in place of milliseconds. It does so by bitmap scans only.
_PLAN = text("SET LOCAL enable_bitmapscan = off")


class Carrier(Protocol):
    """Does what rows of one kind say."""

    def identities(self, entry: Entry) -> Iterator[object]:
        """Return what makes a row depend on another one."""

    def carry_out(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Do what these rows say; raise what the database refuses."""


@dataclass
class Run:
    """A file on its way into the database; `counts` what became of its rows so far."""

    session: Session
    document: Document
    kind: str
    carrier: Carrier
    recorder: Recorder
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("create", "change", "nothing", "error"), 0))

    def outcomes(self, run_id: int) -> Iterator[Outcome]:
        """Carry out the rows, and return what became of each, a batch at a time, about in the order of the file."""
        self.session.execute(_PLAN)
        for batch in self._batches():
            readable = [one for one in batch if isinstance(one, Entry)]
            done = {outcome.line: outcome for outcome in self._attempt(readable)} if readable else {}
            self.recorder.write(run_id)
            self.session.expunge_all()
            for one in batch:
                outcome = done[one.line] if isinstance(one, Entry) else one
                self.counts[outcome.action] += 1
                yield outcome

    def _batches(self) -> Iterator[list[Entry | Outcome]]:
        """Return rows together that do not depend on each other.

        One that depends on another of its batch begins the next; if it has its code, those behind it need not wait.
        """
        waiting: deque[Entry | Outcome] = deque()
        rows = self._read()
        while batch := self._batch(waiting, rows):
            yield batch

    def _batch(self, waiting: deque[Entry | Outcome], rows: Iterator[Entry | Outcome]) -> list[Entry | Outcome]:
        batch: list[Entry | Outcome] = []
        put_off: list[Entry | Outcome] = []
        seen: set[object] = set()
        seen_later: set[object] = set()
        while len(batch) < BATCH_ROWS > len(put_off):
            one = waiting.popleft() if waiting else next(rows, None)
            if one is None:
                break
            mine = set(self.carrier.identities(one)) if isinstance(one, Entry) else set()
            if mine.isdisjoint(seen) and mine.isdisjoint(seen_later):
                batch.append(one)
                seen |= mine
                continue
            put_off.append(one)
            seen_later |= mine
            if isinstance(one, Entry) and "code" not in one.of("customer"):
                break  # codes are given in the order of the file
        waiting.extendleft(reversed(put_off))
        return batch

    def _read(self) -> Iterator[Entry | Outcome]:
        of_header = columns.of_header(self.kind, self.document.header)
        for row in self.document.rows():
            try:
                yield entry.read(row, of_header)
            except Misread as exc:
                yield exc.outcome

    def _attempt(self, entries: Sequence[Entry]) -> list[Outcome]:
        mark = self.recorder.mark()
        try:
            with database.translated(), self.session.begin_nested():
                outcomes = self.carrier.carry_out(entries)
                self.session.flush()
                self.session.execute(_ASK_NOW)
                self.session.execute(_ASK_LATER)
        except OperatorError as exc:
            self.recorder.forget(mark)
            self.session.expunge_all()
            if len(entries) == 1:
                return [Outcome(entries[0].line, "error", cause=exc.message)]
            middle = len(entries) // 2
            return self._attempt(entries[:middle]) + self._attempt(entries[middle:])
        return outcomes


def begin(session: Session, document: Document, kind: str) -> int:
    """Note that a file is being imported; return the import's id."""
    row = ImportRun(
        kind=kind,
        file_name=document.name,
        file_sha256=document.sha256,
        created_rows=0,
        changed_rows=0,
        unchanged_rows=0,
    )
    session.add(row)
    database.flush(session)
    return row.id


def end(session: Session, run_id: int, counts: dict[str, int]) -> None:
    """Note what has become of the file's rows."""
    row = session.get_one(ImportRun, run_id)
    row.created_rows, row.changed_rows, row.unchanged_rows = counts["create"], counts["change"], counts["nothing"]
    database.flush(session)
