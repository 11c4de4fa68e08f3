"""The router of tests and demonstrations."""

import pytest

from demo import radclient
from demo.radclient import Answer


def test_one_value_is_asked_for() -> None:
    """Several or none are a mistake of the one who asks."""
    answer = Answer("Access-Accept", (("Cisco-AVPair", "a=1"), ("Cisco-AVPair", "b=2"), ("Session-Timeout", "300")))

    assert answer["Session-Timeout"] == "300"
    assert answer.values("Cisco-AVPair") == ["a=1", "b=2"]
    with pytest.raises(KeyError, match="2 values"):
        answer["Cisco-AVPair"]
    with pytest.raises(KeyError, match="0 values"):
        answer["Framed-Pool"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "'plain'"),
        ("it's", "'it\\'s'"),
        ("back\\slash", "'back\\\\slash'"),
        ("%{User-Name}", "'%{User-Name}'"),
        (7, "7"),
        (b"\x00\xff", "0x00ff"),
    ],
)
def test_values_are_quoted(value: str | int | bytes, written: str) -> None:
    """Nothing in a password is radclient's to expand."""
    assert radclient._written(value) == written


def test_a_value_of_two_lines_cannot_be_written() -> None:
    """It would become a second attribute."""
    with pytest.raises(ValueError, match="octets"):
        radclient._written("a\nUser-Name = b")
