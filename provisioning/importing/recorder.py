"""What an import does is written down row by row, so that it can be taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from provisioning.models import Base, ImportRow

_KEPT = frozenset({"version", "name_key", "search_text"})  # what the database counts and derives itself


class Recorder:
    """The rows that one import added and changed, in order; what a savepoint took back is forgotten by `forget`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._done: list[dict[str, Any]] = []
        self._written = 0

    def mark(self) -> int:
        """Return where it stands."""
        return len(self._done)

    def forget(self, mark: int) -> None:
        """Forget what came after the mark."""
        del self._done[mark:]

    def added(self, row: type[Base], **keys: Sequence[Any]) -> None:
        """Note rows that were added together, by the columns of their primary keys."""
        if any(keys.values()):
            self._done.append({"relation": row.__tablename__, "row_key": keys, "before": None, "after": {}})

    def read(self, row: Base) -> dict[str, Any]:
        """Return a row as the database has it at the moment."""
        query = text(f"SELECT to_jsonb(r) FROM {row.__tablename__} AS r WHERE id = :id")  # noqa: S608
        found: dict[str, Any] = self._session.execute(query, {"id": row.id}).scalar_one()  # type: ignore[attr-defined]
        return found

    def changed(self, row: Base, before: Mapping[str, Any]) -> None:
        """Note a row that was changed since it was read."""
        after = self.read(row)
        differ = [key for key, value in after.items() if key not in _KEPT and value != before.get(key)]
        self._done.append(
            {
                "relation": row.__tablename__,
                "row_key": {"id": after["id"]},
                "before": {key: before.get(key) for key in differ},
                "after": {key: after[key] for key in differ},
            }
        )

    def write(self, run_id: int) -> None:
        """Write down what was noted since the last time."""
        numbered = [
            {"run_id": run_id, "position": self._written + number, **done} for number, done in enumerate(self._done, 1)
        ]
        if numbered:
            self._session.execute(insert(ImportRow), numbered)
        self._written += len(numbered)
        self._done.clear()
