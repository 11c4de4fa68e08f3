"""The decision: treatments, speeds, and when the session ends."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decide import UNKNOWN_USER, Decision, Rates, decide
from policies.facts import Customer, Facts, Group, TimeBand
from policies.reasons import Reason
from policies.rules import RULES
from tests.unit.facts_factory import NOW, any_facts, make_facts
from tests.unit.test_rules import APPLYING, both

TREATED = {
    "treatment_blocked": Reason.ACCOUNT_BLOCKED,
    "treatment_deleted": Reason.CUSTOMER_DELETED,
    "treatment_disabled": Reason.CUSTOMER_DISABLED,
    "treatment_group_disabled": Reason.GROUP_DISABLED,
    "treatment_expired": Reason.EXPIRED,
    "treatment_suspended": Reason.SUSPENDED,
    "treatment_cap": Reason.CAP_REACHED,
}
WALLS = {"garden_profile": "walled", "garden_session_seconds": 120}


def test_a_paying_customer_is_accepted_with_the_packages_speed() -> None:
    """Nothing is in the way, and nothing ends the session."""
    assert decide(make_facts(), NOW) == Decision("accept", Reason.ACCEPTED)


def test_without_facts_the_user_is_unknown() -> None:
    """No account, no treatment: a reject."""
    assert decide(None, NOW) == UNKNOWN_USER == Decision("reject", Reason.UNKNOWN_USER)


def test_every_treatment_of_a_group_is_tested() -> None:
    """The table of treatments here is the group's."""
    assert {field.name for field in fields(Group) if field.name.startswith("treatment_")} == set(TREATED)


@pytest.mark.parametrize(("column", "reason"), TREATED.items())
def test_a_group_rejects_unless_it_says_otherwise(column: str, reason: Reason) -> None:
    """Reject is the default of each treatment."""
    assert decide(make_facts(**APPLYING[reason]), NOW) == Decision("reject", reason)


@pytest.mark.parametrize(("column", "reason"), TREATED.items())
def test_a_group_lets_into_its_garden(column: str, reason: Reason) -> None:
    """Each state has a treatment of its own: only the one that applies is looked at."""
    facts = make_facts(**both(APPLYING[reason], {"group": {column: "garden", **WALLS}}))
    assert decide(facts, NOW) == Decision("garden", reason, None, 120)
    others = {other: "garden" for other in TREATED if other != column}
    facts = make_facts(**both(APPLYING[reason], {"group": {**others, **WALLS}}))
    assert decide(facts, NOW) == Decision("reject", reason)


@pytest.mark.parametrize(
    "reason", [Reason.WRONG_NAS, Reason.DEVICE_NOT_AUTHORISED, Reason.SESSIONS_EXCEEDED], ids=lambda r: r.value
)
def test_no_group_lets_these_in(reason: Reason) -> None:
    """Wrong router, wrong device, too many sessions are rejects whatever the group says."""
    gardens = {"group": {**dict.fromkeys(TREATED, "garden"), **WALLS}}
    assert decide(make_facts(**both(APPLYING[reason], gardens)), NOW) == Decision("reject", reason)


def test_a_garden_has_its_own_speed() -> None:
    """The group's, never the package's or the customer's own."""
    facts = make_facts(
        account={"blocked": True},
        customer={"download_bps": 9, "upload_bps": 9},
        group={"treatment_blocked": "garden", **WALLS, "garden_download_bps": 64_000, "garden_upload_bps": 32_000},
    )
    assert decide(facts, NOW).rates == Rates(64_000, 32_000)


def test_a_garden_ends_when_the_group_says_so() -> None:
    """Neither expiry nor the package's limit makes it longer or shorter."""
    facts = make_facts(
        account={"blocked": True, "expires_at": NOW + 5},
        package={"session_seconds": 60},
        group={"treatment_blocked": "garden", **WALLS},
    )
    assert decide(facts, NOW).session_timeout_seconds == 120


@pytest.mark.parametrize(
    ("package", "group", "rates"),
    [
        ({}, {"treatment_cap": "throttle"}, Rates(2, 1)),
        ({"cap_treatment": "throttle"}, {}, Rates(2, 1)),
        ({"throttle_download_bps": 4, "throttle_upload_bps": 3}, {"treatment_cap": "throttle"}, Rates(4, 3)),
        (
            {"cap_treatment": "throttle", "throttle_download_bps": 4, "throttle_upload_bps": 3},
            {"treatment_cap": "garden", **WALLS},
            Rates(4, 3),
        ),
    ],
)
def test_at_the_cap_the_session_is_slower(package: dict[str, Any], group: dict[str, Any], rates: Rates) -> None:
    """The package's throttle, else the group's; the package's treatment stands over the group's."""
    slow = {"throttle_download_bps": 2, "throttle_upload_bps": 1}
    facts = make_facts(account={"cap_reached": True}, package=package, group={**slow, **group})
    assert decide(facts, NOW) == Decision("throttle", Reason.CAP_REACHED, rates, None)


def test_a_package_may_reject_where_the_group_would_throttle() -> None:
    """The package's treatment of the cap stands over the group's, whichever it is."""
    facts = make_facts(
        account={"cap_reached": True},
        package={"cap_treatment": "reject"},
        group={"treatment_cap": "throttle", "throttle_download_bps": 2, "throttle_upload_bps": 1},
    )
    assert decide(facts, NOW) == Decision("reject", Reason.CAP_REACHED)


def test_a_throttled_session_ends_like_any_other() -> None:
    """Expiry comes for the slow as well."""
    facts = make_facts(
        account={"cap_reached": True, "expires_at": NOW + 60},
        group={"treatment_cap": "throttle", "throttle_download_bps": 2, "throttle_upload_bps": 1},
    )
    assert decide(facts, NOW).session_timeout_seconds == 60


def test_a_throttle_without_rates_is_a_broken_state() -> None:
    """The database forbids it; here it is an error, never full speed."""
    facts = make_facts(account={"cap_reached": True}, group={"treatment_cap": "throttle"})
    with pytest.raises(AssertionError, match="throttle"):
        decide(facts, NOW)


HOURS = (TimeBand(127, 480, 540, 7_000_000, 3_000_000),)  # 08:00 to 09:00; it is 08:00


def test_a_band_has_its_own_speed_and_ends_the_session() -> None:
    """The hour's speed counts until the hour is over."""
    found = decide(make_facts(package={"time_bands": HOURS}), NOW)
    assert found == Decision("accept", Reason.ACCEPTED, Rates(7_000_000, 3_000_000), 3600)


def test_outside_its_bands_the_package_has_its_own_speed() -> None:
    """Then the session ends when the next band begins."""
    found = decide(make_facts(package={"time_bands": HOURS}), NOW + 3600)
    assert found == Decision("accept", Reason.ACCEPTED, None, 23 * 3600)


def test_the_customers_own_tier_stands_over_bands() -> None:
    """Who has a speed of his own has it at every hour."""
    facts = make_facts(package={"time_bands": HOURS}, customer={"download_bps": 2, "upload_bps": 1})
    assert decide(facts, NOW).rates == Rates(2, 1)


def test_bands_are_of_the_customers_time_zone() -> None:
    """It is nine o'clock in Berlin."""
    facts = make_facts(package={"time_bands": HOURS}, customer={"time_zone": "Europe/Berlin"})
    assert decide(facts, NOW) == Decision("accept", Reason.ACCEPTED, None, 23 * 3600)


@pytest.mark.parametrize(("now", "seconds"), [(NOW - 10, 10), (NOW - 9.5, 10), (NOW - 1, 1), (NOW - 0.001, 1)])
def test_a_session_ends_with_the_account_to_the_second(now: float, seconds: int) -> None:
    """What remains is rounded up, and is never 0, which routers take for no limit."""
    assert decide(make_facts(account={"expires_at": NOW}), now).session_timeout_seconds == seconds


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({}, None),
        ({"package": {"session_seconds": 60}}, 60),
        ({"account": {"expires_at": NOW + 50}}, 50),
        ({"customer": {"expires_at": NOW + 40}}, 40),
        ({"parents": (Customer(2, 1, expires_at=NOW + 30),)}, 30),
        ({"extras": {"package_changes": ((NOW - 5, 2), (NOW + 20, 3), (NOW + 25, 4))}}, 20),
        ({"extras": {"package_changes": ((NOW, 2),)}}, None),
        ({"package": {"time_bands": HOURS}}, 3600),
        ({"package": {"time_bands": (TimeBand(127, 0, 1440, 1, 1),)}}, None),
    ],
)
def test_each_coming_change_ends_the_session(change: dict[str, Any], seconds: int | None) -> None:
    """Package limit, expiry, scheduled package change, end of a time band."""
    assert decide(make_facts(**change), NOW).session_timeout_seconds == seconds


deadlines = st.none() | st.integers(1, 7200)


@given(deadlines, deadlines, deadlines, st.none() | st.integers(60, 7200), st.booleans())
def test_the_earliest_change_ends_the_session(
    expiry: int | None, customers: int | None, change: int | None, limit: int | None, has_band: bool
) -> None:
    """Of all that are coming, the first."""
    facts = make_facts(
        account={"expires_at": expiry and NOW + expiry},
        customer={"expires_at": customers and NOW + customers},
        package={"session_seconds": limit, "time_bands": HOURS if has_band else ()},
        extras={"package_changes": ((NOW + change, 2),) if change else ()},
    )
    coming = [seconds for seconds in (expiry, customers, change, limit, 3600 if has_band else None) if seconds]
    assert decide(facts, NOW).session_timeout_seconds == min(coming, default=None)


def test_a_far_away_end_fits_a_signed_word() -> None:
    """Some routers count in 31 bits."""
    assert decide(make_facts(account={"expires_at": NOW + 2**40}), NOW).session_timeout_seconds == 2**31 - 1


@settings(max_examples=100, deadline=None)
@given(st.none() | any_facts(), st.floats(0, 60))
def test_every_decision_has_exactly_one_reason(facts: Facts | None, later: float) -> None:
    """Whatever the facts: one outcome, one reason that belongs to it, and no session that never began."""
    found = decide(facts, NOW + later)
    assert type(found) is Decision
    assert type(found.reason) is Reason
    possible = {
        "accept": {Reason.ACCEPTED},
        "throttle": {Reason.CAP_REACHED},
        "garden": set(TREATED.values()),
        "reject": {rule.reason for rule in RULES} | {Reason.UNKNOWN_USER},
    }
    assert found.reason in possible[found.outcome]
    if found.outcome == "reject":
        assert found == Decision("reject", found.reason)
    elif found.session_timeout_seconds is not None:
        assert type(found.session_timeout_seconds) is int
        assert 1 <= found.session_timeout_seconds < 2**31
