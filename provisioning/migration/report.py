"""What a migration did, and what could not be taken over: nothing is dropped without a line here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from provisioning.migration.meaning import Kind, Remark

_WORDS: dict[Kind, str] = {"lost": "NOT TAKEN OVER", "changed": "taken over in another way", "note": "worth knowing"}
_ORDER: tuple[Kind, ...] = ("lost", "changed", "note")


@dataclass
class Tally:
    """How many had the same remark, and one of them."""

    users: int
    example: str
    value: str


@dataclass
class Report:
    """Counts by what was read and done; remarks by (kind, attribute, why)."""

    counts: dict[str, int] = field(default_factory=dict)
    remarks: dict[tuple[Kind, str, str], Tally] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)  # (user, why he was not taken over)

    def add(self, name: str, remark: Remark) -> None:
        """Count a remark about a user, a router or a session."""
        tally = self.remarks.setdefault(remark[:3], Tally(0, name, remark.value))
        tally.users += 1

    def data(self) -> list[dict[str, Any]]:
        """Return the remarks as JSON has them, the worst and most frequent first."""
        ordered = sorted(self.remarks.items(), key=lambda one: (_ORDER.index(one[0][0]), -one[1].users, one[0]))
        return [
            {"kind": kind, "attribute": attribute, "why": why, "users": tally.users, "example": tally.example}
            | ({"value": tally.value} if tally.value else {})
            for (kind, attribute, why), tally in ordered
        ]

    def lines(self) -> Iterator[str]:
        """Return the whole as text."""
        yield ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        for user, why in self.errors:
            yield f"NOT TAKEN OVER\t{user}\t{why}"
        for one in self.data():
            said = f" ({one['value']!r})" if one.get("value") else ""
            how_many = f"{one['users']:,} such as {one['example']}{said}"
            yield f"{_WORDS[one['kind']]}\t{one['attribute']}\t{one['why']}\t{how_many}"
