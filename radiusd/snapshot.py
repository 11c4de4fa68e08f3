"""The snapshot file: the state as it was last seen equal to the database, for a start without the database.

A line that says what it is, then chunks of rows, each JSON sealed with the key that seals the passwords and framed by
its length. What a chunk is (of which save, the how-manieth) is authenticated with it, and the last one says that it is:
a file that was cut, reordered or mixed with another does not open. Written beside its place and moved there
when it is on disk, so that a crash leaves the old one. Mode 0600.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from policies import rows
from policies.facts import Account, AccountExtras, Customer, Device, Group, Nas, OpenSession, Package, TimeBand
from radiusd.source import Position
from radiusd.state import State
from vault.sealed import Seal

_MAGIC = b"tollkeeper snapshot 2\n"
_ROWS_A_CHUNK = 1_000  # about a millisecond in which the hook cannot run

_ACCOUNT_FIELDS = tuple(Account.__dataclass_fields__)


class Unreadable(Exception):
    """the file is no snapshot of this version, or not a whole one"""


def save(path: Path, seal: Seal, state: State, position: Position, in_step_at: float) -> None:
    """Write the state, durably; raises OSError and leaves the previous file where that cannot be done."""
    beside = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_MAGIC)
        for clear, purpose in _chunks(state, position, in_step_at):
            sealed = seal.seal(clear, purpose)
            file.write(len(sealed).to_bytes(4, "big") + sealed)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    _sync_folder(path.parent)


def load(path: Path, seal: Seal) -> tuple[State, Position, float] | None:
    """Read state, position and when it was in step with the database; None where there is no file.

    Raises `Unreadable` or `NotOurs`.
    """
    try:
        with path.open("rb") as file:
            if file.readline(len(_MAGIC)) != _MAGIC:
                raise Unreadable(f"{path} is no snapshot that this version can read")
            return _load(file, seal)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise Unreadable(f"{path} cannot be read: {exc}") from exc
    except (LookupError, TypeError, ValueError) as exc:  # other columns, written by a program before or after this one
        raise Unreadable(f"{path} has other rows than this version's: {exc}") from exc


def _load(file: BinaryIO, seal: Seal) -> tuple[State, Position, float]:
    header = orjson.loads(seal.open(_frame(file), b"snapshot"))
    state = State()
    for index in count():
        clear = seal.open(_frame(file), _purpose(header["in_step_at"], index))
        relation, packed = orjson.loads(clear)
        if relation == "end":
            return state, Position(*header["position"]), header["in_step_at"]
        for row in packed:
            state.put(relation, _UNPACK[relation](row))
    raise AssertionError("count() has no end")


def _frame(file: BinaryIO) -> bytes:
    size = int.from_bytes(file.read(4), "big")
    if size > os.fstat(file.fileno()).st_size:  # a broken length may say 4 GB, which read() would want at once
        raise Unreadable("the snapshot ends too early")
    sealed = file.read(size)
    if not size or len(sealed) != size:
        raise Unreadable("the snapshot ends too early")
    return sealed


def _chunks(state: State, position: Position, in_step_at: float) -> Iterator[tuple[bytes, bytes]]:
    yield orjson.dumps({"position": list(position), "in_step_at": in_step_at}), b"snapshot"
    index = count()
    for relation, table in _tables(state):
        remaining = iter(table)
        while chunk := [_PACK[relation](row) for row in islice(remaining, _ROWS_A_CHUNK)]:
            yield orjson.dumps([relation, chunk], default=_plain), _purpose(in_step_at, next(index))
    yield orjson.dumps(["end", []]), _purpose(in_step_at, next(index))


def _purpose(in_step_at: float, index: int) -> bytes:
    return f"snapshot {in_step_at!r} chunk {index}".encode()


def _tables(state: State) -> Iterable[tuple[str, Iterable[Any]]]:
    """Parents first. Only this thread changes the state, so iterating is safe."""
    return (
        ("group", state.groups.values()),
        ("package", state.packages.values()),
        ("nas", state.nas.values()),
        ("customer", state.customers.values()),
        ("account", state.accounts.values()),
        ("device", state.devices.values()),
        ("session", state.sessions.values()),
    )


def _plain(value: Any) -> Any:
    """Pairs are tuples of a kind of their own, which orjson does not know."""
    return list(value)


def _pack_account(account: Account) -> list[Any]:
    *fields, extras = (getattr(account, name) for name in _ACCOUNT_FIELDS)
    named = None if extras is None else {name: getattr(extras, name) for name in AccountExtras.__dataclass_fields__}
    return [*fields, named]


def _pack_package(package: Package) -> list[Any]:
    *fields, time_bands, profiles = (getattr(package, name) for name in rows.PACKAGE)
    return [*fields, [[getattr(band, name) for name in TimeBand.__dataclass_fields__] for band in time_bands], profiles]


def _unpack_account(row: list[Any]) -> Account:
    *fields, extras = row
    values = (*fields, None if extras is None else rows.account_extras(extras))
    return Account(*values)


def _unpack_session(row: list[Any]) -> OpenSession:
    return OpenSession(*row)


def _unpack_nas(row: list[Any]) -> Nas:
    return Nas(*row)


_PACK: dict[str, Callable[[Any], Any]] = {
    "group": attrgetter(*rows.GROUP),
    "package": _pack_package,
    "nas": attrgetter(*rows.NAS),
    "customer": attrgetter(*rows.CUSTOMER),
    "account": _pack_account,
    "device": attrgetter(*rows.DEVICE),
    "session": attrgetter("id", "user_name", "place", "session_class"),
}
_UNPACK: dict[str, Callable[[list[Any]], Group | Package | Nas | Customer | Account | Device | OpenSession]] = {
    "group": rows.group,
    "package": rows.package,
    "nas": _unpack_nas,
    "customer": rows.customer,
    "account": _unpack_account,
    "device": rows.device,
    "session": _unpack_session,
}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
