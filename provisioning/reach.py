"""How many customers an act concerns: before it is done to many, the operator is asked.

Who that is, the database knows from what was changed (schema.sql, customers_reached).
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning.intent import Intent

MOST_UNASKED = 10

# while the operator thinks, rows are locked: not for ever
_LIMIT = text("SET LOCAL idle_in_transaction_session_timeout = '2min'")
_COUNT = text("SELECT count(*) FROM customers_reached()")


def customers(session: Session) -> int:
    """Return how many customers are concerned by what this transaction has changed so far."""
    return int(session.execute(_COUNT).scalar_one())


def confirm(session: Session, wanted: Intent) -> None:
    """Ask the operator, who is there to be asked, before more than ten customers are concerned."""
    if wanted.confirmed or wanted.ask is None:
        return
    number = customers(session)
    if number > MOST_UNASKED:
        session.execute(_LIMIT)
        wanted.ask(number)
