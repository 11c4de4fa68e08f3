"""What an operator changes is obeyed by the next request, a moment later, without a restart."""

import json
import math
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from demo.settings import REPOSITORY
from provisioning import account, customer, group, nas, package
from tests.acceptance import wire
from tests.acceptance.conftest import Provider

pytestmark = pytest.mark.acceptance

OBEYED_WITHIN_SECONDS = 0.25
VENDOR_SPECIFIC = 26  # Mikrotik-Rate-Limit among them


def tollkeeper(provider: Provider, *arguments: str) -> dict[str, object]:
    """Run the command line as an operator would; return what it prints with --json."""
    command = [str(REPOSITORY / "bin/tollkeeper"), *arguments, "--json"]
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=provider.environ)
    printed: dict[str, object] = json.loads(result.stdout)
    return printed


def seconds_until(ask: Callable[[], bool], limit_seconds: float = 30.0) -> float:
    """Ask again and again; return how long it took until the answer was yes."""
    begun = time.monotonic()
    while not ask():
        assert time.monotonic() - begun < limit_seconds, "not obeyed at all"
    return time.monotonic() - begun


def fastest(turns: Iterable[tuple[Callable[[], object], Callable[[], bool]]]) -> float:
    """Make each change, ask until it is obeyed; return the shortest time that took: a machine is busy now and then."""
    taken = []
    for change, is_obeyed in turns:
        change()
        taken.append(seconds_until(is_obeyed))
        if taken[-1] < OBEYED_WITHIN_SECONDS:
            break
    return min(taken)


def ask(provider: Provider, user_name: str) -> wire.Reply:
    """Ask by a packet made here: on a busy machine radclient takes longer to start than a change to be obeyed."""
    attributes, password = [(wire.USER_NAME, user_name.encode())], f"{user_name}-password".encode()
    reply = wire.exchange(wire.access_request(attributes, provider.secret.encode(), password=password), provider.port)
    assert reply is not None
    return reply


def is_answered(provider: Provider, user_name: str, code: int) -> Callable[[], bool]:
    """A question: does this user get this answer?"""
    return lambda: ask(provider, user_name).code == code


def test_block_and_unblock(provider: Provider) -> None:
    """`account block` refuses the next request, `account unblock` lets it in again."""
    assert is_answered(provider, "active", wire.ACCESS_ACCEPT)()

    blocked_after, unblocked_after = [], []
    for _ in range(3):  # the best counts: a machine is busy now and then
        tollkeeper(provider, "account", "block", "active")
        blocked_after.append(seconds_until(is_answered(provider, "active", wire.ACCESS_REJECT)))
        assert provider.explain("active")["reason"] == "account_blocked"
        tollkeeper(provider, "account", "unblock", "active")
        unblocked_after.append(seconds_until(is_answered(provider, "active", wire.ACCESS_ACCEPT)))
        if max(blocked_after[-1], unblocked_after[-1]) < OBEYED_WITHIN_SECONDS:
            break

    assert min(blocked_after) < OBEYED_WITHIN_SECONDS
    assert min(unblocked_after) < OBEYED_WITHIN_SECONDS


def test_a_group_of_ten_thousand(provider: Provider) -> None:
    """Switching a large group off is one row: nothing is loaded again, and it is obeyed as fast."""
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute(
            "INSERT INTO customer (code, group_id, first_name)"
            " SELECT 'BIG' || lpad(n::text, 6, '0'), customer_group.id, 'Big ' || n"
            " FROM generate_series(1, 10000) AS n, customer_group WHERE customer_group.name = 'home'"
        )
    seconds_until(lambda: provider.status()["customers"] > 10_000)
    logged_before = _changes_logged(provider)

    def switch(verb: str) -> Callable[[], object]:
        return lambda: tollkeeper(provider, "group", verb, "home", "--yes")

    off = switch("disable"), is_answered(provider, "active", wire.ACCESS_REJECT)
    on = switch("enable"), is_answered(provider, "active", wire.ACCESS_ACCEPT)
    off[0]()
    off_after = seconds_until(off[1])
    assert _changes_logged(provider) == logged_before + 1
    assert provider.explain("active")["reason"] == "group_disabled"
    assert off_after < OBEYED_WITHIN_SECONDS or fastest([on, off, on, off]) < OBEYED_WITHIN_SECONDS


def _changes_logged(provider: Provider) -> int:
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute("SELECT count(*) FROM change_log")
        number: int = cur.fetchone()[0]
        return number


def test_a_changed_speed(provider: Provider) -> None:
    """A package's new speed is sent with the next accept."""

    def turn(rate: str) -> tuple[Callable[[], object], Callable[[], bool]]:
        return (
            lambda: tollkeeper(provider, "package", "edit", "Home", "--download", rate, "--upload", "7M", "--yes"),
            lambda: any(
                value.endswith(f"7M/{rate}".encode()) for value in ask(provider, "active").values(VENDOR_SPECIFIC)
            ),
        )

    assert fastest(map(turn, ("77M", "78M", "79M"))) < OBEYED_WITHIN_SECONDS


def test_a_new_router(provider: Provider) -> None:
    """A router is unknown, is added, is answered; is removed, is not answered: by its own address and secret."""
    secret = "a-secret-of-its-own-7f3a"

    def is_answered() -> bool:
        packet = wire.access_request([(wire.USER_NAME, b"active")], secret.encode(), password=b"active-password")
        reply = wire.exchange(packet, provider.port, timeout_seconds=0.05, source="127.0.0.2")
        return reply is not None and reply.code == wire.ACCESS_ACCEPT

    def add() -> None:
        with provider.session() as session:
            nas.add(session, "second", address="127.0.0.2", secret=secret, seal=provider.seal)

    def remove() -> None:
        with provider.session() as session:
            nas.remove(session, nas.find(session, "second"))

    assert not is_answered()
    answered_after, refused_after = [], []
    for _ in range(3):  # the best counts: a machine is busy now and then
        add()
        answered_after.append(seconds_until(is_answered))
        remove()
        refused_after.append(seconds_until(lambda: not is_answered()))
        if max(answered_after[-1], refused_after[-1]) < OBEYED_WITHIN_SECONDS:
            break
    assert min(answered_after) < OBEYED_WITHIN_SECONDS
    assert min(refused_after) < OBEYED_WITHIN_SECONDS


def test_expiry_to_the_second(provider: Provider) -> None:
    """Every request before gets what is left of the time, whole seconds; the first request after is refused."""
    expires_at = (datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)).timestamp()
    with provider.session() as session:
        account.expire(session, account.find(session, "active"), expires_at=datetime.fromtimestamp(expires_at, UTC))
    seconds_until(lambda: bool(provider.authenticate("active", "active-password").values("Session-Timeout")))

    left = []
    while True:
        asked_at = time.time()
        answer = provider.authenticate("active", "active-password")
        answered_at = time.time()
        if answer.code != "Access-Accept":
            break
        left.append(int(answer["Session-Timeout"]))
        assert asked_at < expires_at
        assert math.ceil(expires_at - answered_at) <= left[-1] <= math.ceil(expires_at - asked_at)
    assert answer.code == "Access-Reject"
    assert answered_at >= expires_at
    assert left != []


def test_a_change_of_package_whose_time_comes(provider: Provider) -> None:
    """The hook obeys the date by itself: the session before ends then, the next one has the new speed."""
    activates_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    with closing(provider.database.connect()) as connection, connection.cursor() as cur:
        cur.execute(
            "INSERT INTO package_change (account_id, package_id, activates_at)"
            " SELECT account.id, package.id, %s FROM account, package"
            " WHERE user_name = 'active' AND package.name = 'Fibre'",
            (activates_at,),
        )

    def has_an_end() -> bool:
        return bool(provider.authenticate("active", "active-password").values("Session-Timeout"))

    seconds_until(has_an_end)
    time.sleep(max(0.0, activates_at.timestamp() - time.time()))
    assert provider.authenticate("active", "active-password")["Mikrotik-Rate-Limit"].startswith("20M/100M")


def test_simultaneous_sessions(provider: Provider) -> None:
    """One session allowed: another device is refused, the same may come again, a wrong password holds nothing."""
    first, second = "02-00-00-00-00-0A", "02-00-00-00-00-0B"

    def codes(*asked: tuple[str, str]) -> Sequence[str | None]:
        return [provider.authenticate("single", word, Calling_Station_Id=mac).code for mac, word in asked]

    right = "single-password"
    assert codes((second, "wrong"), (first, right), (second, right), (first, right)) == [
        "Access-Reject",
        "Access-Accept",
        "Access-Reject",
        "Access-Accept",
    ]
    assert provider.explain("single", mac=second)["reason"] == "sessions_exceeded"


def test_everything_an_operator_adds(provider: Provider) -> None:
    """Group, package, customer and account of one minute ago are in force."""

    def turn(name: str) -> tuple[Callable[[], object], Callable[[], bool]]:
        return lambda: add(name), is_answered(provider, name, wire.ACCESS_ACCEPT)

    def add(name: str) -> None:
        with provider.session() as session:
            home = group.add(session, name, sends_reply_message=True)
            tier = package.add(session, name, download_bps=5_000_000, upload_bps=1_000_000)
            owner = customer.add(session, group_id=home.id, first_name=name)
            ids = {"customer_id": owner.id, "package_id": tier.id}
            account.add(session, name, **ids, password=f"{name}-password", seal=provider.seal)

    assert fastest(map(turn, ("new", "newer", "newest"))) < OBEYED_WITHIN_SECONDS
