"""The snapshot file: all or nothing."""

import os
import random
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import pytest

from policies.facts import Account, Customer
from radiusd import snapshot
from radiusd.source import Position
from radiusd.state import State
from tests.integration import rows_of_every_kind as rows
from vault.sealed import NotOurs, Seal

SEAL = Seal(bytes(range(32)))
POSITION = Position("7d1f0d5e/1", "1000:1003:1001,1002")
IN_STEP_AT = 1_800_000_000.25

BROKEN = (snapshot.Unreadable, NotOurs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a snapshot is, in a folder that is not there yet."""
    return tmp_path / "var" / "snapshot"


def save(path: Path, state: State | None = None, in_step_at: float = IN_STEP_AT) -> bytes:
    """Save a state, by default one of every kind of row, and return the file's octets."""
    snapshot.save(path, SEAL, rows.expected() if state is None else state, POSITION, in_step_at)
    return path.read_bytes()


def big_state() -> State:
    """Return a state of several chunks of accounts and customers."""
    state = rows.expected()
    for number in range(10, 2510):
        state.put("customer", Customer(number, 1))
        state.put("account", Account(f"user{number}", number, 1, f"password{number}"))
    return state


def parts(octets: bytes) -> list[bytes]:
    """Cut a file into its first line and its frames, each with its length."""
    end = octets.index(b"\n") + 1
    cut = [octets[:end]]
    while end < len(octets):
        start, end = end, end + 4 + int.from_bytes(octets[end : end + 4], "big")
        cut.append(octets[start:end])
    return cut


def assert_broken(path: Path, octets: bytes) -> None:
    """What is no whole snapshot of ours gives no state at all."""
    path.write_bytes(octets)
    with pytest.raises(BROKEN):
        snapshot.load(path, SEAL)


# --------------------------------------------------------------------------------------------- round trip


def test_everything_comes_back(path: Path) -> None:
    """Every field of every kind of row, the position, and when it was true."""
    save(path)
    found = snapshot.load(path, SEAL)
    assert found is not None
    state, position, in_step_at = found
    assert rows.tables(state) == rows.tables(rows.expected())
    assert repr(rows.tables(state)) == repr(rows.tables(rows.expected()))  # types as well: no list for a tuple
    assert (position, in_step_at) == (POSITION, IN_STEP_AT)


def test_many_rows_come_back(path: Path) -> None:
    """In as many chunks as it takes."""
    assert len(parts(save(path, big_state()))) > 8
    found = snapshot.load(path, SEAL)
    assert found is not None
    assert rows.tables(found[0]) == rows.tables(big_state())


def test_nothing_comes_back_as_nothing(path: Path) -> None:
    """A provider without customers has a snapshot too."""
    save(path, State())
    found = snapshot.load(path, SEAL)
    assert found is not None
    assert set(found[0].counts().values()) == {0}


def test_without_a_file_there_is_no_snapshot(path: Path) -> None:
    """That is no error: the first start has none."""
    assert snapshot.load(path, SEAL) is None


# --------------------------------------------------------------------------------------------- what is broken


def test_a_file_cut_anywhere_is_refused(path: Path) -> None:
    """At the border of each chunk, within a length, within a chunk, at the very start: never half a state."""
    octets = save(path)
    for length in range(len(octets)):
        assert_broken(path, octets[:length])


def test_a_big_file_cut_between_chunks_is_refused(path: Path) -> None:
    """A thousand accounts less would be a thousand unknown users."""
    cut = parts(save(path, big_state()))
    for number in range(len(cut)):
        assert_broken(path, b"".join(cut[:number]))


def test_a_flipped_bit_anywhere_is_noticed(path: Path) -> None:
    """In each octet of the file."""
    octets = save(path)
    for position in range(len(octets)):
        flipped = bytearray(octets)
        flipped[position] ^= 1 << random.randrange(8)
        assert_broken(path, bytes(flipped))


def test_no_two_chunks_can_change_places(path: Path) -> None:
    """Whichever they are, the header among them."""
    cut = parts(save(path, big_state()))
    for one, other in combinations(range(1, len(cut)), 2):
        exchanged = list(cut)
        exchanged[one], exchanged[other] = cut[other], cut[one]
        assert_broken(path, b"".join(exchanged))


def test_no_chunk_can_be_left_out_or_said_twice(path: Path) -> None:
    """Every chunk is where it belongs or the file is none."""
    cut = parts(save(path, big_state()))
    for number in range(1, len(cut)):
        assert_broken(path, b"".join(cut[:number] + cut[number + 1 :]))
    for number in range(1, len(cut) - 1):
        assert_broken(path, b"".join(cut[: number + 1] + cut[number:]))


def test_chunks_of_two_saves_do_not_mix(path: Path) -> None:
    """Yesterday's accounts do not open among today's."""
    today, yesterday = (parts(save(path, big_state(), at)) for at in (IN_STEP_AT, IN_STEP_AT - 86400))
    assert len(today) == len(yesterday)
    for number in range(1, len(today)):
        assert_broken(path, b"".join([*today[:number], yesterday[number], *today[number + 1 :]]))


def test_another_key_opens_nothing(path: Path) -> None:
    """Not ours."""
    save(path)
    with pytest.raises(NotOurs):
        snapshot.load(path, Seal(bytes(32)))


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"tollkeeper snapshot 0\n", b"tollkeeper snapshot 2", bytes(100), b"x" * 100]
)
def test_another_file_is_unreadable(path: Path, octets: bytes) -> None:
    """Of another version, or none at all."""
    path.parent.mkdir()
    path.write_bytes(octets)
    with pytest.raises(snapshot.Unreadable, match=str(path)):
        snapshot.load(path, SEAL)


@pytest.mark.parametrize(
    "chunk",
    [
        b'["group", [[1]]]',
        b'["customer", [[]]]',
        b'["account", [["nemo", 1, 1, null, false, false, false, false, null, false, {"colour": "red"}]]]',
        b'["invoice", [[1]]]',
        b'["group"]',
        b"{}",
        b"[",
    ],
)
def test_rows_of_another_version_are_unreadable(path: Path, chunk: bytes) -> None:
    """After an upgrade the old file is no reason to fall over: everything comes from the database."""
    magic, header, *_ = parts(save(path, State()))
    sealed = SEAL.seal(chunk, f"snapshot {IN_STEP_AT!r} chunk 0".encode())
    end = SEAL.seal(b'["end", []]', f"snapshot {IN_STEP_AT!r} chunk 1".encode())
    path.write_bytes(magic + header + b"".join(len(one).to_bytes(4, "big") + one for one in (sealed, end)))
    with pytest.raises(snapshot.Unreadable, match="other rows"):
        snapshot.load(path, SEAL)


def test_a_folder_is_unreadable(path: Path) -> None:
    """What is in the way is named."""
    path.mkdir(parents=True)
    with pytest.raises(snapshot.Unreadable, match=str(path)):
        snapshot.load(path, SEAL)


def test_a_huge_length_takes_no_memory(path: Path) -> None:
    """Four broken octets are no reason to ask for four gigabytes."""
    first, *_ = parts(save(path))
    with limited(resource.RLIMIT_AS, _address_space() + 512 * 2**20):
        assert_broken(path, first + b"\xff\xff\xff\xff" + b"x" * 100)


# ------------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_its_owner_reads_it(path: Path, umask: int) -> None:
    """Whatever the umask: there are all passwords in it."""
    before = os.umask(umask & 0o077)
    try:
        save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_readable_file_is_replaced_by_one_that_is_not(path: Path) -> None:
    """What somebody put there before does not lend it its mode."""
    path.parent.mkdir()
    for place in (path, path.with_name("snapshot.new")):
        place.write_bytes(b"")
        place.chmod(0o666)
    save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["snapshot"]


def test_no_password_can_be_read_in_it(path: Path) -> None:
    """Nor a router's secret, nor a name."""
    octets = save(path)
    for clear in (*rows.CLEAR_TEXTS, "plain", "gold"):
        assert clear.encode() not in octets


def test_a_save_that_fails_leaves_the_old_file(path: Path) -> None:
    """A full disk in the middle of it."""
    before = save(path)
    with limited(resource.RLIMIT_FSIZE, 20_000), pytest.raises(OSError, match="File too large"):
        save(path, big_state())
    assert path.read_bytes() == before
    assert snapshot.load(path, SEAL) is not None
    assert len(parts(save(path, big_state()))) > 8  # and the next one that succeeds replaces it


def test_a_save_into_a_place_that_is_taken_leaves_the_old_file(path: Path) -> None:
    """An error, not half a file."""
    before = save(path)
    path.with_name("snapshot.new").mkdir()
    with pytest.raises(OSError, match=r"directory|permitted"):
        save(path, State())
    assert path.read_bytes() == before


@contextmanager
def limited(what: int, limit: int) -> Iterator[None]:
    """Let this process have no more of that."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
