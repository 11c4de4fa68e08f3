"""Asking a RADIUS server by FreeRADIUS's own radclient, which checks the signatures of the answers.

Nothing secret is in its arguments, which every user of the machine can read: the shared secret comes from a file and
the request by standard input.
"""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from demo.errors import Refusal

# what radclient turns into the attributes of that method, from the clear-text password
METHODS = {"pap": "User-Password", "chap": "CHAP-Password", "mschap": "MS-CHAP-Password"}

Pairs = Iterable[tuple[str, str | int | bytes]]

_RECEIVED = re.compile(r"^Received (\S+) Id ")
_PAIR = re.compile(r"^\t([\w.-]+(?::\d+)?) = (.*)$")


@dataclass(frozen=True)
class Answer:
    """What came back: the packet's code (`Access-Accept`), or None for silence, and its attributes as printed."""

    code: str | None
    attributes: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """Return every value of an attribute, in order."""
        return [value for found, value in self.attributes if found == name]

    def __getitem__(self, name: str) -> str:
        """Return the only value of an attribute; raise KeyError where it has none or several."""
        values = self.values(name)
        if len(values) != 1:
            raise KeyError(f"{name} has {len(values)} values in {self}")
        return values[0]


@dataclass(frozen=True)
class Client:
    """A router, as far as the server can tell: where it asks, and with which secret."""

    address: str
    port: int
    secret_file: Path
    timeout_seconds: float = 5.0

    def authenticate(
        self, user_name: str, password: str | None, *, method: str = "pap", pairs: Pairs = (), signed: bool = True
    ) -> Answer:
        """Send one Access-Request; no password, none is sent."""
        request: list[tuple[str, str | int | bytes]] = [("User-Name", user_name)]
        if password is not None:
            request.append((METHODS[method], password))
        if signed:
            request.append(("Message-Authenticator", b"\0"))
        return self.send("auth", [*request, *pairs])

    def send(self, kind: str, pairs: Pairs) -> Answer:
        """Send one packet (`auth`, `acct`, `status`) once, and wait for its answer."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        options = ["-x", "-r", "1", "-t", str(self.timeout_seconds), "-S", str(self.secret_file)]
        try:
            result = subprocess.run(
                ["/usr/bin/radclient", *options, f"{host}:{self.port}", kind],
                input="\n".join(f"{name} = {_printed(value)}" for name, value in pairs),
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                cwd="/",
                timeout=self.timeout_seconds + 10,
            )
        except FileNotFoundError as exc:
            raise Refusal("radclient is not installed", "Run: apt-get install freeradius-utils") from exc
        if not result.stdout.startswith("Sent "):
            raise Refusal(f"radclient cannot send this: {result.stderr.strip() or result.stdout.strip()}")
        return read(result.stdout)


def read(output: str) -> Answer:
    """Return the answer that `radclient -x` printed."""
    code: str | None = None
    attributes: list[tuple[str, str]] = []
    for line in output.splitlines():
        if received := _RECEIVED.match(line):
            code, attributes = received[1], []
        elif code is not None and (pair := _PAIR.match(line)):
            attributes.append((pair[1], _unquoted(pair[2])))
    return Answer(code, tuple(pair for pair in attributes if pair[0] != "Message-Authenticator"))


def _printed(value: str | int | bytes) -> str:
    """Return a value as radclient reads it: single quotes, where only the quote and the backslash are special."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, int):
        return str(value)
    if "\n" in value or "\0" in value:
        raise ValueError("radclient reads lines: send such a value as octets, by the attribute's number")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _unquoted(printed: str) -> str:
    if len(printed) >= 2 and printed[0] == printed[-1] == '"':
        return re.sub(r"\\(.)", r"\1", printed[1:-1])
    return printed
