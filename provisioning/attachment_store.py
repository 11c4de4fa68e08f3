"""Files by their SHA-256: attachments/ab/cdef..., below the home of this node.

Rules: a file is there whole and synced, or not at all: temporary file, fsync, rename, fsync of the folders. Nobody else
may read it (0600, folders 0700), nothing can run it, nothing changes it. The same content is there once. Whoever adds a
row does so after the file: a file without a row is harmless, and `sweep` takes it away.

Known weakness: the folder is of one node. Two nodes that take attachments need it on a disk that both see.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from provisioning.errors import BadInput, Conflict

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_TEMPORARY = ".new-"


class Damaged(Conflict):
    """the file of an attachment is not there, or not what was stored"""


class Store:
    """The folder of attachments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, octets: bytes) -> str:
        """Keep a content; return its SHA-256 once it is on disk. What is there already is read."""
        digest = self.digest(octets)
        path = self.path(digest)
        try:
            if not self._is_whole(path, digest):
                self._write(path, octets)
        except OSError as exc:
            raise _unusable(exc) from exc
        return digest

    @staticmethod
    def digest(octets: bytes) -> str:
        """Return the SHA-256 under which a content is kept."""
        return hashlib.sha256(octets).hexdigest()

    def get(self, digest: str) -> bytes:
        """Return the content of this SHA-256; raise `Damaged` where it is missing or another."""
        path = self.path(digest)
        shown = path.relative_to(self.folder.parent)
        try:
            octets = path.read_bytes()
        except FileNotFoundError as exc:
            raise Damaged(f"file {shown} is missing", f"Put {shown} back from a backup.") from exc
        except OSError as exc:
            raise _unusable(exc) from exc
        if self.digest(octets) != digest:
            raise Damaged(f"file {shown} is damaged", f"Put {shown} back from a backup, or attach the file again.")
        return octets

    def path(self, digest: str) -> Path:
        """Return where a content is kept."""
        return self.folder / digest[:2] / digest[2:]

    def sweep(self, wanted: frozenset[str]) -> int:
        """Remove all files but those of these SHA-256, leftovers of interrupted writes too; return how many."""
        swept = 0
        try:
            for path in list(self._files()):
                if path.parent.name + path.name not in wanted:
                    path.unlink()
                    swept += 1
        except OSError as exc:
            raise _unusable(exc) from exc
        return swept

    def _files(self) -> Iterator[Path]:
        folders = [folder for folder in self.folder.glob("[0-9a-f][0-9a-f]") if folder.is_dir()]
        return (path for folder in folders for path in folder.iterdir())

    def _is_whole(self, path: Path, digest: str) -> bool:
        try:
            return self.digest(path.read_bytes()) == digest
        except FileNotFoundError:
            return False

    def _write(self, path: Path, octets: bytes) -> None:
        for folder in (self.folder, path.parent):
            if not folder.is_dir():
                folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
                _sync(folder.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)  # 0600
        try:
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, _FILE_MODE)
                file.write(octets)
                file.flush()
                os.fsync(descriptor)
            os.rename(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(exc: OSError) -> BadInput:
    return BadInput(
        f"attachments cannot be kept: {exc.filename}: {exc.strerror}",
        "Look at the folder's owner and the disk; TOLLKEEPER_HOME says where it is.",
    )
