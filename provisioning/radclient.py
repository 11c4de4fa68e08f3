"""Asking a RADIUS server with FreeRADIUS's own radclient, which signs requests and checks the answers' signatures.

Nothing secret is in its arguments, which everybody on the machine can read: the shared secret goes by a file that is
its owner's only, the request by standard input. Requests are sent from the NAS's address, as that is what a server
knows a NAS by.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from provisioning.errors import BadInput, Unreachable

# what radclient turns into the attributes of that method, from the clear-text password
METHODS = {"pap": "User-Password", "chap": "CHAP-Password", "mschap": "MS-CHAP-Password"}
SIGNED = ("Message-Authenticator", "0x00")  # radclient computes it, RFC 2869 5.14

# made from the password's hash, RFC 2548 2.4
_KEYS = frozenset({"MS-CHAP-MPPE-Keys", "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key"})

_RECEIVED = re.compile(r"Received (\S+) Id ")
_PAIR = re.compile(r"\t([\w.-]+(?::\d+)?) = (.*)")


@dataclass(frozen=True)
class Answer:
    """What came back: the packet's code (`Access-Accept`), None for silence; attributes as printed; how soon."""

    code: str | None
    attributes: tuple[tuple[str, str], ...] = ()
    milliseconds: int | None = None  # as this process saw it: no truer than the scheduler, so at least 1
    complaint: str = ""  # what radclient said beside it: a wrong secret, a closed port


def quoted(text: str) -> str:
    """Return text as radclient reads it: in single quotes only the quote and the backslash are special."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def source(address: str) -> tuple[str, str]:
    """Return the attribute by which radclient sends from this address."""
    return ("Packet-Src-IPv6-Address" if ":" in address else "Packet-Src-IP-Address", address)


def send(
    server: str, kind: str, *, secret: str, pairs: Iterable[tuple[str, str]], timeout_seconds: float = 3.0
) -> Answer:
    """Send one packet (`auth`, `status`) once, and wait for its answer. `server` is host:port."""
    descriptor, path = tempfile.mkstemp(prefix="tollkeeper-")  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
        return _exchange(["-S", path, server, kind], pairs, timeout_seconds)
    finally:
        Path(path).unlink()


def _exchange(arguments: list[str], pairs: Iterable[tuple[str, str]], timeout_seconds: float) -> Answer:
    # stdbuf: radclient then says at once that it has sent, and the time it takes to start is not counted
    command = ["stdbuf", "-oL", "radclient", "-x", "-r", "1", "-t", str(timeout_seconds), *arguments]
    request = "".join(f"{name} = {value}\n" for name, value in pairs)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as exc:
        raise Unreachable("radclient is not installed", "Run: apt-get install freeradius-utils.") from exc
    with process:
        lines = _talk(process, request)
    return _read(lines)


def _talk(process: "subprocess.Popen[str]", request: str) -> list[tuple[float, str]]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    try:
        process.stdin.write(request)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already, and says why
    return [(perf_counter(), line.rstrip("\n")) for line in process.stdout]


def _read(lines: list[tuple[float, str]]) -> Answer:
    sent_at, complaint, code, attributes, soon = 0.0, "", None, [], None
    for at, line in lines:
        if line.startswith("Sent "):
            sent_at = at
        elif received := _RECEIVED.match(line):
            code, soon = received[1], max(1, round((at - sent_at) * 1000))
        elif pair := _PAIR.match(line):
            if code is not None and pair[1] != "Message-Authenticator":
                attributes.append((pair[1], "(secret)" if pair[1] in _KEYS else unquoted(pair[2])))
        else:
            complaint = complaint or _complaint(line)
    if not sent_at:
        raise BadInput(
            f"radclient cannot send this: {complaint}", "The request has to come from this machine's address."
        )
    return Answer(code, tuple(attributes), soon, complaint)


def _complaint(line: str) -> str:
    said = line.removeprefix("(0) ").removeprefix("radclient: ").strip()
    return "" if said.startswith("No reply from server") else said  # that much is known without it


def unquoted(printed: str) -> str:
    """Return a value as it is, from how radclient prints it."""
    if len(printed) >= 2 and printed[0] == printed[-1] == '"':
        return re.sub(r"\\(.)", r"\1", printed[1:-1])
    return printed
