"""Sessions with PostgreSQL: transactions in which something may change. provisioning/reading.py is for looking only."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import NullPool

from provisioning import acting, driver, intent, reach
from provisioning.errors import Conflict


def make_engine(dsn: str = "") -> Engine:
    """Return an engine for the database of a libpq string, completed by libpq's variables."""

    return create_engine(
        "postgresql+psycopg2://", creator=lambda: driver.connect(dsn), poolclass=NullPool, use_native_hstore=False
    )


@contextmanager
def transaction(dsn: str = "") -> Iterator[Session]:
    """Give a session on a database of the right version; commit at the end, roll back on any exception.

    A dry run finds out what has changed, and rolls back. Before much is changed the operator is asked.
    """
    wanted = intent.current()
    with translated(), Session(make_engine(dsn), autoflush=False, expire_on_commit=False) as session, session.begin():
        check_schema(session)
        if wanted.act_as is not None:
            acting.act_as(session, wanted.act_as)
        if wanted.dry_run:
            from provisioning import dry_run  # heavy, and rarely wanted

            with dry_run.pretended(session, wanted):
                yield session
        else:
            yield session
            session.flush()
            reach.confirm(session, wanted)


def check_schema(session: Session) -> None:
    """Refuse a database whose schema this program does not know; raise `WrongSchema`."""
    there = session.scalar(text("SELECT to_regclass('installation') IS NOT NULL"))
    driver.check_version(session.scalar(text("SELECT schema_version FROM installation")) if there else None)


def flush(session: Session) -> None:
    """Send what was changed so far, so that what the database refuses is known here and now."""
    with translated():
        session.flush()


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as what they mean to an operator."""
    try:
        yield
    except exc.DBAPIError as failure:
        raise driver.translate(failure.orig) from failure
    except StaleDataError as failure:
        # or row-level security has let it be read, not changed
        raise Conflict(
            "somebody else has changed it in the meantime, or it is not yours to change",
            "Look at it again, then decide.",
        ) from failure
