"""The decision: the first rule that applies gives the answer and its one reason; none applies: accept.

Pure: the facts and the time are arguments, so the hook, `explain` and a replay of last year's requests decide alike.
"""

from math import ceil
from typing import Literal, NamedTuple

from policies import bands, rules
from policies.facts import Facts, Treatment, earlier
from policies.reasons import Reason

Outcome = Literal["accept", "garden", "throttle", "reject"]

# RADIUS could say 136 years (RFC 2865 5.27), but some routers count in a signed word
_LONGEST_SESSION_SECONDS = 2**31 - 1


class Rates(NamedTuple):
    """Download and upload in bit/s, where they are others than the package's own."""

    download_bps: int
    upload_bps: int


class Decision(NamedTuple):
    """What to answer and why. `rates` None: the package's own, or none; no timeout: the session may last for ever."""

    outcome: Outcome
    reason: Reason
    rates: Rates | None = None
    session_timeout_seconds: int | None = None


ACCEPTED = Decision("accept", Reason.ACCEPTED)
UNKNOWN_USER = Decision("reject", Reason.UNKNOWN_USER)
MALFORMED_REQUEST = Decision("reject", Reason.MALFORMED_REQUEST)
SPEED_UNEXPRESSIBLE = Decision("reject", Reason.SPEED_UNEXPRESSIBLE)


def decide(facts: Facts | None, now: float) -> Decision:
    """Decide one request at the time `now` (seconds since 1970); without facts the user is unknown."""
    if facts is None:
        return UNKNOWN_USER
    for reason, applies, treatment in rules.RULES:
        if applies(facts, now):
            return _treated(reason, treatment(facts), facts, now)
    return _accepted("accept", Reason.ACCEPTED, _rates(facts, now), facts, now)


def _treated(reason: Reason, treatment: Treatment, facts: Facts, now: float) -> Decision:
    if treatment == "garden":
        return _in_garden(reason, facts)
    if treatment == "throttle":
        return _accepted("throttle", reason, _throttled(facts), facts, now)
    return Decision("reject", reason)


def _in_garden(reason: Reason, facts: Facts) -> Decision:
    """Let in behind walls, and soon asked again, so that one who has paid is not kept there."""
    group = facts.group
    rates = None
    if group.garden_download_bps is not None and group.garden_upload_bps is not None:
        rates = Rates(group.garden_download_bps, group.garden_upload_bps)
    return Decision("garden", reason, rates, group.garden_session_seconds)


def _accepted(outcome: Outcome, reason: Reason, rates: Rates | None, facts: Facts, now: float) -> Decision:
    return Decision(outcome, reason, rates, session_timeout_seconds(facts, now))


def _rates(facts: Facts, now: float) -> Rates | None:
    """The customer's own speed tier, else that of the hour."""
    customer, package = facts.customer, facts.package
    if customer.download_bps is not None and customer.upload_bps is not None:
        return Rates(customer.download_bps, customer.upload_bps)
    if package.time_bands:
        band = bands.window(package.time_bands, customer.time_zone, now).band
        if band is not None:
            return Rates(band.download_bps, band.upload_bps)
    return None


def _throttled(facts: Facts) -> Rates:
    """The package's throttle, else the group's; the database has one of them wherever the treatment is throttle."""
    for row in (facts.package, facts.group):
        if row.throttle_download_bps is not None and row.throttle_upload_bps is not None:
            return Rates(row.throttle_download_bps, row.throttle_upload_bps)
    raise AssertionError("a throttle without rates: schema.sql's constraints forbid it")


def session_timeout_seconds(facts: Facts, now: float) -> int | None:
    """Until the earliest coming change: package limit, expiry, package change, end of a time band (RFC 2865 5.27)."""
    account, package = facts.account, facts.package
    ends_at = facts.expires_at
    if account.extras is not None:
        ends_at = earlier(ends_at, next((at for at, _ in account.extras.package_changes if at > now), None))
    if package.time_bands:
        ends_at = earlier(ends_at, bands.window(package.time_bands, facts.customer.time_zone, now).changes_at)
    return remaining_seconds(ends_at, package.session_seconds, now)


def remaining_seconds(ends_at: int | None, longest_seconds: int | None, now: float) -> int | None:
    """Until `ends_at` (None: never), `longest_seconds` at most (None: any time)."""
    if ends_at is None or (longest_seconds is not None and ends_at - now >= longest_seconds):
        return longest_seconds
    return min(max(ceil(ends_at - now), 1), _LONGEST_SESSION_SECONDS)
