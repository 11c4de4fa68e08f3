"""A file of rows: CSV in whatever dialect a spreadsheet wrote it, or JSON lines. Pure but for reading the file.

UTF-8 with and without a byte order mark, UTF-16 with one (Excel's "Unicode text") or plainly recognisable without;
commas, semicolons, tabs or bars between the cells, told by the header. What cannot be read names line and column.
"""

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.errors import BadInput

_DELIMITERS = ",;\t|"
_LARGEST_OCTETS = 1 << 30
_SAVE_AGAIN = "Save the file again as CSV in UTF-8."
_MARKS = (  # the longer mark first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Row:
    """A row: on which line it begins, its cells by column, or why there is none."""

    line: int
    cells: Mapping[str, str]
    problem: str | None = None


@dataclass(frozen=True)
class Document:
    """A file that has been read."""

    name: str
    sha256: str
    header: tuple[str, ...]  # of JSON lines: the keys of all its objects
    text: str
    is_json: bool
    delimiter: str = ","

    def rows(self) -> Iterator[Row]:
        """Return the rows that hold something, in order."""
        return _json_rows(self.text) if self.is_json else _csv_rows(self.text, self.delimiter, self.header)

    def count_lines(self) -> int:
        """Return how many lines the file has: about so many rows."""
        return self.text.count("\n") + 1


def read(path: Path) -> Document:
    """Read a file; raise `BadInput` for one that cannot be read, or has no header."""
    try:
        if path.stat().st_size > _LARGEST_OCTETS:
            raise BadInput(f"file {path} is larger than 1 GiB", "Import it in parts.")
        octets = path.read_bytes()
    except OSError as exc:
        raise BadInput(f"file {path} cannot be read: {exc.strerror or exc}", "Check its name.") from exc
    text = _decoded(octets)
    is_json = text.lstrip()[:1] == "{"
    delimiter, header = (",", _keys(text)) if is_json else _header(text)
    if not header:
        raise BadInput(f"file {path} has no header", "Its first line names the columns: code,first_name,last_name.")
    return Document(path.name, hashlib.sha256(octets).hexdigest(), header, text, is_json, delimiter)


def _decoded(octets: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if octets.startswith(mark)), None) or _guessed(octets)
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError as exc:
        before = octets[: exc.start].decode(encoding, errors="replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        written = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
        raise BadInput(f"line {line}, character {column} is no {written}", _SAVE_AGAIN) from exc


def _guessed(octets: bytes) -> str:
    """Return an encoding without a mark: in UTF-16, every other octet of a header is zero."""
    if len(octets) >= 4 and octets[1] == octets[3] == 0 != octets[0]:
        return "utf-16-le"
    return "utf-16-be" if len(octets) >= 4 and octets[0] == octets[2] == 0 != octets[1] else "utf-8"


def _header(text: str) -> tuple[str, tuple[str, ...]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        cells = next(_lines(text, delimiter), (1, []))[1]
    except csv.Error as exc:
        raise BadInput(f"line 1 cannot be read: {exc}", _SAVE_AGAIN) from exc
    return delimiter, tuple(column_name(cell) for cell in cells)


def column_name(cell: str) -> str:
    """Return a column's name in one writing: `First Name` is first_name."""
    return "_".join(cell.replace("-", " ").split()).lower()


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Return the lines that hold something, with their numbers; a quoted cell may span several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _csv_rows(text: str, delimiter: str, header: tuple[str, ...]) -> Iterator[Row]:
    first = line = 0
    try:
        for line, cells in _lines(text, delimiter):
            first = first or line
            if line == first or (column_name(cells[0]) == header[0] and tuple(map(column_name, cells)) == header):
                continue  # files put together have it again
            if len(cells) != len(header):
                yield Row(line, {}, f"it has {len(cells)} cells, the header has {len(header)}")
            else:
                yield Row(line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    except csv.Error as exc:  # what follows would be read out of step
        yield Row(line + 1, {}, f"it and what follows cannot be read: {exc}")


def _keys(text: str) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for row in _json_rows(text):
        keys.update(dict.fromkeys(row.cells))
    return tuple(keys)


def _json_rows(text: str) -> Iterator[Row]:
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            value = json.loads(written)
        except (ValueError, RecursionError) as exc:
            yield Row(line, {}, f"it is no JSON: {exc}")
            continue
        if not isinstance(value, dict):
            yield Row(line, {}, "it is no JSON object")
        else:
            yield Row(line, {column_name(key): _cell(item) for key, item in value.items()})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(_cell(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)
