"""The rules about a known account, in their order: the first that applies decides (DESIGN.md, 4).

Each rule is a question to the facts and the time, put so that it can be read aloud. `any` over no parents costs a
generator, which the hook would pay with every request: `facts.parents and` saves it.
"""

from collections.abc import Callable
from typing import NamedTuple

from policies.facts import Facts, Treatment
from policies.reasons import Reason


class Rule(NamedTuple):
    """One rule: its reason, its question, and how the operator wants those treated to whom it applies."""

    reason: Reason
    applies: Callable[[Facts, float], bool]
    treatment: Callable[[Facts], Treatment]


def wrong_nas(facts: Facts, now: float) -> bool:
    """The router is not ours, or the account is bound to other ones."""
    nas, extras = facts.nas, facts.account.extras
    return nas is None or (extras is not None and bool(extras.nas_ids) and nas.id not in extras.nas_ids)


def device_not_authorised(facts: Facts, now: float) -> bool:
    """The account's device is refused, or the account is locked to its devices and this is none of them."""
    account, device = facts.account, facts.device
    if device is None or device.user_name != account.user_name:
        return account.lock_to_devices
    return not device.authorised


def account_blocked(facts: Facts, now: float) -> bool:
    """The account was blocked by hand."""
    return facts.account.blocked


def customer_deleted(facts: Facts, now: float) -> bool:
    """The customer was deleted, that is, hidden."""
    return facts.customer.deleted


def customer_disabled(facts: Facts, now: float) -> bool:
    """The customer, or a parent that covers it, is disabled."""
    return facts.customer.disabled or bool(facts.parents and any(parent.disabled for parent in facts.parents))


def group_disabled(facts: Facts, now: float) -> bool:
    """The whole group is switched off."""
    return not facts.group.enabled


def expired(facts: Facts, now: float) -> bool:
    """The last second of the account, its customer or a parent that covers it is over."""
    return facts.expires_at is not None and facts.expires_at <= now


def suspended(facts: Facts, now: float) -> bool:
    """The account, its customer or a parent that covers it is suspended."""
    return (
        facts.account.suspended
        or facts.customer.suspended
        or bool(facts.parents and any(parent.suspended for parent in facts.parents))
    )


def sessions_exceeded(facts: Facts, now: float) -> bool:
    """As many other sessions as are allowed are open already."""
    return facts.sessions_allowed is not None and facts.other_sessions >= facts.sessions_allowed


def cap_reached(facts: Facts, now: float) -> bool:
    """The data of this period is used up."""
    return facts.account.cap_reached


def cap_treatment(facts: Facts) -> Treatment:
    """What happens at the cap: the package's own treatment, else the group's."""
    return facts.package.cap_treatment or facts.group.treatment_cap


def always_reject(facts: Facts) -> Treatment:
    """No operator can have it otherwise."""
    return "reject"


RULES = (
    Rule(Reason.WRONG_NAS, wrong_nas, always_reject),
    Rule(Reason.DEVICE_NOT_AUTHORISED, device_not_authorised, always_reject),
    Rule(Reason.ACCOUNT_BLOCKED, account_blocked, lambda facts: facts.group.treatment_blocked),
    Rule(Reason.CUSTOMER_DELETED, customer_deleted, lambda facts: facts.group.treatment_deleted),
    Rule(Reason.CUSTOMER_DISABLED, customer_disabled, lambda facts: facts.group.treatment_disabled),
    Rule(Reason.GROUP_DISABLED, group_disabled, lambda facts: facts.group.treatment_group_disabled),
    Rule(Reason.EXPIRED, expired, lambda facts: facts.group.treatment_expired),
    Rule(Reason.SUSPENDED, suspended, lambda facts: facts.group.treatment_suspended),
    Rule(Reason.SESSIONS_EXCEEDED, sessions_exceeded, always_reject),
    Rule(Reason.CAP_REACHED, cap_reached, cap_treatment),
)
