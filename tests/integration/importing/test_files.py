"""Files as spreadsheets and scripts write them: encodings, dialects, headers; and what no file may be."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LINES = "first_name,last_name\nZoë,Müller\nFrikkie,Visser\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        LINES.encode("utf-16-le"),
        LINES.encode("utf-16-be"),
        LINES.replace("\n", "\r\n").encode(),
        LINES.replace(",", ";").encode(),
        LINES.replace(",", "\t").encode("utf-16"),
        LINES.replace(",", "|").encode(),
        b" First Name , LAST-name\n Zo\xc3\xab , M\xc3\xbcller \n\n,\nFrikkie,Visser",
        b'last_name,first_name\n"M\xc3\xbcller","Zo\xc3\xab"\n"Visser","Frikkie"\n',
        (LINES + LINES).replace("Frikkie,Visser\nfirst", "first", 1).replace("Zoë,Müller\n", "", 1).encode(),
        b'{"first_name": "Zo\xc3\xab", "last_name": "M\xc3\xbcller"}\n'
        b'\n{"Last Name": "Visser", "first_name": "Frikkie"}',
    ],
    ids=[
        *("utf-8", "utf-8 marked", "utf-16 marked", "utf-16-be marked", "utf-16-le", "utf-16-be", "crlf", "semicolons"),
        *("Excel's Unicode text", "bars", "untidy", "quoted", "header again", "json lines"),
    ],
)
def test_dialects(planner, content):
    """However it is written, it is the same two customers."""
    said = planner.plan(content, "--group", "Homes")

    assert (said["create"], said["rows"]) == (2, 2)
    assert [outcome["name"] for outcome in said["outcomes"]] == ["ZOE001", "FRI001"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"first_name\nFrikkie\nZo\xeb\n", "line 3, character 3 is no UTF-8"),
        ("first_name\nZoë".encode("utf-16")[:-1], "line 2, character 3 is no UTF-16"),
        (b"", "file {} has no header"),
        (b"\n\n", "file {} has no header"),
        (b"firstname\nx", "there is no column 'firstname'"),
        (b"code,Code\nx,y", "column 'code' is there twice"),
        (b"user_nam,shoe_size\nx,y", "there is no column 'user_nam'"),
        (b'"first_name\nx', "line 1 cannot be read: unexpected end of data"),
    ],
)
def test_what_is_no_table_of_customers(planner, content, cause):
    """A file that cannot be read, or means what nobody knows, is refused as a whole; where and why is said."""
    path = planner.file(content)
    assert planner.refused("import", "plan", path) == cause.format(path)


def test_a_column_that_is_nearly_known(planner):
    """A misspelt column is told its likely name."""
    result = planner.run("import", "plan", planner.file("user_nam\nx"))
    assert "HINT: Perhaps it is user_name." in result.stderr


def test_a_missing_file(planner):
    """A file that is not there, or is a folder, is bad input."""
    assert planner.refused("import", "plan", "/nowhere").startswith("file /nowhere cannot be read: No such file")
    assert planner.refused("import", "plan", "/").startswith("file / cannot be read: Is a directory")


ERRORS = [
    ({"email": "x@"}, "email", "'x@' is not an e-mail address"),
    ({"country": "Utopia"}, "country", "'Utopia' is not a country"),
    ({"disabled": "perhaps"}, "disabled", "'perhaps' is neither yes nor no"),
    ({"type": "robot"}, "type", "'robot' is none of individual, company, sole_proprietor"),
    ({"billing_day": "32"}, None, "a billing day is 1 to 31"),
    ({"billing_day": "x"}, "billing_day", "'x' is not a number"),
    ({"download": "10M"}, None, "the two rates come in pairs"),
    ({"group": "Nobodies"}, None, "no group is named 'Nobodies'"),
    ({"parent": "NOB001"}, None, "no customer is named 'NOB001'"),
    ({"reseller": "Nobody"}, None, "no reseller is named 'Nobody'"),
    ({"password": "x"}, None, "columns of an account need its user name"),
    ({"user_name": "a", "package": "P9"}, None, "no package is named 'P9'"),
    ({"group": "Firms", "user_name": "a"}, None, "a new account needs a package"),
    ({"user_name": "a", "ipv4_address": "10.0.0.300"}, "ipv4_address", "'10.0.0.300' is not an IP address"),
    ({"user_name": "a", "reply_attributes": "{"}, "reply_attributes", "'{' is no list of attributes"),
    ({"user_name": "a", "reply_attributes": "[[1]]"}, "reply_attributes", "'[[1]]' is no list of attributes"),
    ({"user_name": "a", "reply_attributes": '[["Nope", "=", "1"]]'}, "reply_attributes", "unknown attribute 'Nope'"),
    ({"user_name": "a", "mac": "00:00"}, "mac", "'00:00' is not a MAC address"),
    ({"user_name": "a", "password": "x" * 129}, None, "the password is not 1 to 128 octets long"),
    ({"mac": "00:00:5e:00:53:01"}, None, "a device needs the account that it belongs to"),
    ({"address_city": "Paarl"}, None, "an address needs a street"),
    ({"labels": "a,b"}, "labels", "'a,b' is not a label"),
    ({"title": "A\u0007"}, "title", "title has a character that cannot be printed"),
    ({"first_name": ""}, None, "nothing says which customer is meant"),
    ({"first_name": "一"}, None, "the name has no letter or digit to make an account code of"),
    ({"kind": "residential", "user_name": "a", "vlan_id": "7"}, None, "a residential customer takes no static address"),
    ({"external.x": "none"}, None, "what another system calls a customer is taken away by hand"),
]


def test_rows_with_errors(planner):
    """An error is of a line, and of a column where one alone is to blame; the rows between them are not harmed."""
    header = list(dict.fromkeys(["first_name", "group", *(name for cells, _, _ in ERRORS for name in cells)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, header)
    writer.writeheader()
    for number, (cells, _, _) in enumerate(ERRORS):
        writer.writerow({"first_name": f"Anna{number}", "group": "Homes"} | cells)
        writer.writerow({"first_name": f"Ben{number}", "group": "Homes"})

    said = planner.plan(text.getvalue())

    assert (said["create"], said["error"]) == (len(ERRORS), len(ERRORS))
    found = said["outcomes"][: len(ERRORS)]
    assert [outcome["line"] for outcome in found] == list(range(2, 2 * len(ERRORS) + 2, 2))
    for outcome, (_, column, cause) in zip(found, ERRORS, strict=True):
        assert (outcome["column"], outcome["cause"][: len(cause)]) == (column, cause)


def test_cells_that_are_missing_or_too_many(planner):
    """A row of another length than the header has no meaning; a quoted line end keeps the count of lines."""
    said = planner.plan('first_name,last_name,group\na,b\nx,"y\nz",Homes\nc,d,Homes,e\nf,g,Homes\n')

    causes = {outcome["line"]: outcome["cause"] for outcome in said["outcomes"]}
    assert causes[2] == "it has 2 cells, the header has 3"
    assert causes[3] == "last_name has a character that cannot be printed"
    assert causes[5] == "it has 4 cells, the header has 3"
    assert causes[6] is None


def test_a_quote_that_nobody_closes(planner):
    """What follows a broken quote would be read out of step: it is one error, and what came before is told."""
    said = planner.plan('first_name,group\nAnna,Homes\n"Ben,Homes\nCarl,Homes\n')
    assert [(one["line"], one["action"]) for one in said["outcomes"]] == [(3, "error"), (2, "create")]
    assert said["outcomes"][0]["cause"].startswith("it and what follows cannot be read")


def test_json_lines_that_are_none(planner):
    """A line that is no JSON object is an error of that line."""
    said = planner.plan('{"first_name": "Anna", "group": "Homes", "disabled": false}\n[1]\n{"first_name":\n')
    assert [(one["line"], one["cause"]) for one in said["outcomes"][:1]] == [(2, "it is no JSON object")]
    assert said["outcomes"][1]["cause"].startswith("it is no JSON: ")
    assert said["outcomes"][2]["action"] == "create"


WORDS = st.sampled_from(
    ["Anna", "none", "\\none", "Homes", "P1", "a", "b", "yes", "FRI001", "10M", "", " ", '"', "'", "x@y.za", "0", "-1"]
)
HEADERS = st.lists(
    st.sampled_from(
        ["code", "first_name", "last_name", "group", "user_name", "email", "parent", "labels", "external.x"]
    ),
    min_size=1,
    unique=True,
)
TABLES = st.builds(
    lambda header, rows, separator, ending: ending.join(separator.join(row) for row in [header, *rows]).encode(),
    HEADERS,
    st.lists(st.lists(WORDS | st.text(max_size=5), max_size=9), max_size=4),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)


def test_any_file_is_planned_or_refused(planner):
    """Whatever octets a file holds: 0, 1 for rows with errors, 2 with one line of cause; never a traceback."""

    @settings(max_examples=60)
    @given(TABLES | st.binary(max_size=200) | TABLES.map(lambda octets: octets.decode().encode("utf-16")))
    def check(content):
        result = planner.run("import", "plan", planner.file(content), "--group", "Homes")
        assert result.exit_code in (0, 1, 2)
        assert isinstance(result.exception, SystemExit | None), result.exception

    check()
