"""The report of a billing period to the customer: what it used, by account and by day.

Days are the customer's own, a bar's width is a percentage of the day with the most. Days without usage are there too.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from policies.accounting import days
from provisioning.units import round_octets

Fields = dict[str, Any]
Period = tuple[int, date]  # customer id, first day of the period

_USAGE = text(
    """
    SELECT account.customer_id, usage_day.period_start, user_name, package.name AS package, usage_day.day,
           usage_day.octets_in, usage_day.octets_out
    FROM unnest(CAST(:customers AS bigint[]), CAST(:starts AS date[])) AS wanted (customer_id, period_start)
    JOIN account USING (customer_id) JOIN package ON package.id = package_id
    LEFT JOIN usage_day ON account_id = account.id AND usage_day.period_start = wanted.period_start
    WHERE usage_day.day IS NOT NULL OR cancelled_at IS NULL
    ORDER BY user_name
    """
)


def last_day(first_day: date, billing_day: int) -> date:
    """Return the last day of the billing period that begins with a day."""
    day = first_day + timedelta(days=27)  # no period is shorter
    while days.period_start(day + timedelta(days=1), billing_day) == first_day:
        day += timedelta(days=1)
    return day


def find(session: Session, wanted: Mapping[Period, int]) -> dict[Period, Fields]:
    """Return the field `report` of customers' periods; `wanted` gives each its customer's billing day."""
    if not wanted:
        return {}
    found = session.execute(_USAGE, {"customers": [one for one, _ in wanted], "starts": [start for _, start in wanted]})
    used: dict[int, list[Any]] = defaultdict(list)
    for row in found:
        used[row.customer_id].append(row)
    return {
        period: made(used[period[0]], period[1], last_day(period[1], billing_day))
        for period, billing_day in wanted.items()
    }


def made(used: Iterable[Any], first: date, last: date) -> Fields:
    """Return the field `report`, from rows with user_name, package, day, octets_in (upload), octets_out."""
    by_day: dict[date, list[int]] = {}
    by_account: dict[tuple[str, str], list[int]] = {}
    for row in used:
        octets = row.octets_in or 0, row.octets_out or 0
        _add(by_account, (row.user_name, row.package), octets)
        if row.day is not None:
            _add(by_day, row.day, octets)
    return {
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        **_told(_sum(by_account.values())),
        "accounts": [{"account": name, "package": package, **_told(o)} for (name, package), o in by_account.items()],
        "days": _days(by_day, first, last) if by_day else [],
    }


def _days(by_day: Mapping[date, list[int]], first: date, last: date) -> list[Fields]:
    most = max(map(sum, by_day.values())) or 1
    found = []
    for number in range((max(last, *by_day) - first).days + 1):
        day = first + timedelta(days=number)
        octets = by_day.get(day, [0, 0])
        found.append({"day": day.isoformat(), **_told(octets), "width": -(-sum(octets) * 100 // most)})
    return found


def _told(octets: list[int]) -> Fields:
    upload, download = octets
    return {
        "total": round_octets(upload + download),
        "download": round_octets(download),
        "upload": round_octets(upload),
    }


def _add(sums: dict[Any, list[int]], key: Any, octets: tuple[int, int]) -> None:
    sums[key] = _sum([sums.get(key, [0, 0]), octets])


def _sum(octets: Collection[Any]) -> list[int]:
    return [sum(one[0] for one in octets), sum(one[1] for one in octets)]


def example() -> Fields:
    """Return the field `report` of nobody, for previews of templates."""
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    sizes = [(number * 7 % 11) * 10**9 for number in range(31)]
    used = [_Used("frikkie@example", "Home 50", first + timedelta(days=n), s // 8, s) for n, s in enumerate(sizes)]
    return made(used, first, last)


class _Used(NamedTuple):
    user_name: str
    package: str
    day: date
    octets_in: int
    octets_out: int
