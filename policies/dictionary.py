"""FreeRADIUS's dictionaries as a value: which attribute exists, of which type, with which named values.

The text of every file comes from a function handed in, so nothing here does I/O. pyrad has a parser too, but
it knows only some of the types in FreeRADIUS's own files, and policies may not import it.

Rules, as in FreeRADIUS 3.2.1's src/lib/dict.c:

 1 names are looked up without regard to case; the last definition of a name wins, old names stay valid;
 2 a file is read once; a relative $INCLUDE is looked for in the folder of the including file;
 3 VALUEs belong to the attribute's vendor and number, so a second name of the same attribute has them as well.

Known weakness: what FreeRADIUS refuses at start (a flag on the wrong type, a number too big for its vendor) is read
here without complaint. It is not our place to say so: the server did not start then.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# Numbers from the attribute down to the sub-attribute; a vendor's own count starts after its Vendor-Specific header.
Oid = tuple[int, ...]
Values = dict[str, int]

ALIASES = {
    "uint8": "byte",
    "uint16": "short",
    "uint32": "integer",
    "int32": "signed",
    "uint64": "integer64",
    "cidr": "ipv4prefix",
}
INCLUDES = {"$INCLUDE": False, "$INCLUDE-": True, "$-INCLUDE": True}  # whether the file may be missing


class InvalidDictionary(ValueError):
    """a FreeRADIUS dictionary cannot be read"""


@dataclass(frozen=True, slots=True)
class Maker:
    """A VENDOR: its number at IANA, and how many octets it spends on an attribute's type and length."""

    number: int
    type_octets: int = 1
    length_octets: int = 1
    continuation: bool = False


NOBODY = Maker(0)  # of standard attributes


@dataclass(frozen=True, slots=True)
class AttributeType:
    """What the dictionaries say of one attribute.

    `vendor` is 0 for a standard attribute. `size` is set for `octets[n]`. `room` is how many octets fit on the wire
    after all headers, before a tag. `values` are the names of an integer's values, in lower case.
    """

    name: str
    type: str
    oid: Oid
    vendor: int = 0
    has_tag: bool = False
    encrypt: int = 0
    size: int | None = None
    room: int = 253
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All attributes, by name in lower case."""

    attributes: Mapping[str, AttributeType]

    def find(self, name: str) -> AttributeType | None:
        """Give the attribute of this name in any case, or None where there is none.

        Names are ASCII: outside of it `lower` knows letters that FreeRADIUS does not, such as the Kelvin sign.
        """
        return self.attributes.get(name.lower()) if name.isascii() else None


def parse(root: str, read: Callable[[str], str]) -> Dictionary:
    """Read the dictionary file `root` and all it includes; `read` gives the text of the file at a path.

    Raises InvalidDictionary with file and line, and whatever `read` raises for a file that is not there. An optional
    include (`$INCLUDE-`) may raise FileNotFoundError.
    """
    reader = _Reader(read)
    reader.read_text(root, read(root))
    return Dictionary(MappingProxyType(reader.attributes))


class _Reader:
    """The state of one reading: what is known so far, and the blocks that are open."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self.read = read
        self.seen: set[str] = set()
        self.attributes: dict[str, AttributeType] = {}
        self.makers: dict[str, Maker] = {}
        self.values: dict[tuple[int, Oid], Values] = {}
        self.early_values: dict[str, Values] = {}  # of attributes that come later
        self.maker = NOBODY
        self.parent: Oid = ()  # of an extended vendor block
        self.blocks: list[Oid] = []
        self.keywords: dict[str, Callable[[list[str]], None]] = {
            "ATTRIBUTE": self.read_attribute,
            "VALUE": self.read_value,
            "VENDOR": self.read_vendor,
            "BEGIN-VENDOR": self.begin_vendor,
            "END-VENDOR": self.end_vendor,
            "BEGIN-TLV": lambda words: self.blocks.append(self.attributes[words[1].lower()].oid),
            "END-TLV": lambda words: self.blocks.remove(self.attributes[words[1].lower()].oid),
        }

    def read_text(self, path: str, text: str) -> None:
        """Read one file and what it includes; a block ends with its file."""
        self.seen.add(path)
        around = self.maker, self.parent, self.blocks
        self.maker, self.parent, self.blocks = NOBODY, (), []
        for number, line in enumerate(text.split("\n"), start=1):
            words = line.split("#", 1)[0].split()
            if words:
                self.read_line(path, number, words)
        self.maker, self.parent, self.blocks = around

    def read_line(self, path: str, number: int, words: list[str]) -> None:
        keyword = words[0].upper()
        if keyword in INCLUDES and len(words) > 1:
            self.include(path, words[1], optional=INCLUDES[keyword])
            return
        try:
            self.keywords[keyword](words)
        except (KeyError, IndexError, ValueError) as exc:
            raise InvalidDictionary(f"{path}[{number}]: cannot read {' '.join(words)!r}") from exc

    def include(self, including: str, name: str, *, optional: bool) -> None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(including), name))
        if path in self.seen:
            return
        try:
            text = self.read(path)
        except FileNotFoundError:
            if optional:
                return
            raise
        self.read_text(path, text)

    def read_attribute(self, words: list[str]) -> None:
        _, name, number, kind, *flags = words
        options = ",".join(flags).split(",")
        maker = self.makers.get(options[0].lower(), self.maker)  # before BEGIN-VENDOR, a vendor's name stood here
        maker, oid = self.locate(number, maker)
        base, _, size = kind.lower().partition("[")
        self.attributes[name.lower()] = AttributeType(
            name,
            ALIASES.get(base, base),
            oid,
            maker.number,
            has_tag="has_tag" in options or "has_tag=1" in options,
            encrypt=next((int(option[8:]) for option in options if option.startswith("encrypt=")), 0),
            size=int(size.rstrip("]")) if size else None,
            room=self.measure_room(maker, oid),
            values=self.find_values(name, maker.number, oid),
        )

    def locate(self, number: str, maker: Maker) -> tuple[Maker, Oid]:
        """Give vendor and OID of an attribute number, which may be dotted and inside open blocks."""
        oid = (self.blocks[-1] if self.blocks else self.parent) + tuple(map(_parse_number, number.split(".")))
        if maker == NOBODY and oid[0] == 26 and len(oid) > 2:  # 26.vendor.attribute, outside of any block
            known = {known.number: known for known in self.makers.values()}
            return known[oid[1]], oid[2:]
        return maker, oid

    def measure_room(self, maker: Maker, oid: Oid) -> int:
        """Count the octets of a value: 255, minus the headers of the attribute and of each level above."""
        if self.parent or (not maker.number and 241 <= oid[0] <= 246):
            return 246 - 2 * len(oid[2:])  # RFC 6929: the longest header, long-extended and vendor's
        if not maker.number:
            return 253 - 2 * (len(oid) - 1)
        header = maker.type_octets + maker.length_octets + maker.continuation
        return 249 - header - 2 * (len(oid) - 1)

    def find_values(self, name: str, vendor: int, oid: Oid) -> Mapping[str, int]:
        values = self.values.setdefault((vendor, oid), {})
        values.update(self.early_values.pop(name.lower(), {}))
        return MappingProxyType(values)

    def read_value(self, words: list[str]) -> None:
        _, attribute, name, number = words
        known = self.attributes.get(attribute.lower())
        if not known:
            self.early_values.setdefault(attribute.lower(), {})[name.lower()] = _parse_number(number)
            return
        self.values[known.vendor, known.oid][name.lower()] = _parse_number(number)

    def read_vendor(self, words: list[str]) -> None:
        _, name, number, *options = words
        sizes = options[0].removeprefix("format=").split(",") if options else ["1", "1"]
        self.makers[name.lower()] = Maker(_parse_number(number), int(sizes[0]), int(sizes[1]), "c" in sizes[2:])

    def begin_vendor(self, words: list[str]) -> None:
        self.maker = self.makers[words[1].lower()]
        if len(words) > 2:
            self.parent = self.attributes[words[2].partition("=")[2].lower()].oid

    def end_vendor(self, words: list[str]) -> None:
        if self.maker != self.makers[words[1].lower()]:
            raise ValueError
        self.maker, self.parent = NOBODY, ()


def _parse_number(text: str) -> int:
    return int(text, 16 if text[:2].lower() == "0x" else 10)
