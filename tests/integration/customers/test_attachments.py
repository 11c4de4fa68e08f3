"""Attachments: what is kept, where, how it is found again, and what happens when a file is harmed."""

import hashlib
import stat
from contextlib import suppress

import pytest

from provisioning import attachment, customer, database
from provisioning.attachment_store import Store

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def store(database):
    """Return the store of the test's home."""
    return Store(database.home / "attachments")


@pytest.fixture
def contract(tmp_path):
    """Return the name of a file with a PDF in it, which its name denies."""
    file = tmp_path / "contract.txt"
    file.write_bytes(PDF)
    return file


def test_a_file_is_kept_by_its_content(operator, store, contract, tmp_path):
    """A file is kept once under its SHA-256, private and not to be run, told by its content, and had back the same."""
    added = operator.json("attachment", "add", "FRI001", str(contract), "--description", "signed")["attachment"]
    digest = hashlib.sha256(PDF).hexdigest()
    kept = {"file_name": "contract.txt", "media_type": "application/pdf", "octets": len(PDF), "sha256": digest}
    assert {key: added[key] for key in kept} == kept
    assert added["author"] == "tollkeeper"
    path = store.folder / digest[:2] / digest[2:]
    assert path.read_bytes() == PDF
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, store.folder)] == [0o600, 0o700, 0o700]

    operator.do("attachment", "add", "FRI001", str(contract))
    assert len(operator.json("attachment", "list", "FRI001")) == 2
    assert [one.name for one in path.parent.iterdir()] == [path.name]

    number, back = str(added["id"]), tmp_path / "back.pdf"
    assert operator.run("attachment", "get", number).stdout_bytes == PDF
    operator.do("attachment", "get", number, "-o", str(back))
    assert back.read_bytes() == PDF
    assert operator.refused("attachment", "get", number, "-o", str(back)).endswith("cannot be written: File exists")


def test_a_text_is_previewed(operator, tmp_path):
    """Of a text the first lines are shown, without what a terminal would obey; of other files nothing."""
    file = tmp_path / "usage"
    file.write_text("day,octets\n" + "\u202e2026-11-01,7\n" * 20, encoding="utf-8")
    number = str(operator.json("attachment", "add", "FRI001", str(file))["attachment"]["id"])
    shown = operator.json("attachment", "show", number)
    assert (shown["media_type"], shown["preview"]) == ("text/csv", ["day,octets", *[" 2026-11-01,7"] * 9])
    assert operator.do("attachment", "show", number).endswith("day,octets\n" + " 2026-11-01,7\n" * 9)


def test_what_is_not_taken_is_refused(operator, store, tmp_path, monkeypatch):
    """Programs, pages, folders, empty and too big files are refused, and nothing of them is kept."""
    for name, content, cause in [
        ("run.pdf", b"\x7fELF" + bytes(60), "the file is none that is taken"),
        ("photo.png", b"<svg onload='x'/>", "the file is a script or a page with markup"),
        ("empty", b"", "the file is empty"),
    ]:
        (tmp_path / name).write_bytes(content)
        assert operator.refused("attachment", "add", "FRI001", str(tmp_path / name)) == cause
    assert operator.refused("attachment", "add", "FRI001", str(tmp_path)).endswith(
        ("no ordinary file", "Is a directory")
    )
    assert "No such file" in operator.refused("attachment", "add", "FRI001", "/nonexistent")
    monkeypatch.setenv("TOLLKEEPER_ATTACHMENT_OCTETS", "1kB")
    (tmp_path / "big").write_bytes(b"x" * 1001)
    assert operator.refused("attachment", "add", "FRI001", str(tmp_path / "big")) == "the file is bigger than 1kB"
    assert not store.folder.exists()


def test_damage_is_told(operator, store, contract, tmp_path):
    """A file that is another than was stored, or gone, is told by get and verify; adding it again mends it."""
    note = tmp_path / "note"
    note.write_text("hello")
    pdf, text = (operator.json("attachment", "add", "FRI001", str(file))["attachment"] for file in (contract, note))
    assert operator.do("attachment", "verify") == f"2 read, {len(PDF) + 5}, 0 damaged or missing\n"
    store.path(pdf["sha256"]).write_bytes(PDF[:-1])
    store.path(text["sha256"]).unlink()
    assert "is damaged" in operator.refused("attachment", "get", str(pdf["id"]))
    assert "is missing" in operator.refused("attachment", "show", str(text["id"]))
    result = operator.run("attachment", "verify")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 3)

    operator.do("attachment", "add", "FRI001", str(contract))
    operator.do("attachment", "remove", str(text["id"]))
    assert operator.json("attachment", "verify")["flaws"] == []


def test_a_sweep_takes_what_nobody_has(operator, database, store, contract, tmp_path):
    """A rolled-back addition, an interrupted write and a removed attachment leave files that a sweep takes away."""
    number = str(operator.json("attachment", "add", "FRI001", str(contract))["attachment"]["id"])
    with suppress(ZeroDivisionError), transaction(database) as session:
        owner = customer.find(session, "FRI001")
        attachment.add(session, owner, b"lost", file_name="lost", store=store, limit_octets=10)
        raise ZeroDivisionError
    orphan = store.path(store.digest(b"lost"))
    (orphan.parent / ".new-interrupted").write_bytes(b"lo")
    assert orphan.exists()
    assert operator.do("attachment", "verify", "--sweep").splitlines()[-1] == "2 swept"
    assert not orphan.exists()
    assert operator.run("attachment", "get", number).stdout_bytes == PDF

    operator.do("attachment", "remove", number)
    assert operator.refused("attachment", "get", number) == f"no attachment has the id {number}"
    assert operator.json("attachment", "verify", "--sweep")["swept"] == 1


def test_a_dry_run_keeps_no_file(operator, store, contract):
    """With --dry-run an attachment is judged, and no file is written."""
    operator.do("attachment", "add", "FRI001", str(contract), "--dry-run")
    assert not store.folder.exists()


def transaction(a_database):
    """Return a transaction on the test's database."""
    return database.transaction(a_database.dsn)
