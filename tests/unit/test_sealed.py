"""Sealing, and the key file."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, NotOurs, Seal, UnusableKey, make_key, read_seal

SEAL = Seal(bytes(range(32)))


@given(st.binary(max_size=300), st.sampled_from([ACCOUNT_PASSWORD, NAS_SECRET]))
def test_what_was_sealed_opens(clear: bytes, purpose: bytes) -> None:
    """Any octets come back as they were, and cannot be read without."""
    sealed = SEAL.seal(clear, purpose)
    assert SEAL.open(sealed, purpose) == clear
    assert len(sealed) == len(clear) + 28
    assert len(clear) < 4 or clear not in sealed


def test_the_same_sealed_twice_differs() -> None:
    """Equal passwords cannot be told by their sealed form."""
    assert SEAL.seal(b"arctangent", ACCOUNT_PASSWORD) != SEAL.seal(b"arctangent", ACCOUNT_PASSWORD)


def test_one_purpose_is_not_another() -> None:
    """A NAS secret cannot be passed off as a password."""
    with pytest.raises(NotOurs):
        SEAL.open(SEAL.seal(b"xyzzy5461", NAS_SECRET), ACCOUNT_PASSWORD)


def test_another_key_opens_nothing() -> None:
    """Not ours, and it says what is wrong."""
    with pytest.raises(NotOurs, match=r"^a sealed value does not open with this key$"):
        Seal(bytes(32)).open(SEAL.seal(b"arctangent", ACCOUNT_PASSWORD), ACCOUNT_PASSWORD)


def test_no_bit_may_change() -> None:
    """Nonce, text and tag are all authenticated."""
    sealed = SEAL.seal(b"arctangent", ACCOUNT_PASSWORD)
    for position in range(len(sealed) * 8):
        octets = bytearray(sealed)
        octets[position // 8] ^= 1 << position % 8
        with pytest.raises(NotOurs):
            SEAL.open(bytes(octets), ACCOUNT_PASSWORD)


@given(st.binary(max_size=60))
def test_what_was_never_sealed_is_not_ours(octets: bytes) -> None:
    """Too short, empty, or just noise."""
    with pytest.raises(NotOurs):
        SEAL.open(octets, ACCOUNT_PASSWORD)


def test_a_new_key_is_its_owners_only(tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700, and it works."""
    path = tmp_path / "etc" / "key"
    make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_seal(path).open(read_seal(path).seal(b"x", NAS_SECRET), NAS_SECRET) == b"x"


def test_keys_are_random(tmp_path: Path) -> None:
    """No two installations share one."""
    for name in ("one", "other"):
        make_key(tmp_path / name)
    assert (tmp_path / "one").read_text() != (tmp_path / "other").read_text()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """With it every password would be lost."""
    path = tmp_path / "key"
    make_key(path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        make_key(path)
    assert path.read_text() == before


@pytest.mark.parametrize("content", [b"", b"\n", b"not hexadecimal", b"ff" * 31, b"ff" * 33, b"f" * 63, "é".encode()])
def test_a_key_file_that_cannot_be_used_says_so(tmp_path: Path, content: bytes) -> None:
    """The path is told, what is in it is not."""
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(UnusableKey, match=f"^key file {path} ") as caught:
        read_seal(path)
    assert "ff" * 8 not in str(caught.value)


def test_a_missing_key_file_says_so(tmp_path: Path) -> None:
    """As does a folder in its place."""
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnusableKey, match="cannot be read"):
            read_seal(path)
