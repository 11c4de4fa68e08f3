"""Files that commands read and write: ordinary ones, of a size that is known before, never in place of others."""

import os
import stat
import sys
from typing import TYPE_CHECKING

from provisioning import key, units
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.attachment_store import Store

_LIMIT_OCTETS = 20 * 2**20


def store() -> "Store":
    """Return the folder of attachments of this node."""
    from provisioning.attachment_store import Store

    return Store(key.home() / "attachments")


def limit_octets() -> int:
    """Return how big a file may be that is kept."""
    text = os.environ.get("TOLLKEEPER_ATTACHMENT_OCTETS")
    return _LIMIT_OCTETS if not text else units.parse_octets(text)


def read(file: str, limit: int) -> bytes:
    """Return the content of an ordinary file, of a bigger one no more than shows that it is."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:  # a pipe would wait for a writer
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise BadInput(f"{file} is no ordinary file", "Give the name of a file.")
            return opened.read(limit + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise BadInput(f"file {file} cannot be read: {reason}", "Check its name and its owner.") from exc


def write_new(file: str, octets: bytes) -> None:
    """Write a file that is not there yet, for its owner only; raise `BadInput`."""
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(octets)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise BadInput(f"file {file} cannot be written: {reason}", "Choose a name that is not there yet.") from exc


def text(file: str, *, limit: int = 200_000) -> str:
    """Return a text from a file, `-` for standard input; raise `BadInput` where it is none."""
    octets = standard_input(limit) if file == "-" else read(file, limit)
    if len(octets) > limit:
        raise BadInput(f"{file} is longer than {units.format_octets(limit)}", "Shorten it.")
    try:
        found = octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        raise BadInput(f"{file} is not UTF-8", "Write the file in UTF-8.") from exc
    if not all(one.isprintable() or one in "\n\t" for one in found):
        raise BadInput(f"{file} has a character that cannot be printed", "Leave out control characters.")
    return found


def standard_input(limit: int) -> bytes:
    """Return what comes from standard input, of more no more than shows that it is too long."""
    return sys.stdin.buffer.read(limit + 1)
