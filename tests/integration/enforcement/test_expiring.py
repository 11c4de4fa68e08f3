"""Two years of expiries in three time zones: refused from the very second on, ended once, whatever happens between."""

import random
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies import treatment
from provisioning import database as operations
from provisioning.enforcement import changes, looking
from tests.simulated_nas import DISCONNECT

ZONES = ("Africa/Johannesburg", "Europe/Berlin", "America/New_York")
CUSTOMERS = 36
# local times of day, of which Berlin and New York skip one on a day of the year, and have it twice on another
TIMES = ("00:00", "02:30", "23:59:59")


class _Dies(Exception):
    """the enforcer, before it has committed"""


def days_to_come(zone):
    """Return the days on which a zone changes its clocks, and all days, of two years."""
    days = [date.today() + timedelta(days=number) for number in range(2, 730)]
    noons = [datetime.combine(day, time(12), ZoneInfo(zone)) for day in days]
    changed = [day for day, noon in zip(days, noons, strict=True) if (noon - timedelta(days=1)).dst() != noon.dst()]
    return changed, days


def customers_who_expire(enforced, nas):
    """Have customers online who expire, every other one by its account; return moment and session by user name."""
    expiring = {}
    for number in range(CUSTOMERS):
        zone = ZONES[number % 3]
        changed, days = days_to_come(zone)
        day = random.choice(changed if changed and random.random() < 0.4 else days)
        local = f"{day} {random.choice(TIMES)}"
        name, code = f"user{number}", f"EXP{number:03}"
        enforced.sql(
            "INSERT INTO customer (code, group_id, first_name, time_zone) VALUES (%s, 1, %s, %s)", code, name, zone
        )
        enforced.sql(
            "INSERT INTO account (customer_id, package_id, user_name) SELECT id, 1, %s FROM customer WHERE code = %s",
            *(name, code),
        )
        session = enforced.log_in(name, nas)
        whose = "account SET" if number % 2 else "customer SET"
        of = f"user_name = '{name}'" if number % 2 else f"code = '{code}'"
        moment = enforced.sql(
            f"UPDATE {whose} expires_at = %s::timestamp AT TIME ZONE %s WHERE {of} RETURNING expires_at", local, zone
        )
        expiring[name] = moment, session
    return expiring


def is_refused(enforced, session_id, at):
    """Return whether a session would be refused at a moment."""
    with operations.transaction(enforced.dsn) as session:
        (verdict,) = looking.look(session, [session_id], at)
    return verdict.desired == treatment.REJECTED


def die(enforced, at):
    """Have an enforcer look at what is due, and end before anything of it is committed."""
    with suppress(_Dies), operations.transaction(enforced.dsn) as session:
        changes.move(session, changes.read(session, at))
        raise _Dies


def test_each_expiry_of_two_years_is_carried_out_once(enforced):
    """Not a second early; a few seconds late, as Session-Timeout ends most; after downtime all at once; never again."""
    nas = enforced.nas("edge1")
    expiring = customers_who_expire(enforced, nas)
    assert enforced.work() == {}
    told = []
    moments = sorted({moment for moment, _ in expiring.values()})
    missed = set(random.sample(moments[:-1], len(moments) // 5))  # the scheduler is down then
    for moment in moments:
        due = sorted(name for name, (when, _) in expiring.items() if when == moment)
        for name in due:
            assert not is_refused(enforced, expiring[name][1], moment - timedelta(seconds=1))
            assert is_refused(enforced, expiring[name][1], moment)
        told += due
        if moment in missed:
            continue
        seconds = (moment - enforced.began).total_seconds()
        before = {heard.user_name for heard in nas.requests(DISCONNECT)}
        enforced.work(seconds - 1)
        assert not {heard.user_name for heard in nas.requests(DISCONNECT)} - before & set(due)
        die(enforced, moment + changes.EXPIRY_GRACE)
        enforced.work(seconds + changes.EXPIRY_GRACE.total_seconds())
        assert sorted(heard.user_name for heard in nas.requests(DISCONNECT)) == sorted(told)

    assert enforced.work((moments[-1] + timedelta(days=30) - enforced.began).total_seconds()) == {}
    assert enforced.sql("SELECT count(*) FROM enforcement_attempt WHERE outcome = 'ack'") == CUSTOMERS
    assert enforced.sql("SELECT count(*) FROM session WHERE user_name LIKE 'user%%'") == 0
