"""The decision told: every rule in its order, what it looked at and what it said."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from policies import rules
from policies.facts import Facts
from policies.reasons import Reason

Verdict = Literal["passed", "applies", "not reached"]


class Step(NamedTuple):
    """One rule of one decision."""

    rule: str
    facts: str
    verdict: Verdict


def explain(facts: Facts | None, now: float) -> Iterator[Step]:
    """Yield the rules in order, as `decide` asks them."""
    if facts is None:
        yield Step(Reason.UNKNOWN_USER.value, "no account and no MAC device of this name", "applies")
        yield from (Step(rule.reason.value, "", "not reached") for rule in rules.RULES)
        return
    yield Step(Reason.UNKNOWN_USER.value, _known(facts), "passed")
    verdict: Verdict = "passed"
    for rule in rules.RULES:
        if verdict == "applies":
            verdict = "not reached"
        elif verdict == "passed" and rule.applies(facts, now):
            verdict = "applies"
        yield Step(rule.reason.value, _SEEN[rule.reason](facts), verdict)


def _known(facts: Facts) -> str:
    how = f"by the MAC {facts.device.mac}" if facts.by_mac and facts.device else "by user name"
    return f"account {facts.account.user_name}, found {how}"


def _nas(facts: Facts) -> str:
    bound_to = facts.account.extras.nas_ids if facts.account.extras else ()
    return f"NAS {facts.nas.name if facts.nas else 'unknown'}, account bound to {len(bound_to) or 'any'}"


def _device(facts: Facts) -> str:
    locked = "locked to its devices" if facts.account.lock_to_devices else "any device"
    if facts.device is None:
        return f"{locked}; this one is not registered"
    authorised = "authorised" if facts.device.authorised else "not authorised"
    return f"{locked}; {facts.device.mac} of {facts.device.user_name}, {authorised}"


def _expiry(facts: Facts) -> str:
    own, customers = (_time(row.expires_at) for row in (facts.account, facts.customer))
    return f"account {own}, customer {customers}" + "".join(f", parent {_time(p.expires_at)}" for p in facts.parents)


def _time(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except ValueError:  # PostgreSQL's calendar is longer than Python's
        return f"{seconds} seconds after 1970"


def _suspension(facts: Facts) -> str:
    account = "account suspended" if facts.account.suspended else "account not suspended"
    return f"{account}, customer {_any('suspended', facts)}"


def _any(state: str, facts: Facts) -> str:
    if getattr(facts.customer, state):
        return state
    return f"{state} by a parent" if any(getattr(parent, state) for parent in facts.parents) else f"not {state}"


def _sessions(facts: Facts) -> str:
    allowed = facts.sessions_allowed
    return f"{facts.other_sessions} others open or reserved, {'any number' if allowed is None else allowed} allowed"


_SEEN: dict[Reason, Callable[[Facts], str]] = {
    Reason.WRONG_NAS: _nas,
    Reason.DEVICE_NOT_AUTHORISED: _device,
    Reason.ACCOUNT_BLOCKED: lambda facts: "account blocked" if facts.account.blocked else "account not blocked",
    Reason.CUSTOMER_DELETED: lambda facts: "customer deleted" if facts.customer.deleted else "customer not deleted",
    Reason.CUSTOMER_DISABLED: lambda facts: f"customer {_any('disabled', facts)}",
    Reason.GROUP_DISABLED: lambda facts: f"group {facts.group.name} {'on' if facts.group.enabled else 'off'}",
    Reason.EXPIRED: _expiry,
    Reason.SUSPENDED: _suspension,
    Reason.SESSIONS_EXCEEDED: _sessions,
    Reason.CAP_REACHED: lambda facts: "cap reached" if facts.account.cap_reached else "cap not reached",
}
