"""What the hook tells about itself: its status, and why it answers somebody as it does."""

from collections.abc import Mapping
from time import time
from typing import Any

from policies import reply
from policies.decide import Decision, decide
from policies.explain import explain
from policies.facts import Facts, Nas
from policies.request import AccessRequest
from policies.speed import Unexpressible
from radiusd.control import BadQuestion
from radiusd.feed import Feed
from radiusd.hook import Hook
from radiusd.rejections import Rejections
from radiusd.source import SCHEMA_VERSION
from radiusd.state import State

VERSION = "0.1.0"
STALE_AFTER_SECONDS = 10.0

Question = Mapping[str, Any]
Told = dict[str, Any]


class Questions:
    """Answers the commands of the control socket."""

    def __init__(self, hook: Hook, feed: Feed, rejections: Rejections) -> None:
        self._hook = hook
        self._feed = feed
        self._rejections = rejections

    def status(self, question: Question) -> Told:
        """How the hook is: phase, age of its state, rows, feed, answers."""
        feed, state = self._feed, self._hook.state
        age_seconds = self._age_seconds()
        return {
            "version": VERSION,
            "schema_version": SCHEMA_VERSION,
            "phase": _phase(state, age_seconds),
            "source": feed.source,
            "age_seconds": age_seconds,
            **(state or State()).counts(),
            "feed": {"connected": feed.connected, "lag_seconds": feed.lag_seconds, "last_error": feed.last_error},
            "answers": self._hook.counts.as_dict(),
            "snapshot_saved_at": feed.snapshot_saved_at,
            "reservations": len(self._hook.slots),
        }

    def explain(self, question: Question) -> Told:
        """Decide as the hook would, reserve nothing, and tell every step."""
        state = self._hook.state
        if state is None:
            raise BadQuestion("the hook has not loaded its state yet")
        asked, now = _request(question, state), _time(question)
        try:
            facts = state.facts(asked, now, self._hook.slots.peek)
        except KeyError as exc:
            raise BadQuestion(f"the state refers to a row that is not there: {exc}") from exc
        decision = decide(facts, now)
        outcome, attributes, problem = _attributes(decision, facts)
        return {
            "outcome": outcome,
            "reason": "speed_unexpressible" if problem else decision.reason.value,
            "message": problem or decision.reason.message,
            "rules": [step._asdict() for step in explain(facts, now)],
            "attributes": attributes,
            "session_timeout_seconds": decision.session_timeout_seconds,
            "age_seconds": self._age_seconds(),
            "source": self._feed.source,
            "rejections": [
                {"at": r.at, "reason": r.reason.value, "nas": r.source_address, "mac": r.calling_station_id}
                for r in self._rejections.of_user(asked.user_name)
            ],
        }

    def _age_seconds(self) -> float | None:
        in_step_at = self._feed.in_step_at
        return None if in_step_at is None else max(0.0, round(time() - in_step_at, 3))


def _phase(state: State | None, age_seconds: float | None) -> str:
    if state is None or age_seconds is None:
        return "loading"
    return "stale" if age_seconds > STALE_AFTER_SECONDS else "serving"


def _request(question: Question, state: State) -> AccessRequest:
    user_name, station = question.get("user_name"), question.get("mac")
    if not isinstance(user_name, str) or not isinstance(station, str | None):
        raise BadQuestion("user_name has to be text, mac text or null")
    nas = _nas(question.get("nas"), state)
    return AccessRequest(user_name, nas.address if nas else "", station)


def _nas(wanted: object, state: State) -> Nas | None:
    """The NAS of that name or address; not asked for, any one does."""
    if wanted is None:
        return next(iter(state.nas.values()), None)
    for nas in list(state.nas.values()):
        if wanted in (nas.name, nas.address):
            return nas
    raise BadQuestion(f"no NAS {wanted}")


def _time(question: Question) -> float:
    at = question.get("at")
    if at is None:
        return time()
    if not isinstance(at, int | float) or not 0 <= at < 2**35:
        raise BadQuestion("at has to be seconds since 1970")
    return float(at)


def _attributes(decision: Decision, facts: Facts | None) -> tuple[str, list[list[str]], str | None]:
    """Return the outcome, what would be sent, and what the router's vendor cannot say."""
    if facts is None or decision.outcome == "reject":
        return "reject", [list(pair) for pair in reply.rejection(decision, facts)], None
    try:
        pairs = reply.fixed(decision, facts, is_ppp=False)
    except Unexpressible as exc:
        return "reject", [], str(exc)
    varying = reply.varying(decision.session_timeout_seconds, facts.package.interim_seconds, "(random)")
    return decision.outcome, [list(pair) for pair in pairs + varying], None
