"""The spool on a real disk: what is kept, what is refused, and two who use it at once."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from radiusd.accounting.spool import Full, Spool, Unwritable

LIMIT = 64 << 20
NEW_YEARS_EVE = 1_798_761_599.0  # 2026-12-31 23:59:59 UTC


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a spool may be made."""
    return tmp_path / "spool" / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    """Return a new spool."""
    made = Spool(path, limit_octets=LIMIT)
    yield made
    made.close()


def bodies(*texts: bytes) -> list[tuple[float, bytes]]:
    """Return records that came one second after another."""
    return [(NEW_YEARS_EVE + number, text) for number, text in enumerate(texts)]


def fill(spool: Spool, body: bytes) -> NoReturn:
    """Append ten at a time until it raises."""
    while True:
        spool.append(bodies(*[body] * 10))


def test_what_is_appended_is_read_in_order(spool: Spool) -> None:
    """Ids grow by one, times and octets are those that came, JSON or not."""
    spool.append(bodies(b"{}", b"\0\xff"))
    spool.append(bodies(b"third"))

    first = spool.depth().last_id - 2
    assert [(first, NEW_YEARS_EVE, b"{}"), (first + 1, NEW_YEARS_EVE + 1, b"\0\xff")] == spool.read(0, 2)
    assert [(first + 2, NEW_YEARS_EVE, b"third")] == spool.read(first + 1, 10)


def test_depth_says_what_waits(spool: Spool) -> None:
    """Number and oldest time of the records that are left; the last id stays when all have gone."""
    before = spool.depth()
    spool.append(bodies(b"a", b"b", b"c"))
    last_id = before.last_id + 3

    spool.remove(last_id - 2)
    depth = spool.depth()

    assert before[:2] == (0, None)
    assert (2, NEW_YEARS_EVE + 1, last_id) == (depth.records, depth.oldest_received_at, depth.last_id)
    spool.remove(last_id)
    assert (0, None, last_id) == (spool.depth().records, spool.depth().oldest_received_at, spool.depth().last_id)


def test_received_is_counted_by_utc_day_for_ever(spool: Spool) -> None:
    """A removal takes nothing off what was received."""
    spool.append(bodies(b"a", b"b", b"c"))
    spool.append(bodies(b"d"))
    spool.remove(spool.depth().last_id)

    assert spool.received_by_day() == {"2026-12-31": 2, "2027-01-01": 2}


def test_ids_are_never_given_twice(path: Path) -> None:
    """Not after everything was removed and the file opened again, not in a new file after the old one was lost."""
    first = Spool(path, limit_octets=LIMIT)
    first.append(bodies(b"a"))
    given = first.depth().last_id
    first.remove(given)
    first.close()

    again = Spool(path, limit_octets=LIMIT)
    again.append(bodies(b"b"))
    assert given + 1 == again.depth().last_id
    again.close()

    shutil.rmtree(path.parent)
    time.sleep(1.0)
    new = Spool(path, limit_octets=LIMIT)
    assert new.depth().last_id > given + 1
    new.close()


def test_only_its_owner_reads_it(spool: Spool, path: Path) -> None:
    """Folder 0700, every file 0600: accounting says who was online when."""
    spool.append(bodies(b"a"))

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}


def test_every_append_is_synced(spool: Spool, path: Path) -> None:
    """The connection that appends has synchronous=FULL in WAL mode, after a removal as before."""
    spool.append(bodies(b"a"))
    spool.remove(spool.depth().last_id)

    assert spool._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert spool._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_limit_refuses_and_a_removal_makes_room(path: Path) -> None:
    """A batch that does not fit is refused as a whole; freed pages are used again, the file does not grow."""
    spool = Spool(path, limit_octets=1 << 20)
    body = b"x" * 1000
    with pytest.raises(Full):
        fill(spool, body)

    number = spool.depth().records
    assert number % 10 == 0
    assert number > 500
    assert spool.depth().octets <= 1 << 20
    for _ in range(5):
        spool.remove(spool.depth().last_id)
        spool.append(bodies(*[body] * number))
    assert path.stat().st_size <= 1 << 20
    spool.close()


def test_the_log_beside_it_stays_bounded(spool: Spool, path: Path) -> None:
    """Whatever goes through, while it is read and removed by another, file and log keep a bounded size."""
    reader = Spool(path, limit_octets=LIMIT)
    at = 0
    for _ in range(300):
        spool.append(bodies(*[b"x" * 1000] * 200))
        records = reader.read(at, 200)
        at = records[-1].id
        reader.remove(at)
    reader.close()

    assert path.with_name("spool.db-wal").stat().st_size < 40 << 20
    assert path.stat().st_size < 8 << 20


def test_a_removal_gets_its_turn_under_load(spool: Spool, path: Path) -> None:
    """Reading and removing keep up with one who appends without a pause, and none of them fails."""
    stopping, failures = threading.Event(), []

    def append() -> None:
        try:
            while not stopping.is_set():
                spool.append(bodies(*[b"x" * 700] * 16))
        except Unwritable as exc:
            failures.append(exc)

    appending = threading.Thread(target=append)
    appending.start()
    fold = Spool(path, limit_octets=LIMIT)
    took, at, until = [], 0, time.monotonic() + 60.0
    while len(took) < 40 and time.monotonic() < until:
        records = fold.read(at, 5_000)
        if records:
            at, began = records[-1].id, time.monotonic()
            fold.remove(at)
            took.append(time.monotonic() - began)
    stopping.set()
    appending.join()
    fold.close()

    assert failures == []
    assert len(took) == 40
    assert sorted(took)[-4] < 1.0  # nine of ten: a disk stalls now and then


def test_a_stopped_reader_holds_nobody_up_for_ever(spool: Spool, path: Path) -> None:
    """One who was stopped in the middle of its turn costs the others a tenth of a second, not the service."""
    other = Spool(path, limit_octets=LIMIT)
    with other._turn_taken():
        took = []
        for _ in range(3):
            began = time.monotonic()
            spool.append(bodies(b"a"))
            took.append(time.monotonic() - began)
        assert min(took) < 1.0
    other.close()


def test_an_error_is_named_and_passes(spool: Spool, path: Path) -> None:
    """While somebody holds the file nothing is appended; afterwards it goes on, and the refused batch is not there."""
    spool._connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unwritable, match="locked"):
        spool.append(bodies(b"refused"))
    other.execute("ROLLBACK")
    other.close()

    spool.append(bodies(b"kept"))

    assert [record.body for record in spool.read(0, 10)] == [b"kept"]


def test_a_file_that_is_no_spool_is_refused(path: Path) -> None:
    """It is named, and left as it is."""
    path.parent.mkdir()
    path.write_bytes(b"something else entirely" * 100)

    with pytest.raises(Unwritable, match="not a database"):
        Spool(path, limit_octets=LIMIT)
    assert path.read_bytes().startswith(b"something else")


FRAME_OCTETS = 24 + 4096


def test_damage_to_the_last_transaction_costs_no_earlier_record(spool: Spool, path: Path, tmp_path: Path) -> None:
    """Cut or flipped at any octet of what was written last, it opens, has all before, and takes more."""
    log = path.with_name("spool.db-wal")
    spool.append(bodies(b"first", b"second"))
    begin = log.stat().st_size
    spool.append(bodies(b"y" * 5000, b"third"))
    end = log.stat().st_size
    places = [
        at for at in range(begin, end) if (at - 32) % FRAME_OCTETS < 24 or (at - begin) % 97 == 0
    ]  # every octet of the frames' headers, every 97th of their pages

    octets = log.read_bytes()
    for at in places:
        flipped = bytearray(octets)
        flipped[at] ^= 1 << at % 8
        for damaged in (octets[:at], bytes(flipped)):
            copy = tmp_path / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir()
            shutil.copy(path, copy)
            (copy / log.name).write_bytes(damaged)
            opened = Spool(copy / path.name, limit_octets=LIMIT)
            opened.append(bodies(b"more"))
            assert [record.body for record in opened.read(0, 10)] == [b"first", b"second", b"more"], at
            opened.close()


def test_nothing_is_damaged_undamaged(spool: Spool, path: Path, tmp_path: Path) -> None:
    """The same copy, as it was: every record is there."""
    spool.append(bodies(b"first", b"second"))
    spool.append(bodies(b"third"))

    shutil.copytree(path.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm"))

    opened = Spool(tmp_path / "copy" / path.name, limit_octets=LIMIT)
    assert [record.body for record in opened.read(0, 10)] == [b"first", b"second", b"third"]
    opened.close()
