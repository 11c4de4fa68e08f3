"""The whole profile of a customer: what it is, how its accounts stand and why, what it used, owes, and is about to get.

Everything is read at one moment, in a few statements. What the operator may not see is None, what was not asked for is
left out.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from policies.accounting import days
from provisioning import customer_rows, profile_sections, standing
from provisioning.errors import NotFound
from provisioning.reading import Look, Row

Profile = dict[str, Any]

_PAGE = "SELECT id, code AS key FROM customer WHERE code = upper(%(code)s)"
_TODAY = """
    SELECT (now() AT TIME ZONE coalesce(%(time_zone)s, time_zone))::date AS today, currency FROM installation
"""


def gather(look: Look, code: str, sections: Collection[str] = profile_sections.NAMES) -> Profile:
    """Return the customer's columns, and sections by name: lists of rows. Raises `NotFound`."""
    look.check_may_view("customer")
    found = customer_rows.read(look, _PAGE, code=code)
    if not found:
        raise NotFound(f"no customer is named {code!r}", "List them with: tollkeeper customer list.")
    profile = found[0]
    about = look.rows(_TODAY, time_zone=profile["time_zone"])[0]
    since = days.period_start(about["today"], profile["billing_day"])
    accounts = _accounts(look, profile["id"], since)
    profile |= {"currency": about["currency"], "usage_this_period": _usage(look, accounts, since)}
    profile["accounts"] = accounts if "accounts" in sections else None
    values = {"id": profile["id"], "since": since, "ids": [row["id"] for row in accounts or ()]}
    profile |= _sections(look, sections, values)
    if "accounts" not in sections:
        del profile["accounts"]
    return profile


def _sections(look: Look, wanted: Collection[str], values: Mapping[str, Any]) -> Profile:
    names = [name for name in profile_sections.SECTIONS if name in wanted]
    seen = [name for name in names if look.areas >= profile_sections.SECTIONS[name].areas]
    found = look.rows(profile_sections.statement(seen), **values)[0] if seen else {}
    return {name: [_read(row) for row in found[name]] if name in found else None for name in names}


def _read(row: Row) -> Row:
    """Return a row that came as JSON with its times as such."""
    return row | {key: read(row[key]) for key, read in _times(row) if row[key] is not None}


def _times(row: Row) -> Iterator[tuple[str, Callable[[str], date]]]:
    for key in row:
        if key == "at" or key.endswith("_at"):
            yield key, datetime.fromisoformat
        elif key == "day" or key.endswith("_on"):
            yield key, date.fromisoformat


def _accounts(look: Look, customer_id: int, since: Any) -> list[Row] | None:
    """Return the accounts with how each stands: outcome, reason, why, speed, usage of this period."""
    section = profile_sections.ACCOUNTS
    if not look.areas >= section.areas:
        return None
    found = look.rows(section.query, id=customer_id, since=since)
    stands = standing.of_customer(look, customer_id, time.time()) if found else {}
    return [_unseen(look, row) | _standing(row, stands.get(row["user_name"])) for row in found]


def _unseen(look: Look, row: Row) -> Row:
    """Return a row without counts that only look like none."""
    hidden = {key: None for key in ("octets_in", "octets_out", "left_octets") if "usage" not in look.areas}
    return row | hidden | ({} if "session" in look.areas else {"open_sessions": None})


def _standing(row: Row, stands: standing.Standing | None) -> Row:
    """Return how an account stands; all None where the operator may not see what decides it."""
    told: Row = dict.fromkeys(("outcome", "reason", "why", "download_bps", "upload_bps", "speed_by"))
    if row["cancelled_at"] is not None:
        return told | {"outcome": "reject", "reason": "cancelled", "why": "account cancelled"}
    if stands is None:
        return told
    return told | {
        "outcome": stands.decision.outcome,
        "reason": stands.decision.reason.value,
        "why": stands.why,
        "download_bps": stands.download_bps,
        "upload_bps": stands.upload_bps,
        "speed_by": stands.speed_by,
    }


def _usage(look: Look, accounts: Sequence[Row] | None, since: Any) -> Row | None:
    if accounts is None or "usage" not in look.areas:
        return None
    octets_in, octets_out = (sum(row[key] for row in accounts) for key in ("octets_in", "octets_out"))
    return {"since": since, "octets_in": octets_in, "octets_out": octets_out}
