"""Packages of what the old server's groups gave: one for each different result, named after the groups.

A package that is there with the same values under such a name is taken; else a new one is added. The result that most
users of a group have gets the group's name, the others the name and their speed, or a number.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies.facts import Pair
from provisioning import package as operations
from provisioning import units
from provisioning.importing.recorder import Recorder
from provisioning.migration.meaning import Meaning
from provisioning.models import Package

_NAMELESS = "RADIUS"
_INTERIM_SECONDS = 300
_COMPARED = (
    *("download_bps", "upload_bps", "burst_download_bps", "burst_upload_bps", "burst_threshold_download_bps"),
    *("burst_threshold_upload_bps", "burst_seconds", "priority", "cap_octets", "sessions_allowed", "session_seconds"),
    *("idle_seconds", "interim_seconds", "ipv4_pool", "ipv6_pool", "delegated_ipv6_pool"),
)
Values = tuple[tuple[Any, ...], tuple[Pair, ...]]  # columns _COMPARED, reply attributes


@dataclass
class Packages:
    """The packages that users get; `added` counts those that were not there."""

    session: Session
    recorder: Recorder
    added: list[str] = field(default_factory=list)
    _names: dict[tuple[str, Values], str] = field(default_factory=dict)

    def prepare(self, wanted: Counter[tuple[str, Values]]) -> None:
        """Find or add a package for each (name of groups, values), those of the most users first."""
        there = self._there()
        ordered = sorted(wanted, key=lambda key: (key[0], -wanted[key], repr(key[1])))
        for base, values in ordered:
            name = next((name for name in there if _is_named(name, base) and there[name] == values), None)
            if name is None:
                name = next(name for name in _candidates(base, values) if name not in there)
                self._add(name, values)
                there[name] = values
            self._names[base, values] = name

    def name_of(self, base: str, values: Values) -> str:
        """Return the name of the package with these values."""
        return self._names[base, values]

    def _there(self) -> dict[str, Values]:
        found = {}
        for row in self.session.scalars(select(Package).order_by(Package.name)):
            pairs = tuple(Pair(*triple) for triple in row.reply_attributes)
            found[row.name] = (tuple(getattr(row, column) for column in _COMPARED), pairs)
        return found

    def _add(self, name: str, values: Values) -> None:
        columns: Any = dict(zip(_COMPARED, values[0], strict=True)) | {"reply_attributes": values[1]}
        row = operations.add(self.session, name, **columns)
        self.recorder.added(Package, id=[row.id])
        self.added.append(name)


def base_name(groups: Iterable[str]) -> str:
    """Return what the packages of somebody in these groups are named after."""
    words = (" ".join("".join(letter if letter.isprintable() else " " for letter in group).split()) for group in groups)
    return " + ".join(dict.fromkeys(word for word in words if word))[:200].strip() or _NAMELESS


def values_of(meaning: Meaning, shared: Iterable[Pair]) -> Values:
    """Return the package that a user needs; `shared` are the reply attributes of his groups."""
    columns: Mapping[str, Any] = {"interim_seconds": _INTERIM_SECONDS, **meaning.package}
    return tuple(columns.get(column) for column in _COMPARED), tuple(shared)


def layers(meaning: Meaning) -> tuple[list[Pair], list[Pair]]:
    """Return the reply attributes of package and account, so that the same goes out as from the old server.

    The account's take the place of the package's: what both have is said by the account. Of several with one name all
    but the first are added to it.
    """
    own = {name.lower() for name, _, _, is_own in meaning.reply if is_own}
    package: list[Pair] = []
    account: list[Pair] = []
    for name, operator, value, is_own in meaning.reply:
        layer = account if is_own or name.lower() in own else package
        first = all(pair.name.lower() != name.lower() for pair in layer)
        adds = not first or (operator == "+=" and layer is package)
        layer.append(Pair(name, "+=" if adds else "=", value))
    return package, account


def _is_named(name: str, base: str) -> bool:
    return name == base or name.startswith(base + " ")


def _candidates(base: str, values: Values) -> Iterator[str]:
    yield base
    download, upload = values[0][:2]
    if download is not None:
        base = f"{base} {units.format_bps(download)}/{units.format_bps(upload)}"
        yield base
    number = 2
    while True:
        yield f"{base} {number}"
        number += 1
