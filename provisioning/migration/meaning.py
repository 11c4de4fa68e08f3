"""What a user of the old server is to be with us, while it is being put together; and what could not be kept."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

# lost: the old server heeds it, and we do not; changed: kept in another way; note: worth knowing, nothing is lost
Kind = Literal["lost", "changed", "note"]


_SECRETS = ("password", "secret", "digest-ha1", "totp", "-key")


class Remark(NamedTuple):
    """Something that an operator has to know about one attribute of a user."""

    kind: Kind
    attribute: str
    why: str
    value: str = ""


@dataclass
class Meaning:
    """Columns of account and package (schema.sql), and what else belongs to the user."""

    password: str | None = None
    account: dict[str, Any] = field(default_factory=dict)
    package: dict[str, Any] = field(default_factory=dict)
    reply: list[tuple[str, str, str, bool]] = field(default_factory=list)  # name, operator, value, whether his own
    macs: list[str] = field(default_factory=list)
    nas_addresses: list[str] = field(default_factory=list)  # where alone he may
    vendors: set[str] = field(default_factory=set)  # whose attributes said the speed
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, kind: Kind, attribute: str, why: str, value: str = "") -> None:
        """Note something; never a password's value."""
        is_secret = any(word in attribute.lower() for word in _SECRETS)
        self.remarks.append(Remark(kind, attribute, why, "" if is_secret else value))
