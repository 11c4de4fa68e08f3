"""Reading what radclient prints, and writing what it reads."""

import pytest

from demo import radclient
from demo.radclient import Answer

ACCEPT = """\
Sent Access-Request Id 35 from 0.0.0.0:55894 to 127.0.0.1:1812 length 87
\tUser-Name = "active"
\tUser-Password = "secret"
\tMessage-Authenticator = 0x00
\tCleartext-Password = "secret"
Received Access-Accept Id 35 from 127.0.0.1:1812 to 127.0.0.1:55894 length 68
\tMessage-Authenticator = 0xb5d7d5ab5d4ac8e5f2d08f9d2e5eb8b3
\tMikrotik-Rate-Limit = "2M/10M"
\tCisco-AVPair = "a=1"
\tCisco-AVPair = "b=\\"2\\""
\tSession-Timeout = 300
\tTunnel-Type:1 = VLAN
"""


def test_an_answer_is_read() -> None:
    """The code and the attributes of the answer, none of the request's, repeated ones in order."""
    answer = radclient.read(ACCEPT)

    assert answer.code == "Access-Accept"
    assert answer["Mikrotik-Rate-Limit"] == "2M/10M"
    assert answer.values("Cisco-AVPair") == ["a=1", 'b="2"']
    assert answer["Session-Timeout"] == "300"
    assert answer["Tunnel-Type:1"] == "VLAN"
    assert answer.values("User-Password") == answer.values("Message-Authenticator") == []


def test_silence_is_an_answer_too() -> None:
    """No code, no attributes."""
    text = "Sent Access-Request Id 3 from 0.0.0.0:1 to 127.0.0.1:1812 length 20\n(0) No reply from server for ID 3\n"

    assert radclient.read(text) == Answer(None)


def test_one_value_is_asked_for() -> None:
    """Several or none are a mistake of the one who asks."""
    with pytest.raises(KeyError, match="2 values"):
        radclient.read(ACCEPT)["Cisco-AVPair"]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("plain", "'plain'"),
        ("it's", "'it\\'s'"),
        ("back\\slash", "'back\\\\slash'"),
        ("%{User-Name}", "'%{User-Name}'"),
        (7, "7"),
        (b"\x00\xff", "0x00ff"),
    ],
)
def test_values_are_quoted(value: str | int | bytes, printed: str) -> None:
    """Nothing in a password is radclient's to expand."""
    assert radclient._printed(value) == printed


def test_a_value_of_two_lines_cannot_be_written() -> None:
    """It would become a second attribute."""
    with pytest.raises(ValueError, match="octets"):
        radclient._printed("a\nUser-Name = b")
