"""FreeRADIUS `files` with the same users: the fastest that there is, and what ours is held against."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.stock import REPLY, Stock


def make(folder: Path, accounts: int) -> Stock:
    """Write the users file and the configuration."""
    folder.mkdir(parents=True)
    users = folder / "users"
    with users.open("w", encoding="ascii") as file:
        file.writelines(_entries(accounts))
    return Stock("files.conf.in", folder, {"USERS": users})


def _entries(accounts: int) -> Iterator[str]:
    reply = ",\n".join(f"\t{name} = {value}" for name, value in REPLY.items())
    for number in range(accounts):
        yield f'user{number:07d} Cleartext-Password := "pw{number:07d}"\n{reply}\n\n'
