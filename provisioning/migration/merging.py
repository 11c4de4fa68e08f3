"""What FreeRADIUS's rlm_sql makes of a user's rows and those of his groups, for a request that fulfils his conditions.

Rules, as seen with FreeRADIUS 3.2.1 (`read_groups` and `read_profiles` as they come):

 1 Without check items of his own, a user's own reply items are not read; his groups are.
 2 Groups are gone through by priority. After a group, the next one is read only where its reply has Fall-Through = Yes;
   a group without reply items ends it. A user's own Fall-Through = No keeps his groups out.
 3 `+=` adds; `=` is passed over where an earlier query brought something of that name; `:=` takes the place of the
   first such thing. Rows of one query never replace each other: two Filter-Id with `=` are two.
 4 Comparisons (==, !=, <, =~ ...) are conditions. The ones that the request cannot fulfil are the user's: mapping.py.

Known weakness: a group whose condition a request does not fulfil would be passed over, and the next one read. Here
every condition is taken for fulfilled, and reported.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from provisioning.migration.source import Item, Old

ASSIGNING = frozenset({":=", "=", "+="})
FALL_THROUGH = "fall-through"


@dataclass
class Merged:
    """What holds for one user. Items carry the group that they are of, None for his own."""

    config: list[Item] = field(default_factory=list)  # check items that assign: passwords, limits
    conditions: list[Item] = field(default_factory=list)  # check items that compare
    reply: list[Item] = field(default_factory=list)
    odd: list[Item] = field(default_factory=list)  # reply items that assign nothing
    groups: list[str] = field(default_factory=list)  # those that were read
    unread: list[str] = field(default_factory=list)  # those that were not


def merge(old: Old, user: str) -> Merged:
    """Return what rlm_sql would have put together for a user."""
    merged = Merged()
    reads_on = True
    if own := old.check.get(user):
        _take_check(merged, own)
        reply = old.reply.get(user, ())
        _take_reply(merged, reply)
        reads_on = _falls_through(reply) is not False
    for group in old.groups.get(user, ()):
        if not reads_on:
            merged.unread.append(group)
            continue
        merged.groups.append(group)
        _take_check(merged, old.group_check.get(group, ()))
        reply = old.group_reply.get(group, ())
        _take_reply(merged, reply)
        reads_on = _falls_through(reply) is True
    return merged


def _take_check(merged: Merged, items: Sequence[Item]) -> None:
    merged.conditions += [item for item in items if item.op not in ASSIGNING]
    _move(merged.config, items)


def _take_reply(merged: Merged, items: Iterable[Item]) -> None:
    said = [item for item in items if item.name.lower() != FALL_THROUGH]
    merged.odd += [item for item in said if item.op not in ASSIGNING]
    _move(merged.reply, said)


def _move(there: list[Item], items: Iterable[Item]) -> None:
    """Bring the assigning ones of one query's rows in, as radius_pairmove does (rule 3)."""
    known = [item.name.lower() for item in there]  # what the same query brings in is not looked at
    for item in items:
        if item.op not in ASSIGNING:
            continue
        name = item.name.lower()
        if item.op == "+=" or name not in known:
            there.append(item)
        elif item.op == ":=":
            at = known.index(name)
            there[at], known[at] = item, ""  # each is replaced once


def _falls_through(items: Iterable[Item]) -> bool | None:
    for item in items:
        if item.name.lower() == FALL_THROUGH:
            return item.value.strip().lower() in ("yes", "1")
    return None
