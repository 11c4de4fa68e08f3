"""The fixed parts of replies, built once and used again.

Building one takes about 20 times as long as finding it here. The key says what a reply depends on; the rows that it
was built from are compared by identity, since a changed row is another object: nothing has to be told of a change.
"""

from typing import NamedTuple

from policies import reply
from policies.decide import Decision, Rates
from policies.facts import AccountExtras, Facts, Group, Package
from policies.reasons import Reason

_LIMIT = 50_000  # static addresses make replies of their own; beyond this, start afresh

_Key = tuple[str, int, int, str, Rates | None, Reason | None, bool, str | None]


class _Entry(NamedTuple):
    package: Package
    group: Group
    extras: AccountExtras | None
    pairs: tuple[reply.Plain, ...]


class Replies:
    """Remembers the fixed part of each kind of reply."""

    def __init__(self) -> None:
        self._entries: dict[_Key, _Entry] = {}

    def fixed(self, decision: Decision, facts: Facts, is_ppp: bool) -> tuple[reply.Plain, ...]:
        """Return `policies.reply.fixed`, remembered; raises `Unexpressible` as it does."""
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
            entry = _Entry(package, group, extras, reply.fixed(decision, facts, is_ppp))
            if len(self._entries) >= _LIMIT:
                self._entries.clear()
            self._entries[key] = entry
        return entry.pairs
