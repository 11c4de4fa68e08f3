"""A migration, carried out in the caller's transaction: packages, routers, customers with accounts, open sessions.

What is done is written down as any import's rows are, so that `import undo` takes it back. A plan is the same, taken
back at its end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from policies.dictionary import Dictionary
from provisioning import database
from provisioning.importing import run as running
from provisioning.importing.customers import Customers
from provisioning.importing.document import Document
from provisioning.importing.entry import Entry, Outcome
from provisioning.importing.recorder import Recorder
from provisioning.importing.references import References
from provisioning.importing.run import BATCH_ROWS, Run
from provisioning.migration import online
from provisioning.migration.mapping import Rules
from provisioning.migration.meaning import Remark
from provisioning.migration.packages import Packages
from provisioning.migration.report import Report
from provisioning.migration.routers import Routers
from provisioning.migration.source import Old
from provisioning.migration.subscribers import Subscribers
from provisioning.models import Account, AccountNas, Installation, Nas, Note
from vault.sealed import Seal

_CUSTOMERS = text("SELECT user_name, customer_id FROM account WHERE user_name = ANY(CAST(:names AS text[]))")
# PostgreSQL knows nothing of rows that are not committed yet, and would read the whole table for each static address:
# of 50,000 users with 5,000 of those 35 s of 73. An operator who may not do this gets a warning that nobody sees.
_ANALYSED_AT = frozenset({1, 4, 16, 64})


@dataclass
class Ready(Run):
    """A run whose rows are entries already."""

    entries: Iterator[Entry] = field(default_factory=lambda: iter(()))

    def _batches(self) -> Iterator[list[Entry | Outcome]]:
        for number, batch in enumerate(iter(lambda: list(islice(self.entries, BATCH_ROWS)), [])):
            if number in _ANALYSED_AT:
                self.session.execute(text("ANALYZE account"))
            yield [*batch]


@dataclass
class Migration:
    """One old database on its way into ours."""

    session: Session
    old: Old
    seal: Seal
    dictionary: Dictionary
    group: str | None
    zone: str | None = None  # of the old server's dates; None: the provider's
    with_sessions: bool = True
    tell: Callable[[Iterator[Outcome], int], Iterator[Outcome]] = lambda outcomes, _number: outcomes
    report: Report = field(default_factory=Report)

    def carry_out(self) -> int:
        """Do it, and return the import's id; `report` says what was done."""
        document = Document(self.old.name, self.old.sha256, (), "", is_json=False)
        run_id = running.begin(self.session, document, "radius")
        recorder = Recorder(self.session)
        zone = self.zone or self.session.scalars(select(Installation.time_zone)).one()
        subscribers = Subscribers(self.session, self.old, Rules(self.dictionary, ZoneInfo(zone)), self.report)
        subscribers.understand()
        packages = Packages(self.session, recorder)
        packages.prepare(subscribers.wanted)
        routers = Routers(self.session, recorder, self.seal, self.report)
        routers.take(self.old.routers, subscribers.spoken)
        recorder.write(run_id)
        counts = self._people(run_id, document, recorder, subscribers, packages)
        bound = self._bind(recorder, subscribers)
        opened = self._open(recorder)
        recorder.write(run_id)
        counts["create"] += len(packages.added) + routers.added + bound + opened
        running.end(self.session, run_id, counts)
        self.report.counts |= {
            "routers added": routers.added,
            "packages added": len(packages.added),
            "bindings added": bound,
            "sessions opened": opened,
        }
        return run_id

    @property
    def does_something(self) -> bool:
        """Whether there was anything to do."""
        done = self.report.counts
        return any(done[key] for key in done if key.split()[-1] in ("added", "changed", "opened"))

    def _people(
        self, run_id: int, document: Document, recorder: Recorder, subscribers: Subscribers, packages: Packages
    ) -> dict[str, int]:
        references = References(self.session, self.group)
        carrier = Customers(self.session, recorder, references, self.seal)
        run = Ready(self.session, document, "customers", carrier, recorder, entries=subscribers.entries(packages))
        new = []
        for outcome in self.tell(run.outcomes(run_id), len(subscribers.users)):
            user = subscribers.users[outcome.line - 1]
            if outcome.action == "error":
                self.report.errors.append((user.name, outcome.cause or ""))
            elif outcome.action == "create" and user.person.note:
                new.append((user.name, "; ".join(user.person.note)))
        self._write_notes(recorder, new)
        self.report.counts = {
            "users": len(subscribers.users),
            "customers added": run.counts["create"],
            "customers changed": run.counts["change"],
            "as they were": run.counts["nothing"],
            "not taken over": len(self.report.errors),
        }
        return run.counts

    def _write_notes(self, recorder: Recorder, new: list[tuple[str, str]]) -> None:
        if not new:
            return
        owners = dict(iter(self.session.execute(_CUSTOMERS, {"names": [name for name, _ in new]}).tuples()))
        values = [{"customer_id": owners[name], "text": f"daloRADIUS: {words}"[:1000]} for name, words in new]
        with database.translated():
            made = self.session.scalars(insert(Note).returning(Note.id), values)
            recorder.added(Note, id=list(made))

    def _bind(self, recorder: Recorder, subscribers: Subscribers) -> int:
        """Bind accounts to the routers that their conditions name; those that are not ours are remarked upon."""
        wanted = {user.name: user.meaning.nas_addresses for user in subscribers.users if user.meaning.nas_addresses}
        if not wanted:
            return 0
        routers = dict(iter(self.session.execute(select(Nas.address, Nas.id)).tuples()))
        accounts = select(Account.user_name, Account.id).where(Account.user_name.in_(wanted))
        ids = dict(iter(self.session.execute(accounts).tuples()))
        bound = select(AccountNas.account_id, AccountNas.nas_id).where(AccountNas.account_id.in_(ids.values()))
        there = set(self.session.execute(bound).tuples())
        new = []
        for name, addresses in wanted.items():
            for address in addresses:
                if address not in routers:
                    why = "no such router: the condition is not kept"
                    self.report.add(name, Remark("lost", "NAS-IP-Address", why, address))
                elif name in ids and (pair := (ids[name], routers[address])) not in there:
                    new.append({"account_id": pair[0], "nas_id": pair[1]})
        if new:
            with database.translated():
                self.session.execute(insert(AccountNas), new)
            recorder.added(
                AccountNas, account_id=[one["account_id"] for one in new], nas_id=[one["nas_id"] for one in new]
            )
        return len(new)

    def _open(self, recorder: Recorder) -> int:
        if not self.with_sessions:
            return 0
        now = datetime.now(UTC).timestamp()
        with database.translated():
            return online.take(self.session, recorder, self.report, self.old.sessions, now)
