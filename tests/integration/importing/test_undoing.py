"""Taking an import back: what it added goes, what it changed is as it was; what has grown on it since is told."""

import pytest

from tests.integration.importing.test_applying import FILE, rows

RELATIONS = ("customer", "address", "external_id", "account", "device")
THERE = "code,first_name,phone,user_name,password,mac\nOLD001,Olga,+27 21 555 0100,olga,word,00:00:5e:00:53:09\n"
CHANGES = "code,phone,labels,user_name,package,password\nOLD001,none,VIP,olga,P2,other\n"


@pytest.fixture
def undoer(importer):
    """Return an importer at a provider with a customer of before."""
    importer.load(THERE, "--group", "Homes")
    return importer


def test_all_of_it(undoer, database):
    """Rows that were added are gone, changed ones have their old values again, sealed passwords too."""
    before = {relation: rows(database, relation, ("version",)) for relation in RELATIONS}
    undoer.load(FILE, "--group", "Homes")
    undoer.load(CHANGES)

    assert undoer.json("import", "undo", "3")["stays"] == []
    assert undoer.json("import", "undo", "2")["stays"] == []

    assert {relation: rows(database, relation, ("version",)) for relation in RELATIONS} == before
    assert undoer.refused("import", "undo", "2") == "import 2 was taken back already"
    runs = undoer.json("import", "list")
    assert [(run["id"], run["undone_at"] is None) for run in runs] == [(3, False), (2, False), (1, True)]


def test_what_somebody_has_changed_since(undoer):
    """A value that is not the import's any more stays: nothing is taken back then, unless --partial."""
    undoer.load(CHANGES)
    undoer.do("customer", "edit", "OLD001", "--label", "gold")

    assert undoer.refused("import", "undo", "2") == "customer OLD001: somebody has changed it since"
    assert undoer.exported()[0]["package"] == "P2"

    assert undoer.json("import", "undo", "2", "--partial")["stays"] == [
        "customer OLD001: somebody has changed it since"
    ]
    row = undoer.exported("--with-passwords")[0]
    assert (row["labels"], row["package"], row["password"]) == ("VIP;gold", "P1", "word")


SINCE = (
    "note add {} call-first",
    "contact add {} Ann --phone +27215550100",
    "address add {} street",
    "external-id add {} sage 1",
    "customer add --group Homes --first-name Sub --parent {}",
    "device add {} 00:00:5e:00:53:55",
    "account add further --customer {} --no-password",
    "invoice add {} INV-1 100",
)


def test_what_belongs_to_it_since(undoer):
    """A customer or account to which something was added since stays, and what it stands on does; the rest goes."""
    names = [f"C{number}" for number, _ in enumerate([*SINCE, "nothing"])]
    undoer.load(
        "code,first_name,user_name\n" + "".join(f"{name},{name},{name}\n" for name in names), "--group", "Homes"
    )
    for name, line in zip(names, SINCE, strict=False):
        undoer.do(*line.format(name).split())

    assert undoer.refused("import", "undo", "2").endswith("8 more cannot be taken back")

    stays = undoer.json("import", "undo", "2", "--partial")["stays"]
    assert all(any(name in why for why in stays) for name in names[:-1])
    codes = {row["code"] for row in undoer.exported()}
    assert codes & {*names} == {*names[:-1]}
    assert [row["user_name"] for row in undoer.exported() if row["user_name"]] == ["C5", "further", "olga"]


def test_an_account_that_was_used(undoer, accounting):
    """Whoever is online, or has been, or has used something, keeps his account, and so his customer stays."""
    content = "first_name,user_name\n" + "".join(f"{word},{word}\n" for word in ("Online", "Was", "Used", "Never"))
    undoer.load(content, "--group", "Homes")
    accounting.opened(user_name="Online")
    accounting.closed(user_name="Was")
    accounting.used("Used", "2026-11-15", 1, 1)

    stays = undoer.json("import", "undo", "2", "--partial")["stays"]

    assert sorted(stays)[:3] == [f"account {word}: something belongs to it since" for word in ("Online", "Used", "Was")]
    assert [row["user_name"] for row in undoer.exported()] == ["olga", "Online", "Used", "Was"]


def test_an_import_that_is_not_there(undoer):
    """An id that no import has is bad input."""
    assert undoer.refused("import", "undo", "99") == "no import has the id 99"
    assert undoer.refused("import", "show", "99") == "no import has the id 99"
    assert undoer.json("import", "show", "1")["created_rows"] == 1
