"""The fixed parts of replies, built once and used again.

Building one takes about 20 times as long as finding it here. The key says what a reply depends on; the rows that it
was built from are compared by identity, since a changed row is another object: nothing has to be told of a change.

What is built is checked against the installed dictionaries, once: FreeRADIUS drops a name that it does not know without
a word, and up to 3.2.7 makes 0 of a value that does not parse (FREERADIUS.md 7). Further attributes were checked
when they were typed, but not if `psql` wrote them, or for another version's dictionaries.
"""

from typing import NamedTuple

import structlog

from policies import attribute, reply, treatment
from policies.decide import Decision, Rates
from policies.dictionary import Dictionary
from policies.facts import AccountExtras, Facts, Group, Package
from policies.reasons import Reason
from policies.speed import Unexpressible

_LIMIT = 50_000  # static addresses make replies of their own; beyond this, start afresh

_Key = tuple[str, int, int, str, Rates | None, Reason | None, bool, str | None]

log = structlog.get_logger()


class Fixed(NamedTuple):
    """What does not change from request to request: attributes, and how the Class begins (policies/treatment.py)."""

    pairs: tuple[reply.Plain, ...]
    class_start: str


class _Entry(NamedTuple):
    package: Package
    group: Group
    extras: AccountExtras | None
    reply: Fixed


class Replies:
    """Remembers the fixed part of each kind of reply. Without a dictionary nothing is checked."""

    def __init__(self, dictionary: Dictionary | None = None) -> None:
        self._dictionary = dictionary
        self._entries: dict[_Key, _Entry] = {}

    def fixed(self, decision: Decision, facts: Facts, is_ppp: bool) -> Fixed:
        """Return `policies.reply.fixed` with its mark, checked and remembered.

        Raises `Unexpressible` as it does, and where this server cannot say what the vendor's routers have to hear.
        """
        package, group, extras = facts.package, facts.group, facts.account.extras
        key = (
            decision.outcome,
            package.id,
            group.id,
            facts.nas.vendor if facts.nas else "generic",
            decision.rates,
            decision.reason if decision.outcome == "garden" else None,  # the Reply-Message in it; hashing one is slow
            is_ppp,
            None if extras is None else facts.account.user_name,
        )
        entry = self._entries.get(key)
        if entry is None or entry.package is not package or entry.group is not group or entry.extras is not extras:
            entry = _Entry(package, group, extras, self._checked(decision, facts, is_ppp))
            if len(self._entries) >= _LIMIT:
                self._entries.clear()
            self._entries[key] = entry
        return entry.reply

    def _checked(self, decision: Decision, facts: Facts, is_ppp: bool) -> Fixed:
        pairs = reply.fixed(decision, facts, is_ppp)
        mark = treatment.mark_of(decision, facts, pairs)
        return Fixed(tuple(pair for pair in pairs if self._can_be_sent(pair, facts)), treatment.CLASS_START + mark)

    def _can_be_sent(self, pair: reply.Plain, facts: Facts) -> bool:
        """Whether FreeRADIUS would send this; what makes up the vendor's speed or garden may not be missing."""
        if self._dictionary is None:
            return True
        try:
            attribute.check(self._dictionary, *pair)
        except attribute.InvalidAttribute as exc:
            if pair[0].partition(":")[0] in reply.vendor_of(facts).attributes:
                raise Unexpressible(str(exc)) from exc
            log.error("attribute_not_sent", attribute=pair[0], package=facts.package.name, error=str(exc))
            return False
        return True
