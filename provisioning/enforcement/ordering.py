"""What operators order: a session to be ended, what has failed to be tried again."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import reading
from provisioning.acts import begin
from provisioning.enforcement import listing
from provisioning.errors import NotFound
from provisioning.reading import Row

_PATIENCE_SECONDS = 20.0  # a request fails after 14, and the scheduler comes round each second
_PAUSE_SECONDS = 0.2
_UNTOLD: Row = {"outcome": "ordered", "error_cause": None}
_IMPOSSIBLE = "SELECT session_id FROM session_treatment WHERE session_id = ANY(%(ids)s) AND state = 'impossible'"
_FIND = text("""
    SELECT session.id, session.user_name, coalesce(nas.name, host(nas_address)),
           (SELECT coalesce(max(attempt.id), 0) FROM enforcement_attempt AS attempt WHERE session_id = session.id)
    FROM session LEFT JOIN nas ON nas.address = nas_address
    WHERE session.id = :id OR session.user_name = :user_name ORDER BY session.id
""")
_ORDER = text("""
    INSERT INTO disconnect_order (session_id, account_id, user_name, nas_address)
    SELECT id, account_id, user_name, nas_address FROM session WHERE id = ANY(:ids)
    ON CONFLICT (session_id) DO UPDATE SET ordered_at = now()
""")
_AGAIN = text(
    "SELECT retry_enforcement(account_id, nas_address) FROM session WHERE id = ANY(:ids) AND account_id IS NOT NULL"
)
_RETRY = text("SELECT retry_enforcement(CAST(:account_id AS bigint), CAST(:nas AS inet))")
_OWNER = text("SELECT asks_as_owner()")


class Ordered(NamedTuple):
    """A session that is to be ended."""

    session_id: int
    user_name: str
    nas: str
    last_attempt_id: int  # of before


def disconnect(session: Session, *, session_id: int | None = None, user_name: str | None = None) -> Sequence[Ordered]:
    """Order a session, or all of a user's, to be ended; raise `NotFound` where none is open."""
    with begin(session, "session disconnect", area="session"):
        found = [Ordered(*row) for row in session.execute(_FIND, {"id": session_id, "user_name": user_name})]
        if not found:
            whose = f"with the id {session_id}" if user_name is None else f"of {user_name!r}"
            raise NotFound(f"no session {whose} is open", "See who is online: tollkeeper session list.")
        ids = [one.session_id for one in found]
        session.execute(_ORDER, {"ids": ids})
        session.execute(_AGAIN, {"ids": ids})  # what was ordered before, and has failed
        return found


def retry(session: Session, *, account_id: int | None = None, nas: str | None = None) -> int:
    """Begin anew with what has not been brought about; return with how many sessions."""
    with begin(session, "enforcement retry", area="session"):
        return int(session.execute(_RETRY, {"account_id": account_id, "nas": nas}).scalar_one())


def carried_out(ordered: Sequence[Ordered], at: datetime, *, sends: bool) -> list[Row]:
    """Tell the routers, or wait until the scheduler has; return what came of it, session by session."""
    from provisioning.enforcement import job

    ids = [one.session_id for one in ordered]
    if sends:
        job.tell("", ids, at)
    until = time.monotonic() + _PATIENCE_SECONDS  # the scheduler may have been quicker
    while len(told := _told(ordered)) < len(ids) and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
    return [_shown(one) | told.get(one.session_id, _UNTOLD) for one in ordered]


def _shown(one: Ordered) -> Row:
    return {"session_id": one.session_id, "user_name": one.user_name, "nas": one.nas}


def _told(ordered: Sequence[Ordered]) -> dict[int, Row]:
    """Return by session what the last request since the order came to."""
    ids, before = [one.session_id for one in ordered], {one.session_id: one.last_attempt_id for one in ordered}
    with reading.look() as look:
        told = {
            session_id: {"outcome": "impossible", "error_cause": None}
            for session_id in look.column(_IMPOSSIBLE, ids=ids)
        }
        for row in reversed(listing.attempts(look, sessions=ids)):
            if row["id"] > before[row["session_id"]]:
                told[row["session_id"]] = {"outcome": row["outcome"], "error_cause": row["error_cause"]}
    return told


def may_send(session: Session) -> bool:
    """Whether this operator can reach routers itself; others wait for the scheduler."""
    return bool(session.scalar(_OWNER))
