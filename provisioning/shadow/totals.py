"""How many requests were compared, and how many differ in what, with examples."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from provisioning.shadow.comparing import Difference
from provisioning.shadow.exchange import CHALLENGE, Answer, Exchange

_EXAMPLES = 3


@dataclass
class Totals:
    """The running table."""

    compared: int = 0
    agreed: int = 0
    challenges: int = 0  # rounds of an EAP conversation, which no decision ends
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)  # ours
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def skips(self, exchange: Exchange) -> bool:
        """Whether there is nothing to compare in this one."""
        self.challenges += exchange.answer.code == CHALLENGE
        return exchange.answer.code == CHALLENGE

    def add(self, exchange: Exchange, ours: Answer, differences: list[Difference]) -> list[dict[str, Any]]:
        """Count one exchange; return each difference as a row."""
        self.compared += 1
        self.reasons[ours.why or ours.code] += 1
        self.agreed += not differences
        found = []
        for difference in differences:
            kind = _kind(difference)
            row = {
                "at": int(exchange.at),
                "user": exchange.user_name,
                "source": exchange.source,
                "kind": kind,
                "old": difference.old,
                "ours": difference.ours,
            }
            self.kinds[kind] += 1
            examples = self.examples.setdefault(kind, [])
            if len(examples) < _EXAMPLES:
                examples.append(row)
            found.append(row)
        return found

    def data(self) -> dict[str, Any]:
        """Return the table as JSON has it."""
        return {
            "compared": self.compared,
            "agreed": self.agreed,
            "challenges": self.challenges,
            "kinds": dict(self.kinds.most_common()),
            "reasons": dict(self.reasons.most_common()),
            "examples": self.examples,
        }


def _kind(difference: Difference) -> str:
    if difference.kind != "answer":
        return difference.kind
    return "accepted there, rejected here" if difference.old == "Access-Accept" else "rejected there, accepted here"
