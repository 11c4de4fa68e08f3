"""Passwords as FreeRADIUS keeps them: clear text stays so and is sealed, one-way ones stay one-way.

A one-way password goes on as `{scheme}value`, which rlm_pap reads from Password-With-Header (header_names in
FreeRADIUS 3.2.1's rlm_pap.c), in hexadecimal or base64 as it is. It lets in by PAP only, but {nt} by MS-CHAP too.
"""

import re

from provisioning.errors import BadInput
from provisioning.migration.meaning import Meaning
from provisioning.migration.source import Item

CLEAR = frozenset({"cleartext-password", "user-password", "password"})
HEADERS = {
    "nt-password": "nt",
    "crypt-password": "crypt",
    "md5-password": "md5",
    "smd5-password": "smd5",
    "sha-password": "sha",
    "sha1-password": "sha",
    "ssha-password": "ssha",
    "ssha1-password": "ssha",
    "sha2-password": "sha2",
    "ssha2-224-password": "ssha224",
    "ssha2-256-password": "ssha256",
    "ssha2-384-password": "ssha384",
    "ssha2-512-password": "ssha512",
    "ns-mta-md5-password": "ns-mta-md5",
    "pbkdf2-password": "x-pbkdf2",
}
_READ_BY_PAP = frozenset(HEADERS.values()) | {
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "nthash",
    "x-nthash",
    "base64_md5",
}
_WITH_HEADER = re.compile(r"\{([A-Za-z0-9+_-]+)\}(.+)", re.ASCII)
_LONGEST_OCTETS = 128  # of User-Password, RFC 2865 5.2


def take(meaning: Meaning, item: Item) -> None:
    """Take over one password; the first that can be kept counts, clear text before one-way."""
    name = item.name.lower()
    if name in CLEAR:
        _take_clear(meaning, item.name, item.value)
    elif name == "password-with-header":
        _take_with_header(meaning, item)
    elif name in HEADERS:
        _take_hash(meaning, item.name, f"{{{HEADERS[name]}}}{item.value.removeprefix('0x')}")
    else:
        meaning.remark("lost", item.name, "rlm_pap cannot check it behind a header")


def _take_clear(meaning: Meaning, name: str, value: str) -> None:
    try:
        check(value)
    except BadInput as exc:
        meaning.remark("lost", name, exc.message)
        return
    if meaning.account.pop("password_hash", None) is not None:
        meaning.remark("note", name, "there is a one-way password too; the clear one is kept")
    if meaning.password not in (None, value):
        meaning.remark("lost", name, "there are several; the last one counts")
    meaning.password = value


def check(value: str) -> None:
    """Raise `BadInput` for a password that an account cannot have (provisioning/passwords.py)."""
    if not value.isprintable():
        raise BadInput("the password has a character that cannot be printed", "")
    if not 1 <= len(value.encode("utf-8", "surrogatepass")) <= _LONGEST_OCTETS:
        raise BadInput(f"the password is not 1 to {_LONGEST_OCTETS} octets long", "")


def _take_with_header(meaning: Meaning, item: Item) -> None:
    match = _WITH_HEADER.fullmatch(item.value)
    if match is None or match[1].lower() in ("clear", "cleartext"):
        _take_clear(meaning, item.name, item.value if match is None else match[2])
    elif match[1].lower() in _READ_BY_PAP:
        _take_hash(meaning, item.name, item.value)
    else:
        meaning.remark("lost", item.name, f"rlm_pap does not read {{{match[1]}}}")


def _take_hash(meaning: Meaning, name: str, value: str) -> None:
    if meaning.password is not None:
        meaning.remark("note", name, "there is a clear password too; the clear one is kept")
        return
    if not value.isprintable() or _WITH_HEADER.fullmatch(value) is None:
        meaning.remark("lost", name, "it is empty, or cannot be printed")
        return
    meaning.account["password_hash"] = value
