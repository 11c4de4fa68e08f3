"""Exporting: what comes out goes in again and changes nothing; into an empty provider it makes the same."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.cli.export import _guarded
from provisioning.importing import columns, document, entry, meanings
from tests.integration.importing.test_applying import rows

# a customer with every column, one with hardly any, a company below it, a hidden one, odd words
EVERYTHING = {
    "code": "TOP1", "first_name": 'Top, "the" \\ ’first;', "title": "Dr", "last_name": "=1+1", "namesake": "yes",
    "id_number": "-8001", "phone": "+27 21 555 0100", "email": "Top@example.net", "billing_email": "b@x.za",
    "country": "ZA", "language": "zu", "suspended": "yes", "expires_at": "2027-01-31T18:00:00+02:00",
    "inherits_state": "no", "download": "1.5G", "upload": "512k", "time_zone": "Africa/Windhoek", "billing_day": "31",
    "billing_group": "\\none", "payment_method": "@card", "credit_limit": "0.05", "labels": "a b;c",
    "category": "\\\\none", "attitude": "grumpy", "registered_at": "2020-02-29T23:59:59Z",
    "registered_ip": "2001:db8::7", "address_street": "1 長街", "address_city": "Windhoek", "address_region": "Khomas",
    "address_postal_code": "009000", "address_country": "NA", "user_name": " top ", "password": " none ",
    "package": "P2", "blocked": "yes", "account_suspended": "yes", "account_expires_at": "2026-12-31",
    "sessions_allowed": "3", "price": "499", "topup_price": "0", "lock_to_devices": "yes", "ipv4_address": "192.0.2.7",
    "ipv4_netmask": "255.255.255.0", "ipv6_prefix": "2001:db8:1::/64", "delegated_ipv6_prefix": "2001:db8:100::/56",
    "routes": "198.51.100.0/24;203.0.113.0/24 192.0.2.1 1", "vlan_id": "4094",
    "reply_attributes": '[["Filter-Id", "=", "a;b,c"]]', "mac": "00005E005301;00:00:5e:00:53:02",
    "external.sage": "007", "external.sonar": "none of them",
}  # fmt: skip
OTHERS = (
    {"code": "TOP1", "user_name": "top2", "password": "p2"},
    {"first_name": "Plain", "kind": "residential"},
    {"company_name": "A Firm", "type": "company", "parent": "TOP1", "code": "AAA1", "disabled": True, "user_name": "f"},
    {"company_name": "Deeper", "type": "company", "parent": "AAA1", "code": "AAA0", "deleted_at": "2026-01-01"},
)


@pytest.fixture
def exporter(importer):
    """Return an importer with customers that have all there is."""
    importer.load("\n".join(map(json.dumps, [EVERYTHING, *OTHERS])), "--group", "Homes")
    return importer


def test_an_export_is_nothing_new(exporter):
    """A file that was exported changes nothing where it came from."""
    for options in ((), ("--with-passwords",)):
        said = exporter.plan(exporter.do("export", "--all", "--format", "jsonl", *options))
        assert (said["nothing"], said["outcomes"]) == (5, [])


def test_into_an_empty_provider(exporter, other, database):
    """What was exported makes the same customers, accounts, devices somewhere else; passwords with --with-passwords."""
    text = exporter.do("export", "--all", "--format", "jsonl", "--with-passwords")

    assert other.load(text)["create"] == 4

    ids = ("id", "customer_id", "account_id", "parent_id")  # rows are added in another order
    without = (*ids, "created_at", "version", "password")
    for relation in ("customer", "address", "external_id", "account", "device"):
        assert rows(database, relation, without) == rows(other.database, relation, without), relation
    assert other.do("export", "--all", "--format", "jsonl", "--with-passwords") == text


def test_invoices_and_payments(exporter, other):
    """Money goes the same way, customers first; what was void is not in it."""
    for line in ("invoice add TOP1 I-1 100 --description line", "invoice add AAA1 I-2 5", "payment add TOP1 30",
                 "credit-note add TOP1 C-1 20", "invoice add TOP1 I-3 1", "invoice void I-3"):  # fmt: skip
        exporter.do(*line.split())
    other.load(exporter.do("export", "--format", "jsonl"))

    for kind in ("invoices", "payments"):
        text = exporter.do("export", "--kind", kind)
        assert exporter.plan(text, "--kind", kind)["outcomes"] == []
        other.load(text, "--kind", kind)
        assert other.do("export", "--kind", kind) == text
    for code in ("TOP1", "AAA1"):
        owed = [one.json("balance", "show", code)["balance_cents"] for one in (exporter, other)]
        assert owed[0] == owed[1] != 0


def test_csv_loses_no_spaces_silently(exporter):
    """A user name with spaces around it cannot be had as CSV."""
    cause = "' top ' begins or ends with a space, which CSV loses"
    assert exporter.run("export").stderr.startswith(cause)
    assert exporter.refused("export", "-o", str(exporter.folder / "out.csv")) == cause
    assert os.listdir(exporter.folder) == ["customers.csv"]


def test_filters(exporter):
    """Groups, resellers and labels choose; deleted customers are asked for."""

    def codes(*options):
        lines = exporter.do("export", "--format", "jsonl", *options).splitlines()
        return [json.loads(line)["code"] for line in lines]

    exporter.load("first_name,reseller,group\nResold,Karoo,Firms\n")

    assert codes() == ["PLA001", "RES001", "TOP1", "TOP1", "AAA1"]
    assert codes("--deleted") == ["AAA0"]
    assert codes("--all", "--group", "Homes") == ["PLA001", "TOP1", "TOP1", "AAA1", "AAA0"]
    assert codes("--reseller", "Karoo") == ["RES001"]
    assert codes("--label", "c", "--label", "a b") == ["TOP1", "TOP1"]
    assert exporter.refused("export", "--group", "Nobodies") == "no group is named 'Nobodies'"
    assert exporter.refused("export", "--reseller", "Nobody") == "no reseller is named 'Nobody'"
    assert exporter.refused("export", "--deleted", "--all") == "--deleted and --all contradict each other"


def test_a_file(exporter):
    """A file is there whole or not at all; with passwords it is its owner's alone, and a warning is given."""
    exporter.do("account", "rename", " top ", "top")
    exporter.do("account", "passwd", "top", "--password-stdin", stdin="word")
    path = exporter.folder / "out.csv"

    said = exporter.json("export", "-o", str(path))
    assert (said["rows"], said["kind"], said["columns"][:2]) == (4, "customers", ["code", "group"])
    assert path.stat().st_mode & 0o444 != 0o400

    result = exporter.run("export", "--with-passwords", "-o", str(path))
    assert result.stderr == "WARNING: passwords are written in the clear\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "password" in path.read_text().splitlines()[0].split(",")
    assert exporter.refused("export", "-o", str(exporter.folder / "no" / "out")).startswith("file ")
    assert exporter.refused("export", "-o", str(exporter.folder)).endswith("Is a directory")
    assert sorted(os.listdir(exporter.folder)) == ["customers.csv", "out.csv"]


def test_for_spreadsheets(exporter):
    """What a spreadsheet would compute is guarded only where that was asked for."""
    exporter.do("account", "rename", " top ", "top")
    plain, guarded = exporter.exported()[1], exporter.exported("--for-spreadsheets")[1]
    assert (plain["last_name"], guarded["last_name"]) == ("=1+1", "'=1+1")
    assert (plain["payment_method"], guarded["payment_method"]) == ("@card", "'@card")
    assert guarded["first_name"] == plain["first_name"]
    assert exporter.refused("export", "--for-spreadsheets", "--format", "jsonl") == "spreadsheets take CSV"
    assert _guarded("+27 21") == "'+27 21"


def test_every_column_has_a_meaning(planner):
    """`export --columns` lists every column there is, and no other; the rows themselves are no JSON."""
    assert "JSON keys: " in planner.do("export", "--help").split("Example:")[1]
    listed = planner.json("export", "--columns")
    for kind, known in columns.KINDS.items():
        names = [one["column"] for one in listed if one["kind"] == kind]
        assert [name for name in names if name != "external.SYSTEM"] == list(known)
    assert set(meanings.MEANINGS) == set(columns.KINDS)
    assert planner.json("export", "--columns")[0] == {
        "kind": "customers", "column": "code", "meaning": meanings.MEANINGS["customers"]["code"]}  # fmt: skip


def test_a_reseller_has_its_own_part(importer, database):
    """A reseller's operator imports into its own part, and exports no more; he sees no code or name of others."""
    importer.load("code,first_name,reseller,user_name\nOUR1,Ours,,ours\nTHE1,Theirs,Karoo,theirs\n", "--group", "Homes")
    importer.do(
        "operator", "add", "rita", "--role", "reseller", "--reseller", "Karoo", "--password-stdin", stdin="word12345678"
    )
    rita = type(importer)(database, importer.folder, PGUSER="rita", PGPASSWORD="word12345678")

    assert [row["code"] for row in rita.exported()] == ["THE1"]
    assert rita.load("first_name,group,user_name\nNew,Homes,new\n")["create"] == 1
    assert [row["reseller"] for row in importer.exported("--reseller", "Karoo")] == ["Karoo", "Karoo"]

    said = rita.plan("code,first_name,user_name,group,reseller\n"
                     "OUR1,Mine,,Homes,\nTHE1,,ours,Homes,\n,A,,Homes,North\n,Ours,,Homes,\n")  # fmt: skip
    assert [one["action"] for one in said["outcomes"]] == ["error"] * 4
    assert "Ours" not in str(said["outcomes"][0])
    assert importer.exported()[1]["first_name"] == "Ours"


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf", "Co", "Cn", "Zs"]), min_size=1)


@given(CELLS | st.sampled_from(["none", "\\none", "\\\\none", "None", "\\"]))
def test_any_text_is_read_as_it_was_written(text):
    """Whatever a text column holds, `none` and backslashes too, is read back as it was; only the word itself clears."""
    known = columns.of_header("customers", ["title"])
    cell = columns.escaped(known["title"].write(text))
    assert entry.read(document.Row(2, {"title": cell}), known).of("customer")["title"] == text
    assert entry.read(document.Row(2, {"title": "none"}), known).of("customer")["title"] is None
