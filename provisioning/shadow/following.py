"""Recordings read while they grow: every file below a folder, new ones and those that were rotated away included."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.errors import BadInput
from provisioning.shadow.exchange import Packet
from provisioning.shadow.recording import Reader

_AT_ONCE = 1 << 20


@dataclass
class _File:
    """An open file; it is told apart by its inode, as rotation gives another file its name."""

    descriptor: int
    reader: Reader
    rest: bytes = b""

    def read(self) -> Iterator[Packet]:
        while octets := os.read(self.descriptor, _AT_ONCE):
            octets = self.rest + octets
            whole = octets.rfind(b"\n") + 1  # not in the middle of a character
            self.rest = octets[whole:]
            yield from self.reader.feed(octets[:whole].decode("utf-8", "replace"))


@dataclass
class Follower:
    """Follows a folder. What is there when it begins is passed over, unless `from_start`."""

    folder: Path
    from_start: bool = False
    _files: dict[tuple[int, int], _File] = field(default_factory=dict)
    _began: bool = False

    def read(self) -> list[Packet]:
        """Return the packets that were written since the last time."""
        if not os.path.isdir(self.folder):  # Path.is_dir raises for a name that is too long
            raise BadInput(f"folder {self.folder} is not there", "Name the folder of the old server's detail files.")
        present: set[tuple[int, int]] = set()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                present.add(self._opened(path))
        packets = [packet for one in self._files.values() for packet in one.read()]  # also those just rotated away
        for key in self._files.keys() - present:
            os.close(self._files.pop(key).descriptor)
        self._began = True
        return packets

    def _opened(self, path: Path) -> tuple[int, int]:
        try:
            there = path.stat()
            key = there.st_dev, there.st_ino
            if key not in self._files:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                if not self._began and not self.from_start:
                    os.lseek(descriptor, 0, os.SEEK_END)
                self._files[key] = _File(descriptor, Reader(path))
            elif there.st_size < os.lseek(self._files[key].descriptor, 0, os.SEEK_CUR):
                os.lseek(self._files[key].descriptor, 0, os.SEEK_SET)  # copied away and emptied
        except FileNotFoundError:  # rotated away just now
            return 0, 0
        except OSError as exc:
            raise BadInput(f"file {path} cannot be read: {exc.strerror}", "Who may read it?") from exc
        return key

    def close(self) -> None:
        """Close the files."""
        for one in self._files.values():
            os.close(one.descriptor)
        self._files.clear()
