"""Applying a file: all or nothing, twice is once, the same rules as one by one; and taking it back."""

import csv
import io
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.terminal import TOLLKEEPER, on_terminal

FILE = """code,first_name,last_name,phone,country,labels,address_street,user_name,password,mac,external.sage
,Frikkie,Visser,021 555 0100,ZA,fibre;VIP,1 Long St,frik,secret1,00-00-5e-00-53-01,S1
FRI001,,,,,,,frik2,secret2,,
,Anna,Botha,,,,,,,,S2
"""


def rows(database, relation, leaving=("id", "created_at", "name_key", "search_text")):
    """Return the rows of a table without what differs by the hour."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(r) - %s FROM {relation} AS r ORDER BY 1", [list(leaving)])
        return [row for (row,) in cursor.fetchall()]


def test_one_file_makes_customers_with_all_that_is_theirs(importer):
    """A row is a customer with an account, a device, an address, an external id; another row is its second account."""
    done = importer.load(FILE, "--group", "Homes")

    assert (done["create"], done["change"], done["id"]) == (2, 1, 1)
    assert [(row["code"], row["user_name"], row["mac"], row["phone"]) for row in importer.exported()] == [
        ("ANN001", "", "", ""),
        ("FRI001", "frik", "00:00:5e:00:53:01", "+27 21 555 0100"),
        ("FRI001", "frik2", "", "+27 21 555 0100"),
    ]


def test_a_second_time_there_is_nothing_to_do(importer, database):
    """The same file again, with codes or without, changes nothing: no import, no act in the audit."""
    importer.load(FILE, "--group", "Homes")
    before = rows(database, "audit_entry")

    again = importer.load(FILE, "--group", "Homes")

    assert (again["nothing"], again["create"], again["change"], again["id"]) == (3, 0, 0, None)
    assert rows(database, "audit_entry") == before


def test_what_differs_is_changed_and_said(importer):
    """A filled cell that differs changes that column; an empty one leaves it, `none` clears; passwords are not told."""
    importer.load(FILE, "--group", "Homes")

    said = importer.load(
        "code,phone,last_name,user_name,password,address_street,package\nFRI001,none,,frik,other,2 Kort St,P2\n"
    )

    (outcome,) = said["outcomes"]
    assert outcome["changes"] == {
        "phone": ["+27 21 555 0100", None],
        "address street": ["1 Long St", "2 Kort St"],
        "account package_id": [1, 2],
        "account password": ["(secret)", "(secret)"],
    }
    row = importer.exported()[1]
    assert (row["phone"], row["last_name"], row["package"]) == ("", "Visser", "P2")
    assert importer.exported("--with-passwords")[1]["password"] == "other"


def test_the_whole_file_or_nothing(importer, database):
    """One error, and nothing is imported; --skip-errors does the others and puts that row aside, with why."""
    content = "first_name,group,email,password,user_name\nAnna,Homes,,,\nBen,Homes,x@,word,ben\n"
    path = importer.file(content)

    assert importer.refused("import", "apply", path) == "line 3, column email: 'x@' is not an e-mail address"
    assert rows(database, "customer") == rows(database, "import_run") == []
    assert os.listdir(importer.folder) == ["customers.csv"]

    importer.do("import", "apply", path, "--skip-errors")
    rejected = importer.folder / "customers.csv.rejected.csv"
    assert rejected.stat().st_mode & 0o777 == 0o600
    assert list(csv.reader(rejected.read_text().splitlines()))[1] == [
        *("Ben", "Homes", "x@", "word", "ben"),
        "line 3, column email: 'x@' is not an e-mail address",
    ]
    assert [row["code"] for row in importer.exported()] == ["ANN001"]


def test_no_row_is_any_good(importer):
    """Where --skip-errors leaves nothing to do, nothing is imported and no file written."""
    result = importer.run("import", "apply", importer.file("first_name,group\nBen,Nobodies\n"), "--skip-errors")
    assert result.exit_code == 1
    assert os.listdir(importer.folder) == ["customers.csv"]


def test_a_dry_run_changes_nothing(importer, database):
    """--dry-run of an import with errors to be skipped shows its rows, and writes nowhere."""
    path = importer.file("first_name,group\nAnna,Homes\nBen,Nobodies\n")
    shown = importer.json("import", "apply", path, "--skip-errors", "--dry-run")
    assert [change["relation"] for change in shown["changes"]] == ["import", "customer", "import"]
    assert rows(database, "customer") == []
    assert os.listdir(importer.folder) == ["customers.csv"]


def test_on_a_terminal(importer, database):
    """A plan is a table there, errors first; the summary stands above it, whatever is in the cells."""
    path = importer.file("first_name,group\nAnna [bold],Homes\nBen,Nobodies\n")
    status, shown = on_terminal("import", "plan", path, environ=os.environ | database.environ | {"TERM": "dumb"})
    assert status == 1
    lines = [line.split() for line in shown.splitlines() if line.strip()]
    assert [line[:2] for line in lines if line[1:2] in (["create,"], ["create"], ["error"])] == [
        ["1", "create,"],
        ["3", "error"],
        ["2", "create"],
    ]


def test_many_customers_are_asked_about(importer, database):
    """An import of more than ten customers wants --yes where nobody can be asked."""
    path = importer.file("first_name,group\n" + "".join(f"A{number},Homes\n" for number in range(11)))
    assert importer.refused("import", "apply", path) == "it concerns 11 customers"
    assert rows(database, "customer") == []


def test_the_same_as_one_by_one(importer, other, database):
    """What is entered by the operations and what is imported is the same, column for column."""
    importer.load(
        "first_name,last_name,type,company_name,email,phone,country,language,labels,download,upload,expires_at,"
        "credit_limit,address_street,address_city,address_country,user_name,package,ipv4_address,routes,vlan_id,"
        "reply_attributes,mac,external.Sage\n"
        "Zoë,Müller,,,Z@Example.NET,021 555 0100,South Africa,Afrikaans,VIP; fibre,10M,5M,2027-01-31T18:00:00+02:00,"
        "99.50,7 Kerk St,Paarl,Namibia,zoe,P2,192.0.2.7,198.51.100.0/24;203.0.113.0/24 192.0.2.1 1,7,"
        '"[[""Filter-Id"", ""="", ""x""]]",00005E005301, C-1 \n'
        ",,company,Acme (Pty) Ltd,,,,,,,,,,,,,acme,,,,,,,\n",
        "--group",
        "Homes",
    )
    add = ("customer", "add", "--group", "Homes")
    other.do(*add, "--first-name", "Zoë", "--last-name", "Müller", "--email", "Z@Example.NET",
             "--phone", "021 555 0100",
             "--country", "South Africa", "--language", "Afrikaans", "--label", "VIP", "--label", "fibre",
             "--download", "10M", "--upload", "5M", "--expires", "2027-01-31T18:00:00+02:00",
             "--credit-limit", "99.50")  # fmt: skip
    other.do("address", "add", "ZOE001", "7 Kerk St", "--city", "Paarl", "--country", "Namibia")
    other.do("external-id", "add", "ZOE001", "sage", "C-1")
    other.do("account", "add", "zoe", "--customer", "ZOE001", "--package", "P2", "--ipv4", "192.0.2.7",
             "--route", "198.51.100.0/24", "--route", "203.0.113.0/24 192.0.2.1 1", "--vlan", "7",
             "--reply", "Filter-Id=x", "--no-password")  # fmt: skip
    other.do("device", "add", "zoe", "00005E005301")
    other.do(*add, "--type", "company", "--company-name", "Acme (Pty) Ltd")
    other.do("account", "add", "acme", "--customer", "ACM001", "--no-password")

    for relation in ("customer", "address", "external_id", "account", "device", "customer_code_sequence"):
        assert rows(database, relation) == rows(other.database, relation), relation
        assert rows(database, relation) != []


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        ("ipv4_address\n{},192.0.2.7\n", "address 192.0.2.7 belongs to account there of customer THE001"),
        ("routes\n{},192.0.2.0/24\n", "route 192.0.2.0/24 overlaps 192.0.2.7 of account there of customer THE001"),
        ("vlan_id\n{},7\n", "VLAN 7 belongs to account there of customer THE001"),
        ("ipv6_prefix\n{},2001:db8::/64\n{},2001:db8::/64\n", "prefix 2001:db8::/64 belongs to account u0 of"),
        ("routes\n{},10.0.0.0/8\n{},10.1.0.0/16\n", "route 10.1.0.0/16 overlaps 10.0.0.0/8 of account u0 of"),
        ("mac\n{},00:00:5e:00:53:01\n", "device 00:00:5e:00:53:01 belongs to another account"),
        ("external.x\n{},1\n", "another customer is known to x as 1"),
    ],
)
def test_what_only_one_can_have(planner, cells, cause):
    """Of two in one file, and of one in the file and one that is there, the later is refused."""
    if not planner.exported():
        planner.load(
            "code,first_name,user_name,ipv4_address,vlan_id,mac,external.x\n"
            "THE001,There,there,192.0.2.7,7,00:00:5e:00:53:01,1\n",
            "--group", "Homes",
        )  # fmt: skip
    header, *lines = cells.splitlines()
    numbered = [line.format(f"N{number},N00{number},u{number}") for number, line in enumerate(lines)]
    text = "\n".join([f"first_name,code,user_name,{header}", *numbered, "Other,OTH001,other,"])

    said = planner.plan(text, "--group", "Homes")

    assert said["outcomes"][0]["cause"].startswith(cause) or said["outcomes"][0]["cause"] in cause
    assert (said["error"], said["outcomes"][0]["line"]) == (1, len(lines) + 1)


def test_parents_and_namesakes_in_one_file(importer):
    """A sub-account may stand behind its parent in the file; namesakes are told apart only where it is said."""
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            ("code", "first_name", "parent", "namesake"),
            ("TOP1", "Top", "", ""),
            ("MID1", "Middle", "top1", ""),
            ("LOW1", "Low", "MID1", ""),
            ("", "Jan", "", "yes"),
            ("", "Jan", "", "yes"),
        ]
    )
    assert importer.load(text.getvalue(), "--group", "Homes")["create"] == 5
    parents = {row["code"]: row["parent"] for row in importer.exported()}
    assert parents == {"TOP1": "", "MID1": "TOP1", "LOW1": "MID1", "JAN001": "", "JAN002": ""}
    assert importer.load(text.getvalue(), "--group", "Homes")["nothing"] == 5

    said = importer.plan("first_name,user_name\nJan,jan\nPiet,a\nPiet,b\n", "--group", "Homes")
    assert [one["cause"] for one in said["outcomes"][:1]] == ["it may mean several customers"]
    assert [one["action"] for one in said["outcomes"][1:]] == ["create", "change"]


def test_codes_while_others_take_some(importer, database):
    """Codes are unique and without gaps, whoever else adds customers of the same letters while a file is imported."""
    path = importer.file("first_name,last_name\n" + "".join(f"Ann,Botha {number}\n" for number in range(200)))
    add = ("customer", "add", "--group", "Homes", "--first-name", "Ann", "--last-name")
    environ = os.environ | database.environ

    def run(arguments):
        return subprocess.run([TOLLKEEPER, *arguments], env=environ, capture_output=True, text=True, timeout=300)

    with ThreadPoolExecutor(5) as pool:
        done = list(
            pool.map(
                run,
                [
                    ("import", "apply", path, "--group", "Homes", "--yes"),
                    *((*add, f"Cilliers {number}") for number in range(4)),
                ],
            )
        )

    assert [one.stderr for one in done if one.returncode] == []
    assert [row["code"] for row in importer.exported()] == [f"ANN{number:03}" for number in range(1, 205)]


def test_money(importer):
    """Invoices and payments are imported, pay each other, and are never changed by another file."""
    importer.load(FILE, "--group", "Homes")
    invoices = (
        "customer,number,issued_on,due_on,amount\nFRI001,I-1,2027-01-01,2027-01-31,100\nfri001,I-2,2027-02-01,,50\n"
    )
    payments = "customer,receipt,received_on,amount,method\nFRI001,R-1,2027-01-15,120.50,eft\n"

    assert importer.load(invoices, "--kind", "invoices")["create"] == 2
    assert importer.load(payments, "--kind", "payments")["create"] == 1
    assert importer.json("balance", "show", "FRI001")["balance_cents"] == 2950
    assert importer.json("payment", "show", "R-1")["paid"] == {"I-1": 10000, "I-2": 2050}

    assert importer.load(invoices, "--kind", "invoices")["nothing"] == 2
    other = importer.plan(invoices.replace(",50", ",51").replace("I-1", "I-3"), "--kind", "invoices")
    assert [(one["line"], one["cause"]) for one in other["outcomes"]] == [
        (3, "I-2 is there already, and says something else"),
        (2, None),
    ]
    assert importer.plan("customer,number,amount\nFRI001,I-9,1\n", "--kind", "invoices")["outcomes"][0]["cause"] == (
        "column issued_on is empty"
    )
    bad = importer.plan('customer,receipt,received_on,amount\nFRI001,R-9,2027-01-01,"1.234,50"\n', "--kind", "payments")
    assert bad["outcomes"][0]["cause"] == "'1.234,50' is not an amount of money"

    importer.do("import", "undo", "3")
    importer.do("import", "undo", "2")
    assert importer.json("balance", "show", "FRI001")["balance_cents"] == 0
    assert importer.json("invoice", "list") == importer.json("payment", "list") == []
