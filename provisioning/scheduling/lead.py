"""Who leads: exactly one scheduler of a database, by a lock that PostgreSQL gives to one connection at a time.

Rules:

 1 The lock is of the very connection on which jobs run. Without the connection there is no lock, and no more work
   either: what was under way is rolled back by PostgreSQL before it gives the lock to somebody else.
 2 The connection is made once. SQLAlchemy would make another one where it is lost, which would have no lock.
 3 Whoever is killed leads no more at once: the kernel closes his connection, and PostgreSQL looks every second, amid a
   statement too. A machine that is gone without a word is noticed after ten seconds, from either side.

Known weakness: whoever may log in can take the lock (it is a number) and hold it.
"""

from typing import Any

import psycopg2
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from provisioning import database, driver

# a replica gives the lock as well, beside the primary
_LOCK = "SELECT NOT pg_is_in_recovery() AND pg_try_advisory_lock(hashtext('tollkeeper scheduler'), 0)"
# from the client's side, as libpq has them; and from the server's
_KEEPALIVES = {"keepalives_idle": 3, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 9000}
_SETTINGS = {
    "application_name": "tollkeeper scheduler",
    "client_connection_check_interval": "1s",
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "9s",
    "lock_timeout": "10s",  # who is locked out is asked again later, and holds up nobody meanwhile
    "idle_in_transaction_session_timeout": "0",
    "TimeZone": "UTC",
}
_SET = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s"  # an older server knows some of them not


class Candidate:
    """A connection that leads, or asks whether it may."""

    def __init__(self, dsn: str = "") -> None:
        """Connect; raise `psycopg2.Error`, `WrongSchema`."""
        self._raw = driver.connect(dsn, **_KEEPALIVES)
        self._given = False
        self.leads = False
        engine = create_engine(
            "postgresql+psycopg2://", creator=self._give, poolclass=NullPool, use_native_hstore=False
        )
        try:
            self._set_up()
            self.connection: Connection = engine.connect()
            with Session(self.connection) as session, session.begin():
                database.check_schema(session)
        except BaseException:
            self.close()
            raise

    def ask(self) -> bool:
        """Return whether this one leads now."""
        if not self.leads:
            with self.connection.begin():
                self.leads = bool(self.connection.scalar(text(_LOCK)))
        return self.leads

    def close(self) -> None:
        """Leave the lock to others."""
        self.leads = False
        self._raw.close()

    def _set_up(self) -> None:
        with self._raw, self._raw.cursor() as cursor:
            for name, value in _SETTINGS.items():
                cursor.execute(_SET, (value, name))

    def _give(self) -> Any:
        if self._given:
            raise psycopg2.OperationalError("the connection that led is gone")
        self._given = True
        return self._raw
