"""What becomes of verdicts and of answers: the rows of session_treatment, each a small machine of states (schema.sql).

                     verdict: other than applied              answered
    (no row), agreed  ------------------------->  waiting  ------------>  agreed        a CoA was acknowledged
                      <-------------------------    |  ^   ------------>  acknowledged  a Disconnect was, or the router
                        verdict: as applied         |  |                     |          knows no such session
                                                    |  '---------------------'          yet it goes on
                                                    v
                                       failed, impossible                 the row goes when accounting ends the session

Everything is said for sets of rows: a nightly run over a hundred thousand sessions is a few dozen statements.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies import treatment
from provisioning.enforcement.looking import Action, Verdict, as_json
from provisioning.enforcement.sender import Result

MOST_ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)
HEARD_OF_AFTER = timedelta(seconds=30)  # behind an acknowledgement: what was under way then proves nothing
_DEFAULT_INTERIM_SECONDS = 600  # as for stale sessions
_INTERIMS_TO_END = 2
SESSION_GONE = 503  # RFC 5176 3.5, Session-Context-Not-Found

_PUT = text("""
    INSERT INTO session_treatment (session_id, account_id, nas_address, applied, session_class, desired, reason, action,
                                   state, attempts, next_attempt_at, changed_at)
    SELECT session_id, account_id, nas_address, applied, session_class, desired, reason, action, state, :attempts,
           CASE state WHEN 'waiting' THEN CAST(:next AS timestamptz) END, :at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS verdict (session_id bigint, account_id bigint, nas_address inet,
         applied text, session_class text, desired text, reason text, action text, state text)
    ORDER BY session_id
    ON CONFLICT (session_id) DO UPDATE SET applied = excluded.applied, session_class = excluded.session_class,
        desired = excluded.desired, reason = excluded.reason, action = excluded.action, state = excluded.state,
        attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, acknowledged_at = NULL,
        changed_at = excluded.changed_at, nas_address = excluded.nas_address, account_id = excluded.account_id
""")
_FORGET = text("DELETE FROM session_treatment WHERE session_id = ANY(:ids)")
_ATTEMPTED = text("""
    INSERT INTO enforcement_attempt (session_id, account_id, user_name, nas_address, action, attributes, reason,
                                     attempt, sent_at, answered_at, outcome, error_cause, discarded)
    SELECT session_id, account_id, user_name, nas_address, action, attributes, reason, attempt,
           sent_at, answered_at, outcome, error_cause, least(discarded, 32767)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS attempt (session_id bigint, account_id bigint, user_name text,
         nas_address inet, action text, attributes jsonb, reason text, attempt smallint, sent_at timestamptz,
         answered_at timestamptz, outcome text, error_cause integer, discarded integer)
""")
_APPLIED = text("""
    UPDATE session_treatment AS known SET applied = mark
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (session_id bigint, mark text, action text, outcome text)
    WHERE known.session_id = told.session_id AND told.action = 'coa' AND outcome = 'ack'
""")
_ANSWERED = text("""
    UPDATE session_treatment AS known
    SET state = told.state, action = told.next_action, next_attempt_at = told.next_attempt_at,
        acknowledged_at = told.acknowledged_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (session_id bigint, mark text, state text, next_action text,
         next_attempt_at timestamptz, acknowledged_at timestamptz)
    WHERE known.session_id = told.session_id AND known.desired = told.mark AND known.state = 'waiting'
""")
_GIVE_UP = text(
    "UPDATE session_treatment SET state = 'impossible', next_attempt_at = NULL WHERE session_id = ANY(:ids)"
)
_STILL_THERE = text("""
    UPDATE session_treatment AS known
    SET state = CASE WHEN attempts >= :most THEN 'failed' ELSE 'waiting' END,
        next_attempt_at = CASE WHEN attempts >= :most THEN NULL ELSE CAST(:at AS timestamptz) END,
        acknowledged_at = NULL
    FROM session WHERE session.id = session_id AND known.state = 'acknowledged'
     AND (next_attempt_at <= :at OR last_heard_at > acknowledged_at + :heard_of_after)
""")
_CLAIM = text("""
    WITH due AS (
        SELECT claimed.session_id
        FROM unnest(CAST(:routers AS inet[]), CAST(:rooms AS integer[])) AS line (address, room), LATERAL (
            SELECT session_id FROM session_treatment AS waiting
            WHERE nas_address = line.address AND state = 'waiting' AND next_attempt_at <= :at
             AND session_id <> ALL (CAST(:not_these AS bigint[]))
             AND (CAST(:only AS bigint[]) IS NULL OR session_id = ANY(:only))
            ORDER BY next_attempt_at LIMIT line.room FOR UPDATE SKIP LOCKED) AS claimed)
    UPDATE session_treatment AS known SET attempts = attempts + 1, next_attempt_at = :lease
    FROM due WHERE known.session_id = due.session_id RETURNING known.session_id, attempts
""")


class Told(NamedTuple):
    """What was sent to a router about a session, and what came of it."""

    verdict: Verdict
    attempt: int
    attributes: Sequence[tuple[str, str]]
    outcome: Result
    sent_at: datetime
    answered_at: datetime | None = None
    error_cause: int | None = None
    discarded: int = 0


def put(
    session: Session, verdicts: Iterable[Verdict], at: datetime, *, attempts: int = 0, lease: datetime | None = None
) -> tuple[list[Verdict], list[Verdict]]:
    """Write what is new of verdicts; return those that wait to be sent: anew, and as before.

    With a lease they have been claimed: nobody else sends them before it ends.
    """
    settled = [(verdict, _state(verdict)) for verdict in verdicts]
    rows = [_row(verdict, state) for verdict, state in settled if state is not None]
    if rows:
        session.execute(_PUT, {"rows": as_json(rows), "at": at, "attempts": attempts, "next": lease or at})
    forgotten = [one.seen.online.id for one, _ in settled if _is_nobodys_business(one) and one.seen.known.desired]
    if forgotten:
        session.execute(_FORGET, {"ids": forgotten})
    new = [verdict for verdict, state in settled if state == "waiting"]
    return new, [_as_known(one) for one, state in settled if state is None and one.seen.known.state == "waiting"]


def claim(
    session: Session,
    rooms: Mapping[str, int],
    at: datetime,
    *,
    lease: datetime,
    not_these: Sequence[int],
    only: Sequence[int] | None = None,
) -> dict[int, int]:
    """Take what is due, for each router no more than there is room for; return attempts by session."""
    values = {"routers": list(rooms), "rooms": list(rooms.values()), "not_these": not_these, "only": only}
    found = session.execute(_CLAIM, {**values, "at": at, "lease": lease})
    return dict(found.tuples().all())


def answered(session: Session, told: Sequence[Told]) -> None:
    """Write what came of requests."""
    rows = [_told_row(one) for one in told]
    for statement in (_ATTEMPTED, _APPLIED, _ANSWERED):
        session.execute(statement, {"rows": as_json(rows)})


def give_up(session: Session, session_ids: Sequence[int]) -> None:
    """Note of sessions that what is to be told cannot be written."""
    if session_ids:
        session.execute(_GIVE_UP, {"ids": session_ids})


def disbelieve(session: Session, at: datetime) -> None:
    """Have those told again who were to be gone, and are heard of still, or have not been heard to end."""
    session.execute(_STILL_THERE, {"at": at, "most": MOST_ATTEMPTS, "heard_of_after": HEARD_OF_AFTER})


def _state(verdict: Verdict) -> str | None:
    """Return the state that a verdict leads to; None where nothing is new."""
    known, applied = verdict.seen.known, verdict.seen.applied
    if _is_nobodys_business(verdict):
        return None
    if applied == verdict.desired:
        return None if known.state in (None, "agreed") and known.applied in (None, applied) else "agreed"
    wanted = "impossible" if verdict.action == "none" else "waiting"
    if known.desired != verdict.desired or known.state in (None, "agreed"):
        return wanted
    return wanted if (known.state == "impossible") != (wanted == "impossible") else None


def _is_nobodys_business(verdict: Verdict) -> bool:
    """Whether nobody knows how it is treated, and it may be as it is."""
    return verdict.seen.applied is None and treatment.kind_of(verdict.desired) == "access"


def _as_known(verdict: Verdict) -> Verdict:
    """Return the verdict with what was refused already left out: who takes no CoA is disconnected."""
    if verdict.seen.known.action == "disconnect" and verdict.action == "coa":
        return verdict._replace(action="disconnect", attributes=())
    return verdict


def _row(verdict: Verdict, state: str) -> dict[str, Any]:
    online = verdict.seen.online
    return {
        "session_id": online.id,
        "account_id": online.account_id,
        "nas_address": online.nas_address,
        "applied": verdict.seen.applied,
        "session_class": online.session_class,
        "desired": verdict.desired,
        "reason": verdict.reason,
        "action": verdict.action,
        "state": state,
    }


def _told_row(told: Told) -> dict[str, Any]:
    verdict, online = told.verdict, told.verdict.seen.online
    return {
        "session_id": online.id,
        "account_id": online.account_id,
        "user_name": online.user_name,
        "nas_address": online.nas_address,
        "action": verdict.action,
        "mark": verdict.desired,
        "attributes": told.attributes,
        "reason": verdict.reason,
        "attempt": told.attempt,
        "sent_at": told.sent_at,
        "answered_at": told.answered_at,
        "outcome": told.outcome,
        "error_cause": told.error_cause,
        "discarded": told.discarded,
        **_next(told, told.answered_at or told.sent_at),
    }


def _next(told: Told, at: datetime) -> dict[str, Any]:
    """Return the state that an answer leads to."""
    action, seen = told.verdict.action, told.verdict.seen
    if told.outcome == "ack" and action == "coa":
        return _step("agreed", action)
    if told.outcome == "ack" or told.error_cause == SESSION_GONE:
        seconds = _INTERIMS_TO_END * (seen.interim_seconds or _DEFAULT_INTERIM_SECONDS)
        return _step("acknowledged", action, at + timedelta(seconds=seconds), at)
    if told.outcome == "nak" and action == "coa" and seen.router.takes_disconnect:
        return _step("waiting", "disconnect", at)
    if told.attempt >= MOST_ATTEMPTS:
        return _step("failed", action)
    return _step("waiting", action, at + min(FIRST_PAUSE * 2 ** (told.attempt - 1), LONGEST_PAUSE))


def _step(
    state: str, action: Action, next_attempt_at: datetime | None = None, acknowledged_at: datetime | None = None
) -> dict[str, Any]:
    return {
        "state": state,
        "next_action": action,
        "next_attempt_at": next_attempt_at,
        "acknowledged_at": acknowledged_at,
    }
