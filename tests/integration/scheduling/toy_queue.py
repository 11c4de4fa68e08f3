"""A toy with a queue: one at a time is taken out; some cannot be."""

from sqlalchemy import text


def due(session, after, until):
    """Return now while there is something."""
    return until if session.scalar(text("SELECT EXISTS (SELECT FROM toy WHERE job = 'queue')")) else None


def run(session, at):
    """Take one out."""
    taken = text(
        "DELETE FROM toy WHERE ctid = (SELECT ctid FROM toy WHERE job = 'queue' AND does <> 'stay' LIMIT 1) RETURNING 1"
    )
    return {"taken": len(session.execute(taken).all())}
