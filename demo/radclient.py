"""A router for tests and demonstrations: the command line's radclient, with any attributes, signed or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from provisioning import radclient
from provisioning.radclient import METHODS

__all__ = ["METHODS", "Answer", "Client", "Pairs"]

Value = str | int | bytes
Pairs = Iterable[tuple[str, Value]]


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
        request: list[tuple[str, Value]] = [("User-Name", user_name)]
        if password is not None:
            request.append((METHODS[method], password))
        if signed:
            request.append(("Message-Authenticator", b"\0"))
        return self.send("auth", [*request, *pairs])

    def send(self, kind: str, pairs: Pairs) -> Answer:
        """Send one packet (`auth`, `acct`, `status`) once, and wait for its answer."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        answer = radclient.send(
            f"{host}:{self.port}",
            kind,
            secret=self.secret_file.read_text(encoding="ascii").strip(),
            pairs=[(name, _written(value)) for name, value in pairs],
            timeout_seconds=self.timeout_seconds,
        )
        return Answer(answer.code, answer.attributes)


def _written(value: Value) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, int):
        return str(value)
    if "\n" in value or "\0" in value:
        raise ValueError("radclient reads lines: send such a value as octets, by the attribute's number")
    return radclient.quoted(value)
