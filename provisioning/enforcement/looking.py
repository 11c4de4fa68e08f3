"""Looking at open sessions: what each was told, what it should be told, and what would lead from the one to the other.

Sessions are decided by the hook's own rules on the hook's own rows, as a dry run does it (provisioning/effect.py), but
that other sessions do not count: who is in is not thrown out for being one too many.

Rules:

 1 What a session was told is what a CoA has told it since its login, else what its Class says. Of a Class that is not
   ours nobody knows; then only a refusal or a walled garden is brought about.
 2 A refusal is a Disconnect. Other speeds or walls are a CoA, where router and vendor take one, else a Disconnect: its
   next login is told.
   What was told before has to be remembered for a CoA (treatment_mark): it is, of every login that was looked at.
 3 Walls that have addresses of their own, and addresses that only those outside may have, take a new login.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies import mac, reply, treatment
from policies.decide import SPEED_UNEXPRESSIBLE, Decision, decide
from policies.facts import Facts, Pair
from policies.speed import Unexpressible
from policies.vendors import VENDORS
from policies.vendors.vendor import Pairs
from provisioning.live_facts import Online, Reader

Action = Literal["coa", "disconnect", "none"]

ORDERED = "ordered"
_FOR_EVER_SECONDS = 2**31 - 1  # of a session whose walled garden had an end and that has none any more

_SESSIONS = text("""
    SELECT session.id, session.account_id, session.user_name, customer.code,
           coalesce(nas.name, host(session.nas_address)), host(session.nas_address),
           session.session_class, calling_station_id, port, started_at,
           acct_session_id, host(session.ipv4_address), interim_seconds, disconnect_order.session_id IS NOT NULL,
           nas.id, coa_port, secret, takes_coa, takes_disconnect, coa_packets_a_second,
           known.applied, known.session_class, known.desired, known.action, known.state
    FROM session
    LEFT JOIN account ON account.id = session.account_id LEFT JOIN customer ON customer.id = customer_id
    LEFT JOIN nas ON nas.address = session.nas_address
    LEFT JOIN session_treatment AS known ON known.session_id = session.id
    LEFT JOIN disconnect_order ON disconnect_order.session_id = session.id
     AND disconnect_order.account_id IS NOT DISTINCT FROM session.account_id  -- whose it is, its own row says
    WHERE session.id = ANY(:ids) ORDER BY session.id
""")
_REMEMBERED = text("SELECT mark, attributes FROM treatment_mark WHERE mark = ANY(:marks)")
_REMEMBER = text(
    "INSERT INTO treatment_mark SELECT mark, attributes"
    " FROM jsonb_to_recordset(CAST(:marks AS jsonb)) AS told (mark text, attributes jsonb) ON CONFLICT DO NOTHING"
)


class Router(NamedTuple):
    """The router of a session, as far as it is told things."""

    id: int | None  # None: it is none of ours, or no longer
    coa_port: int
    secret: bytes
    takes_coa: bool | None
    takes_disconnect: bool
    packets_a_second: int


class Known(NamedTuple):
    """What session_treatment has of a session; all None where it has nothing."""

    applied: str | None
    session_class: str | None
    desired: str | None
    action: Action | None
    state: str | None


class Seen(NamedTuple):
    """An open session, its router, and what is known of how it was treated."""

    online: Online
    acct_session_id: str
    ipv4_address: str | None
    interim_seconds: int | None
    is_ordered: bool  # an operator wants it ended
    router: Router
    known: Known

    @property
    def applied(self) -> str | None:
        """What it was told; None: nobody knows (rule 1)."""
        if self.known.applied is not None and self.known.session_class == self.online.session_class:
            return self.known.applied
        return treatment.of_class(self.online.session_class)


class Verdict(NamedTuple):
    """A session, the mark of what it should be told and why; how to tell it, and with which attributes."""

    seen: Seen
    desired: str
    reason: str
    action: Action = "none"
    attributes: Pairs = ()


class _Wanted(NamedTuple):
    decision: Decision
    facts: Facts | None
    mark: str
    told: Pairs = ()


def look(session: Session, ids: Sequence[int], now: datetime) -> list[Verdict]:
    """Return a verdict on each of these sessions that is open and of an account of ours, or ordered to end."""
    found = [_seen(row) for row in session.execute(_SESSIONS, {"ids": list(ids)})]
    ours = [one for one in found if one.online.account_id is not None]
    facts = Reader(session).facts([one.online for one in ours], now.timestamp()) if ours else ()
    wanted = [(one, _wanted(one, each, now.timestamp())) for one, each in zip(ours, facts, strict=True)]
    _remember(session, (each for _, each in wanted))
    before = _remembered(session, {one.applied for one, each in wanted if one.applied != each.mark} - {None})
    verdicts = [_verdict(one, each, before.get(one.applied or "")) for one, each in wanted if not one.is_ordered]
    return verdicts + [_ended(one, ORDERED) for one in found if one.is_ordered]


def _seen(row: Sequence[Any]) -> Seen:
    fields = list(row)
    router = Router(fields[14], fields[15], bytes(fields[16] or b""), *fields[17:20])
    acct_session_id, ipv4_address, interim_seconds, is_ordered = fields[10:14]
    online, known = Online(*fields[:10]), Known(*fields[20:])
    return Seen(online, acct_session_id, ipv4_address, interim_seconds, is_ordered, router, known)


def _wanted(seen: Seen, facts: Facts | None, now: float) -> _Wanted:
    if facts is not None and _is_strange_device(seen.online, facts):
        facts = None
    if facts is not None:
        facts = replace(facts, other_sessions=0)
    decision = decide(facts, now)
    if facts is None or decision.outcome == "reject":
        return _Wanted(decision, facts, treatment.REJECTED)
    try:
        pairs = reply.fixed(decision, facts, is_ppp=False)
    except Unexpressible:
        return _Wanted(SPEED_UNEXPRESSIBLE, facts, treatment.REJECTED)
    told = treatment.live(pairs, reply.vendor_of(facts))
    return _Wanted(decision, facts, treatment.mark_of(decision, facts, pairs), told)


def _is_strange_device(online: Online, facts: Facts) -> bool:
    """Whether it logged in by a MAC that is not the account's any more, or may not do so."""
    if online.user_name == facts.account.user_name or mac.normalise(online.user_name) is None:
        return False
    device = facts.device
    return device is None or not device.mac_auth or device.user_name != facts.account.user_name


def _verdict(seen: Seen, wanted: _Wanted, before: Pairs | None) -> Verdict:
    reason = wanted.decision.reason.value
    if wanted.mark == treatment.REJECTED or wanted.facts is None:
        return _ended(seen, reason)
    if seen.applied == wanted.mark:
        return Verdict(seen, wanted.mark, reason)
    attributes = None if before is None else _change(seen, wanted, before)
    if attributes is None:
        return _ended(seen, reason)._replace(desired=wanted.mark)
    return Verdict(seen, wanted.mark, reason, "coa", attributes)


def _ended(seen: Seen, reason: str) -> Verdict:
    can = seen.router.id is not None and seen.router.takes_disconnect
    return Verdict(seen, treatment.REJECTED, reason, "disconnect" if can else "none")


def _change(seen: Seen, wanted: _Wanted, before: Pairs) -> Pairs | None:
    """Return the attributes of a CoA; None where there is none that does it (rules 2 and 3)."""
    facts, applied = wanted.facts, seen.applied
    vendor = VENDORS["generic"] if facts is None else reply.vendor_of(facts)
    if facts is None or applied is None or seen.router.takes_coa is False or vendor.coa is None:
        return None
    attributes = vendor.coa(before, wanted.told)
    kinds = treatment.kind_of(applied), treatment.kind_of(wanted.mark)
    if attributes is None or kinds[0] == kinds[1]:
        return attributes
    if "pooled garden" in kinds or _has_addresses(facts):
        return None
    seconds = wanted.decision.session_timeout_seconds or _FOR_EVER_SECONDS
    return (*attributes, Pair("Session-Timeout", "=", str(seconds)))


def _has_addresses(facts: Facts) -> bool:
    extras = facts.account.extras
    return extras is not None and any(
        (extras.ipv4_address, extras.ipv6_prefix, extras.delegated_ipv6_prefix, extras.routes, extras.reply_attributes)
    )


def _remember(session: Session, wanted: Iterable[_Wanted]) -> None:
    """Keep what marks stand for: who is to be told of a change has to know what was said before."""
    marks = {each.mark: each.told for each in wanted if each.mark != treatment.REJECTED}
    if marks:
        rows = [{"mark": mark, "attributes": told} for mark, told in sorted(marks.items())]
        session.execute(_REMEMBER, {"marks": as_json(rows)})


def _remembered(session: Session, marks: Iterable[str | None]) -> Mapping[str, Pairs]:
    rows = session.execute(_REMEMBERED, {"marks": list(marks)})
    return {mark: tuple(Pair(*pair) for pair in attributes) for mark, attributes in rows}


def as_json(rows: Any) -> str:
    """Return rows as jsonb_to_recordset takes them."""
    return json.dumps(rows, default=datetime.isoformat)
