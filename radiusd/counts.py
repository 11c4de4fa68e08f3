"""How many requests were answered how: plain numbers that only the hook writes."""

from collections import Counter
from typing import Any


class Counts:
    """Answers since the start."""

    def __init__(self) -> None:
        self.silent = 0
        self._outcomes = {"accept": 0, "garden": 0, "throttle": 0}
        self._rejects: Counter[str] = Counter()

    def accepted(self, outcome: str) -> None:
        """Count an accept, garden or throttle."""
        self._outcomes[outcome] += 1

    def rejected(self, reason: str) -> None:
        """Count a reject by its reason."""
        self._rejects[reason] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers, rejects by reason."""
        return {**self._outcomes, "reject": dict(self._rejects), "silent": self.silent}
