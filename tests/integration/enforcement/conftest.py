"""A provider whose customers are online on simulated routers.

enforced    .package(1, download_bps=...) and other columns; .sql(statement, ...) by hand
            .nas("edge1", vendor="mikrotik") -> a SimulatedNas, registered and listening
            .log_in("frikkie", nas) -> id of an open session whose Class says what its login was told now
            .work(seconds=0) -> counts of the job, at NOW plus so many seconds
            .treatment(id), .attempts(id) -> rows as dictionaries
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2.extras
import pytest

from provisioning import database as operations
from provisioning.enforcement import job, looking
from tests.fix_sessions import Accounting
from tests.simulated_nas import ACCT_SESSION_ID, Heard, SimulatedNas
from vault.sealed import NAS_SECRET, Seal

SECRET = b"xyzzy5461xyzzy5461"
_ADDRESSES = itertools.cycle(range(2, 250))
_PROVIDER = """
INSERT INTO customer_group (name) VALUES ('Homes');
INSERT INTO package (name, download_bps, upload_bps) VALUES ('Home', 50000000, 10000000);
INSERT INTO customer (code, group_id, first_name) VALUES ('FRI001', 1, 'Frikkie'), ('ANN001', 1, 'Ann');
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie'), (1, 1, 'office'), (2, 1, 'ann');
"""


@dataclass
class Enforced:
    """See the head of this file."""

    accounting: Accounting
    seal: Seal
    routers: ExitStack
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def dsn(self) -> str:
        """Of the database, as its owner."""
        return self.accounting.database.dsn

    def sql(self, statement: str, *arguments: Any) -> Any:
        """Run a statement; return its first value."""
        return self.accounting.sql(statement, *arguments)

    def nas(self, name: str, vendor: str = "mikrotik", **columns: Any) -> SimulatedNas:
        """Return a router that listens, and that says yes and ends the session, until it is told otherwise."""
        made = self.routers.enter_context(SimulatedNas(f"127.0.0.{next(_ADDRESSES)}", SECRET, on_ack=self.end))
        columns = {"coa_packets_a_second": 1000, **columns}
        self.sql(
            f"INSERT INTO nas (name, address, secret, vendor, coa_port, {', '.join(columns)})"
            f" VALUES (%s, %s, %s, %s, %s{', %s' * len(columns)})",
            *(name, made.address, self.seal.seal(SECRET, NAS_SECRET), vendor, made.port, *columns.values()),
        )
        return made

    def log_in(self, user_name: str, nas: SimulatedNas, *, knows: bool = True, **columns: Any) -> int:
        """Return an open session; of one that nobody knows how it was answered with knows=False."""
        at = self.began - timedelta(minutes=5)
        times = {"started_at": at, "last_heard_at": at}
        opened = self.accounting.opened(
            user_name=user_name, nas_address=nas.address, acct_session_id=f"s-{user_name}", **times, **columns
        )
        if knows:
            with operations.transaction(self.dsn) as session:
                (verdict,) = looking.look(session, [opened], self.began)
            session_class = f"0x544b{verdict.desired}{opened:020x}"
            self.sql("UPDATE session SET session_class = %s WHERE id = %s", session_class, opened)
        return opened

    def end(self, heard: Heard) -> None:
        """End the session of a Disconnect-Request, as accounting would."""
        if heard.code == 40:
            number = (heard.value(ACCT_SESSION_ID) or b"").decode()
            with closing(self.accounting.database.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("DELETE FROM session WHERE acct_session_id = %s", (number,))

    def work(self, seconds: float = 0) -> dict[str, int]:
        """Run the job, and say what it did."""
        return dict(job.work(self.dsn, self.began + timedelta(seconds=seconds)))

    def treatment(self, session_id: int) -> dict[str, Any] | None:
        """Return what is known of how a session is treated."""
        return next(iter(self._rows("session_treatment", session_id)), None)

    def attempts(self, session_id: int) -> list[dict[str, Any]]:
        """Return what routers were told of a session, in order."""
        return self._rows("enforcement_attempt", session_id)

    def _rows(self, table: str, session_id: int) -> list[dict[str, Any]]:
        with (
            closing(self.accounting.database.connect()) as connection,
            connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor,
        ):
            cursor.execute(f"SELECT * FROM {table} WHERE session_id = %s ORDER BY 1", (session_id,))
            return [dict(row) for row in cursor]


@pytest.fixture
def enforced(accounting: Accounting, seal: Seal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enforced]:
    """Return a provider whose customers are online; see the head of this file."""
    monkeypatch.setenv("TOLLKEEPER_KEY_FILE", str(accounting.database.key_file))
    accounting.sql(_PROVIDER)
    with ExitStack() as routers:
        yield Enforced(accounting, seal, routers)
