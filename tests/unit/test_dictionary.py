"""FreeRADIUS's dictionaries, read from text and from what is installed."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from policies import dictionary
from policies.dictionary import AttributeType, Dictionary, InvalidDictionary
from tests.fix_cluster import missing_server

INSTALLED = Path("/usr/share/freeradius/dictionary")


def _parse(text: str, **others: str) -> Dictionary:
    """Parse `text` as /d/root; the other files are /d/<name>."""
    files = {"/d/root": text} | {f"/d/{name}": other for name, other in others.items()}
    return dictionary.parse("/d/root", lambda path: _look_up(files, path))


def _look_up(files: Mapping[str, str], path: str) -> str:
    if path not in files:
        raise FileNotFoundError(path)
    return files[path]


def _find(known: Dictionary, name: str) -> AttributeType:
    found = known.find(name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def installed() -> Dictionary:
    """All dictionaries of the FreeRADIUS on this machine."""
    if not INSTALLED.exists():
        missing_server(f"no {INSTALLED}: install freeradius-common")
    return dictionary.parse(str(INSTALLED), lambda path: Path(path).read_text(encoding="utf-8"))


def test_attribute() -> None:
    """A line ATTRIBUTE gives name, number and type; comments, tabs and carriage returns do not matter."""
    known = _parse("# a comment\r\n\r\nATTRIBUTE\tUser-Name  1 string # who\r\n")
    assert AttributeType("User-Name", "string", (1,)) == known.find("User-Name")


def test_names_in_any_case() -> None:
    """Names and keywords are found in any case, as FreeRADIUS does, but only ASCII letters have two."""
    known = _parse("attribute Kick-Me 1 String")
    assert _find(known, "KICK-ME") == _find(known, "kick-me")
    assert known.find("\N{KELVIN SIGN}ick-Me") is None
    assert known.find("User-Name") is None


def test_second_name() -> None:
    """An attribute may have several names, each with all the values; the last definition of a name wins."""
    known = _parse(
        """
        ATTRIBUTE Old-Type 6 integer
        VALUE Old-Type Login 1
        ATTRIBUTE New-Type 6 integer
        VALUE New-Type Framed 0x2
        ATTRIBUTE Shifty 7 string
        ATTRIBUTE Shifty 7 octets
        """
    )
    assert {"login": 1, "framed": 2} == _find(known, "Old-Type").values == _find(known, "New-Type").values
    assert _find(known, "Shifty").type == "octets"


def test_values_before_their_attribute() -> None:
    """A VALUE may come before its ATTRIBUTE."""
    assert _find(_parse("VALUE Light On 1\nATTRIBUTE Light 9 integer"), "Light").values == {"on": 1}


def test_values_of_no_attribute() -> None:
    """A VALUE whose attribute never comes is no attribute."""
    assert _parse("VALUE Light On 1").attributes == {}


def test_types() -> None:
    """Other names of a type are the same type; the size of `octets[n]` and the flags are kept."""
    known = _parse(
        """
        ATTRIBUTE A 1 uint32 has_tag,encrypt=2
        ATTRIBUTE B 2 octets[16] encrypt=1
        ATTRIBUTE C 3 cidr virtual
        ATTRIBUTE D 4 string has_tag=1 # sent in clear text!
        """
    )
    assert _describe(known, "A") == ("integer", True, 2, None)
    assert _describe(known, "B") == ("octets", False, 1, 16)
    assert _describe(known, "C") == ("ipv4prefix", False, 0, None)
    assert _describe(known, "D") == ("string", True, 0, None)


def _describe(known: Dictionary, name: str) -> tuple[str, bool, int, int | None]:
    found = _find(known, name)
    return found.type, found.has_tag, found.encrypt, found.size


def test_vendors() -> None:
    """Attributes of a vendor's block are the vendor's, and their values have room for what its headers leave."""
    known = _parse(
        """
        VENDOR Acme 32473
        VENDOR Wide 32474 format=4,0
        VENDOR Long 32475 format=1,1,c
        BEGIN-VENDOR Acme
        ATTRIBUTE Acme-Text 0x0A string
        ATTRIBUTE Acme-Group 11 tlv
        ATTRIBUTE Acme-Part 11.1 string
        END-VENDOR Acme
        BEGIN-VENDOR Wide
        ATTRIBUTE Wide-Text 0x1234 string
        END-VENDOR Wide
        BEGIN-VENDOR Long
        ATTRIBUTE Long-Text 1 string
        END-VENDOR Long
        ATTRIBUTE Text 1 string
        ATTRIBUTE Foreign-Text 26.32473.12 string
        ATTRIBUTE Foreign-Wide 26.32474.12 string
        ATTRIBUTE Ancient-Text 13 string Wide
        """
    )
    assert _place(known, "Acme-Text") == (32473, (10,), 247)
    assert _place(known, "Acme-Part") == (32473, (11, 1), 245)
    assert _place(known, "Wide-Text") == (32474, (0x1234,), 245)
    assert _place(known, "Long-Text") == (32475, (1,), 246)
    assert _place(known, "Text") == (0, (1,), 253)
    assert _place(known, "Foreign-Text") == (32473, (12,), 247)
    assert _place(known, "Foreign-Wide") == (32474, (12,), 245)
    assert _place(known, "Ancient-Text") == (32474, (13,), 245)


def _place(known: Dictionary, name: str) -> tuple[int, tuple[int, ...], int]:
    found = _find(known, name)
    return found.vendor, found.oid, found.room


def test_blocks_of_sub_attributes() -> None:
    """Numbers between BEGIN-TLV and END-TLV belong below the attribute that opened the block, also nested."""
    known = _parse(
        """
        ATTRIBUTE Outer 173 tlv
        BEGIN-TLV Outer
        ATTRIBUTE Middle 1 tlv
        BEGIN-TLV Middle
        ATTRIBUTE Inner 2 string
        END-TLV Middle
        ATTRIBUTE Next 2 string
        END-TLV Outer
        ATTRIBUTE After 3 string
        """
    )
    assert _place(known, "Inner") == (0, (173, 1, 2), 249)
    assert _place(known, "Next") == (0, (173, 2), 251)
    assert _place(known, "After") == (0, (3,), 253)


def test_extended_attributes() -> None:
    """RFC 6929's attributes, and a vendor's among them, know where they belong and that they hold less."""
    known = _parse(
        """
        VENDOR Acme 32473
        ATTRIBUTE Extended-5 245 long-extended
        ATTRIBUTE Extended-Vendor-5 245.26 evs
        ATTRIBUTE Frag-Status 245.1 integer
        BEGIN-VENDOR Acme format=Extended-Vendor-5
        ATTRIBUTE Acme-Long 1 octets
        END-VENDOR Acme
        BEGIN-VENDOR Acme
        ATTRIBUTE Acme-Short 1 octets
        END-VENDOR Acme
        """
    )
    assert _place(known, "Frag-Status") == (0, (245, 1), 246)
    assert _place(known, "Acme-Long") == (32473, (245, 26, 1), 244)
    assert _place(known, "Acme-Short") == (32473, (1,), 247)


def test_includes() -> None:
    """A file is looked for in the folder of the including one, may be optional, and is read once."""
    known = _parse(
        """
        VENDOR Acme 32473
        BEGIN-VENDOR Acme
        $INCLUDE other
        $include ./other
        $INCLUDE- absent
        $-INCLUDE absent
        $INCLUDE /d/other
        ATTRIBUTE Acme-Text 1 string
        END-VENDOR Acme
        """,
        other="ATTRIBUTE Text 1 string\n$INCLUDE root",
    )
    assert _place(known, "Text") == (0, (1,), 253)
    assert _place(known, "Acme-Text") == (32473, (1,), 247)


def test_missing_include() -> None:
    """A file that has to be there and is not is an error, whichever the reading function raises."""
    with pytest.raises(FileNotFoundError, match="/d/absent"):
        _parse("$INCLUDE absent")
    with pytest.raises(FileNotFoundError, match="/d/absent"):
        _parse("$INCLUDE- other", other="$INCLUDE absent")


@pytest.mark.parametrize(
    "line",
    [
        "NONSENSE here",
        "NO-INCLUDE here",
        "$INCLUDE",
        "ATTRIBUTE User-Name",
        "ATTRIBUTE User-Name one string",
        "ATTRIBUTE User-Name 1 octets[x]",
        "ATTRIBUTE User-Name 1 string encrypt=x",
        "VALUE User-Name Bob",
        "VENDOR Acme",
        "VENDOR Acme 1 format=x",
        "BEGIN-VENDOR Acme",
        "ATTRIBUTE Foreign 26.32473.1 string",
        "BEGIN-TLV Group",
        "END-TLV Text",
        "END-VENDOR Other",
    ],
)
def test_unreadable_line(line: str) -> None:
    """A line that FreeRADIUS would refuse is named by file, line and text."""
    text = f"VENDOR Other 7\nATTRIBUTE Text 1 string\n{line}\n"
    with pytest.raises(InvalidDictionary) as caught:
        _parse(text)
    assert f"/d/root[3]: cannot read {line!r}" == str(caught.value)


def test_dictionary_is_immutable() -> None:
    """What has been read cannot be changed by a reader."""
    known = _parse("ATTRIBUTE Light 1 integer\nVALUE Light On 1")
    with pytest.raises(TypeError):
        known.attributes["light"] = known.attributes["light"]  # type: ignore[index]
    with pytest.raises(TypeError):
        known.attributes["light"].values["off"] = 0  # type: ignore[index]


def test_installed_dictionaries(installed: Dictionary) -> None:
    """All of FreeRADIUS's dictionaries are read, with every type that they use."""
    assert len(installed.attributes) > 7000
    assert _place(installed, "Mikrotik-Rate-Limit") == (14988, (8,), 247)
    assert _describe(installed, "ERX-Service-Activate") == ("string", True, 0, None)
    assert _describe(installed, "Tunnel-Password") == ("string", True, 2, None)
    assert _find(installed, "Service-Type").values["framed-user"] == 2
    assert _find(installed, "Tmp-String-0").oid[0] > 255


def test_speed_of_reading(installed: Dictionary) -> None:
    """Reading everything takes well under half a second of processor time, so that a command can afford it."""
    texts: dict[str, str] = {}

    def read(path: str) -> str:
        return texts.setdefault(path, Path(path).read_text(encoding="utf-8"))

    started = time.process_time()
    again = dictionary.parse(str(INSTALLED), read)
    assert time.process_time() - started < 0.5
    assert installed == again
