"""Jobs to schedule that write a diary: which job ran for which moment. What they do besides is in their table.

toy      job, due_at, does: '' writes the diary; raise, break (SQL), die (its own connection), sleep
diary    job, at, in the order in which they were written
"""

from sqlalchemy import text

from provisioning.scheduling.job import Job

TABLES = """
CREATE TABLE toy (job text, due_at timestamptz, does text NOT NULL DEFAULT '');
CREATE TABLE diary (id bigint GENERATED ALWAYS AS IDENTITY, job text, at timestamptz);
"""
JOBS = [
    Job(name, f"Toy {name}.", f"tests.integration.scheduling.toy_{name}", talks=name == "talker")
    for name in ("first", "second", "queue", "talker")
]

_NEXT = text("SELECT min(due_at) FROM toy WHERE job = :job AND due_at > :after AND due_at <= :until")
_DOES = text("SELECT does FROM toy WHERE job = :job AND due_at = :at")
_WRITE = text("INSERT INTO diary (job, at) VALUES (:job, :at)")


class Toy:
    """A job that is due at the moments of its table."""

    def __init__(self, name):
        self.name = name

    def due(self, session, after, until):
        """Return the next moment."""
        return session.scalar(_NEXT, {"job": self.name, "after": after, "until": until})

    def run(self, session, at):
        """Write the diary, then do what the table says."""
        session.execute(_WRITE, {"job": self.name, "at": at})
        match session.scalar(_DOES, {"job": self.name, "at": at}):
            case "raise":
                raise ValueError("no such luck")
            case "break":
                session.execute(text("SELECT 1/0"))
            case "sleep":
                session.execute(text("SELECT pg_sleep(2)"))
            case "die":
                session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return {"written": 1, "left": 0}
