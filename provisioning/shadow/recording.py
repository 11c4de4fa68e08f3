"""Recordings: FreeRADIUS's detail files (rlm_detail, as auth_log and reply_log write them), or JSON lines.

A detail record is a line of time, then a line `<tab>Name = value` an attribute, then an empty one. rlm_detail's
Timestamp is that of the request in both records. With `log_packet_header = yes` there are addresses and ports too;
without, the router is the folder's name, as Debian's `radacct/<address>/auth-detail-...` has it. With
`header = "%t id=%I"` the line of time has the request's identifier.

JSON lines: {"at": 1795360848, "source": "192.0.2.1", "request": {"User-Name": "ann"}, "answer": "Access-Accept",
"reply": {"Session-Timeout": "100", "Filter-Id": ["a", "b"]}}.
"""

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioning.errors import BadInput
from provisioning.shadow.exchange import Answer, Exchange, Packet, Pairs

_PAIR = re.compile(r"\s+([A-Za-z0-9][\w.-]*(?::[0-9]+)?) [:+]?= (.*)")
_ID = re.compile(r"^\S.* id=([0-9]{1,3})\b", re.ASCII)  # of header = "%t id=%I"
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_HEADER = frozenset(
    {
        *("Packet-Type", "Timestamp", "Packet-Src-IP-Address", "Packet-Dst-IP-Address", "Packet-Src-IPv6-Address"),
        *("Packet-Dst-IPv6-Address", "Packet-Src-Port", "Packet-Dst-Port", "Client-IP-Address"),
    }
)


class Reader:
    """Reads a detail file as it grows: what is no whole record yet is kept until the rest comes."""

    def __init__(self, path: Path) -> None:
        self._folder = _address(path.parent.name)
        self._lines: list[str] = []
        self._rest = ""

    def feed(self, text: str) -> Iterator[Packet]:
        """Return the packets that end in this text."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._lines.append(line)
            elif packet := self.end():
                yield packet

    def end(self) -> Packet | None:
        """Return the packet of the lines so far, None where they are none of a packet."""
        lines, self._lines = self._lines, []
        found = [(match[1], _printed(match[2])) for line in lines if (match := _PAIR.fullmatch(line))]
        header = {name: value for name, value in found if name in _HEADER}
        if lines and (numbered := _ID.search(lines[0])):
            header["id"] = numbered[1]
        code, at = header.get("Packet-Type"), header.get("Timestamp", "")
        if code is None or not re.fullmatch(r"[0-9]{1,12}", at, re.ASCII):
            return None
        return Packet(float(at), code, header, tuple(pair for pair in found if pair[0] not in _HEADER), self._folder)


def _printed(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return _ESCAPE.sub(_unescaped, text[1:-1])
    return text


def _unescaped(match: re.Match[str]) -> str:
    word = match[1]
    return chr(int(word, 8)) if len(word) == 3 else _ESCAPED.get(word, word)


def _address(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ""


def read_packets(path: Path) -> Iterator[Packet]:
    """Return the packets of a detail file; raise `BadInput` where it has none."""
    reader = Reader(path)
    found = False
    for packet in (*reader.feed(_read(path) + "\n"), reader.end()):
        if packet is not None:
            found = True
            yield packet
    if not found:
        raise BadInput(f"file {path} holds no packets", "Give detail files of requests and replies, or JSON lines.")


def is_json(path: Path) -> bool:
    """Whether a file holds JSON lines."""
    return _read(path, 100).lstrip().startswith("{")


def read_json(path: Path) -> Iterator[Exchange]:
    """Return the exchanges of a file of JSON lines; raise `BadInput` with the line that is none."""
    for number, line in enumerate(_read(path).split("\n"), 1):
        if line.strip():
            try:
                yield _exchange(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
                raise BadInput(
                    f"line {number} of {path} is no exchange: {type(exc).__name__} {str(exc)[:80]}",
                    'Write {"at": 1795360848, "source": "...", "request": {...}, "answer": "...", "reply": {...}}.',
                ) from exc


def _exchange(value: Mapping[str, Any]) -> Exchange:
    answer = Answer(str(value["answer"]), _pairs(value.get("reply", {})))
    return Exchange(float(value["at"]), str(value["source"]), _pairs(value["request"]), answer)


def _pairs(values: Mapping[str, Any]) -> Pairs:
    return tuple((name, str(one)) for name, value in values.items() for one in _several(value))


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _read(path: Path, most: int = -1) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            return file.read(most)
    except OSError as exc:
        raise BadInput(
            f"file {path} cannot be read: {exc.strerror or exc}", "Check its name, and who may read it."
        ) from exc
