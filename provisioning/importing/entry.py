"""One row of an imported file, read; and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from provisioning.errors import BadInput
from provisioning.importing import columns
from provisioning.importing.columns import Column, Relation
from provisioning.importing.document import Row
from provisioning.rows import check_text

Action = Literal["create", "change", "nothing", "error"]


@dataclass(frozen=True)
class Entry:
    """A row's values by relation and key; None clears. What no cell says is not there."""

    line: int
    values: Mapping[Relation, Mapping[str, Any]]

    def of(self, relation: Relation) -> Mapping[str, Any]:
        """Return the values of a relation."""
        return self.values.get(relation, {})


@dataclass
class Outcome:
    """What became of a row, or would."""

    line: int
    action: Action
    name: str = ""  # account code, invoice or receipt number
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # what -> (before, after)
    column: str | None = None  # of an error
    cause: str | None = None

    def __post_init__(self) -> None:
        if self.cause is not None:
            self.action = "error"


class Misread(Exception):
    """A row cannot be read."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.cause)
        self.outcome = outcome


def read(row: Row, known: Mapping[str, Column]) -> Entry:
    """Return what a row says; raise `Misread`, which names the column."""
    if row.problem is not None:
        raise Misread(Outcome(row.line, "error", cause=row.problem))
    values: dict[Relation, dict[str, Any]] = {}
    for name, cell in row.cells.items():
        if cell and not cell.isspace():
            column = known[name]
            values.setdefault(column.relation, {})[column.key] = _value(row.line, name, column, cell)
    return Entry(row.line, values)


def _value(line: int, name: str, column: Column, cell: str) -> Any:
    cell = cell if column.exact else cell.strip()
    if cell == "none" and column.clears:
        return [] if column.key in ("labels", "routes", "reply_attributes") else None
    try:
        check_text(cell, name)
        return column.read(columns.unescaped(cell))
    except BadInput as exc:
        raise Misread(Outcome(line, "error", column=name, cause=exc.message)) from exc
