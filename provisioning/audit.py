"""The audit: who did what, when, and what each row was before and after. Only read here; triggers write it.

Entries are a chain of hashes (schema.sql, audit). `verify` recomputes it, a part at a time; its head, noted elsewhere,
tells later whether somebody has made the whole chain anew.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from provisioning import reading
from provisioning.errors import BadInput, Conflict, NotFound
from provisioning.reading import Row

_AT_ONCE = 5000

# the page first, then what its entries changed, as far as that may be seen
_PAGE = """
    WITH page AS MATERIALIZED (
        SELECT id, position, at, operator, act, detail, program FROM audit_entry
        WHERE {conditions} ORDER BY position DESC LIMIT %(limit)s)
    SELECT position, at, operator, act, detail, program, changes.number AS rows, changes.first AS what
    FROM page, LATERAL (
        SELECT count(*) AS number, (array_agg(relation || ' ' || key ORDER BY id))[1] AS first
        FROM audit_change WHERE entry_id = page.id) AS changes
    ORDER BY position DESC
"""
_OF_CHANGES = "id = ANY (ARRAY(SELECT entry_id FROM audit_change WHERE {conditions}))"
_CONDITIONS = {
    "operator": "operator = %(operator)s",
    "act": "act = %(act)s",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
    "after": "position < %(after)s",
}
_CHANGE_CONDITIONS = {
    "customer": "customer_id = (SELECT id FROM customer WHERE code = %(customer)s)",
    "noun": "relation = %(noun)s",
    "key": "key = %(key)s",
}
_ENTRY = """
    SELECT position, at, operator, act, detail, program, encode(previous_hash, 'hex') AS previous_hash,
           encode(hash, 'hex') AS hash,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'relation', relation, 'key', key, 'before', before, 'after', after) ORDER BY id), '[]')
            FROM audit_change WHERE entry_id = entry.id) AS changes
    FROM audit_entry AS entry WHERE {condition}
"""
_FLAWS = "SELECT place, flaw FROM audit_flaws(%(after)s, %(up_to)s)"
_LOOSE_ENDS = "SELECT place, flaw FROM audit_loose_ends()"
_MIDNIGHT = "SELECT %(day)s::timestamp AT TIME ZONE time_zone FROM installation"


@dataclass(frozen=True)
class Wanted:
    """Which entries; None for what is not asked. `noun` and `key` as the changes name a row: customer, FRI001."""

    customer: str | None = None
    operator: str | None = None
    act: str | None = None
    noun: str | None = None
    key: str | None = None
    since: datetime | date | None = None
    until: datetime | date | None = None
    after: int | None = None  # a position: those before it


@dataclass(frozen=True)
class Verdict:
    """What a verification has found: flaws as (position, None for no place of the chain; what is wrong)."""

    entries: int
    position: int
    head: str  # POSITION:HASH, to be noted elsewhere
    flaws: list[tuple[int | None, str]] = field(default_factory=list)


def listing(look: reading.Look, wanted: Wanted, *, limit: int = 100) -> list[Row]:
    """Return entries, the newest first; each with the number of its rows that may be seen, and the first one's name."""
    look.check_may_view("audit")
    asked = {key: value for key, value in vars(wanted).items() if value is not None}
    for bound in ("since", "until"):
        if bound in asked and not isinstance(asked[bound], datetime):
            asked[bound] = look.column(_MIDNIGHT, day=asked[bound])[0]
    if "customer" in asked:
        asked["customer"] = asked["customer"].upper()
        if not look.column("SELECT id FROM customer WHERE code = %(code)s", code=asked["customer"]):
            raise NotFound(f"no customer is named {wanted.customer!r}", "List them with: tollkeeper customer list.")
    return look.rows(_PAGE.format(conditions=_where(asked)), limit=limit, **asked)


def find(look: reading.Look, position: int) -> Row:
    """Return an entry with its changes: relation, key, before (None: added), after (None: removed)."""
    look.check_may_view("audit")
    found = look.row(_ENTRY.format(condition="position = %(position)s"), position=position)
    if found is None:
        raise NotFound(f"no entry of the audit has the position {position}", "List them with: tollkeeper audit list.")
    return found


def export(look: reading.Look, *, after: int = 0) -> Iterator[Row]:
    """Yield all entries from the one behind a position on, the oldest first, as `find` returns them."""
    look.check_may_view("audit")
    query = _ENTRY.format(condition="position > %(after)s") + " ORDER BY position LIMIT %(limit)s"
    while page := look.rows(query, after=after, limit=_AT_ONCE):
        yield from page
        after = page[-1]["position"]


def parse_head(typed: str) -> tuple[int, str]:
    """Return position and hash of a head that was noted; raise `BadInput`."""
    match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", typed, re.ASCII)
    if match is None:
        raise BadInput(f"{typed!r} is no head of the audit", "Write it as audit verify has printed it: POSITION:HASH.")
    return int(match[1]), match[2]


def verify(
    look: reading.Look, *, head: tuple[int, str] | None = None, tell: Callable[[int, int], None] | None = None
) -> Verdict:
    """Recompute the whole chain; `head` was noted at an earlier time; `tell` is told how much of how much is done."""
    look.check_may_view("audit")
    if not look.column("SELECT sees_all()")[0]:
        raise Conflict(
            "the audit is one chain, of which you see a part",
            "Let an operator of the provider verify it, without --as.",
        )
    chain = look.rows("SELECT last_position, encode(last_hash, 'hex') AS hash, entries FROM audit_chain()")[0]
    last = chain["last_position"] or 0
    highest = max(last, look.column("SELECT coalesce(max(position), 0) FROM audit_entry")[0])
    flaws: list[tuple[int | None, str]] = []
    for after in range(0, highest, _AT_ONCE):
        flaws += _flaws(look, _FLAWS, after=after, up_to=after + _AT_ONCE)
        if tell is not None:
            tell(min(after + _AT_ONCE, highest), highest)
    flaws += _flaws(look, _LOOSE_ENDS)
    if head is not None and not _has(look, *head):
        flaws.append((head[0], "is not the entry that was noted"))
    return Verdict(chain["entries"], last, f"{last}:{chain['hash']}", flaws)


def _where(asked: Mapping[str, Any]) -> str:
    conditions = [condition for key, condition in _CONDITIONS.items() if key in asked]
    of_changes = [condition for key, condition in _CHANGE_CONDITIONS.items() if key in asked]
    if of_changes:
        conditions.append(_OF_CHANGES.format(conditions=" AND ".join(of_changes)))
    return " AND ".join([*conditions, "position IS NOT NULL"])


def _flaws(look: reading.Look, query: str, **values: int) -> list[tuple[int | None, str]]:
    return [(row["place"], row["flaw"]) for row in look.rows(query, **values)]


def _has(look: reading.Look, position: int, noted: str) -> bool:
    query = "SELECT encode(hash, 'hex') FROM audit_entry WHERE position = %(position)s"
    return look.column(query, position=position) == [noted]
