"""Files of an import: what is read of any octets, what columns there are, what a cell means."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import BadInput
from provisioning.importing import columns, document, entry
from provisioning.importing.entry import Misread

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(octets=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-16")))
def test_any_octets(tmp_path_factory, octets):
    """Whatever a file holds, it is refused, or has rows with cells or a problem each."""
    path = tmp_path_factory.getbasetemp() / "octets"
    path.write_bytes(octets)
    try:
        read = document.read(path)
    except BadInput:
        return
    assert read.header
    for row in read.rows():
        assert row.line >= 1
        assert row.problem is not None or set(row.cells) <= {*read.header}


@given(table=TABLES, delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_the_csv_module_writes(tmp_path_factory, table, delimiter, encoding):
    """What was written as CSV, all cells quoted, is read back, whatever the delimiter and encoding."""
    header = [f"Column {number}" for number, _ in enumerate(table[0])]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([header, *table])
    path = tmp_path_factory.getbasetemp() / "table"
    path.write_bytes(text.getvalue().encode(encoding))

    read = document.read(path)

    assert read.header == tuple(f"column_{number}" for number, _ in enumerate(header))
    assert [list(row.cells.values()) for row in read.rows()] == [
        [cell.strip() for cell in row] for row in table if any(cell.strip() for cell in row)
    ]


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("labels", "b; a;;b", ["a", "b"]),
        ("labels", "none", []),
        ("routes", "198.51.100.0/24; 203.0.113.0/24 192.0.2.1 1", ["198.51.100.0/24", "203.0.113.0/24 192.0.2.1 1"]),
        ("mac", "00005E005301;00-00-5e-00-53-02", ["00:00:5e:00:53:01", "00:00:5e:00:53:02"]),
        ("disabled", "YES", True),
        ("disabled", "0", False),
        ("download", "1.5G", 1_500_000_000),
        ("credit_limit", "99.50", 9950),
        ("credit_limit", "none", None),
        ("type", "Sole Proprietor", "sole_proprietor"),
        ("title", " none ", None),
        ("title", "\\none", "none"),
        ("title", "\\\\none", "\\none"),
        ("title", "\\other", "\\other"),
        ("password", "none", "none"),
        ("password", " a ", " a "),
        ("country", "South Africa", "ZA"),
        ("code", "fri001", "FRI001"),
    ],
)
def test_what_cells_mean(name, written, value):
    """A cell is read into what its column holds; `none` clears where there may be nothing."""
    known = columns.of_header("customers", [name])
    read = entry.read(document.Row(2, {name: written}), known)
    assert read.of(known[name].relation)[known[name].key] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("expires_at", "2027-01-31T16:00:00Z"),
        ("download", "512k"),
        ("price", "0.05"),
        ("labels", "a b;c"),
        ("inherits_state", "no"),
        ("reply_attributes", '[["Filter-Id", "=", "a;b"]]'),
        ("vlan_id", "4094"),
        ("external.sage", "007"),
    ],
)
def test_what_is_written_is_read(name, value):
    """A column writes what it reads in the same way."""
    column = columns.of_header("customers", [name])[name]
    assert column.write(column.read(value)) == value


def test_an_empty_cell_says_nothing():
    """Empty cells, and those of nothing but spaces, leave what is there."""
    known = columns.of_header("customers", ["title", "phone"])
    assert entry.read(document.Row(2, {"title": "", "phone": "  "}), known).values == {}


def test_a_cell_that_cannot_be_read_names_its_column():
    """The error of a cell knows its line and column."""
    with pytest.raises(Misread) as raised:
        entry.read(document.Row(7, {"email": "x@"}), columns.of_header("customers", ["email"]))
    outcome = raised.value.outcome
    assert (outcome.line, outcome.column, outcome.action) == (7, "email", "error")
