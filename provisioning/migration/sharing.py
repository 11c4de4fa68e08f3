"""What only one account can have here, and the old server gave to several: addresses, prefixes, routes, VLANs, devices.

Who has it here already keeps it, else the first by name has it. The others are told the same all the same, as further
attributes; overlapping networks are like equal ones (provisioning/statics.py). A device that two share locks neither
but the first.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from provisioning.migration.meaning import Meaning
from provisioning.models import Account, Device

_ATTRIBUTES = {
    "ipv4_address": "Framed-IP-Address",
    "ipv6_prefix": "Framed-IPv6-Prefix",
    "delegated_ipv6_prefix": "Delegated-IPv6-Prefix",
    "routes": "Framed-Route",
}
_VLAN = (("Tunnel-Type", "VLAN"), ("Tunnel-Medium-Type", "IEEE-802"))
_COLUMNS = (Account.ipv4_address, Account.ipv6_prefix, Account.delegated_ipv6_prefix)


class _Claim(NamedTuple):
    """Who says that he has a network."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    rank: int  # in order of users; those that have it here already come first
    user: str
    column: str
    value: str


def settle(session: Session, meanings: Mapping[str, Meaning]) -> None:
    """Leave everything to one of those who have it; `meanings` in order of user names."""
    there = set(session.scalars(select(Account.user_name)))
    meanings = {user: meanings[user] for user in sorted(meanings, key=lambda user: user not in there)}
    for user, column, value in _losers(_claims(session, meanings)):
        if user in meanings:
            _tell_all_the_same(meanings[user], column, value)
    _settle_vlans(session, meanings)
    _settle_devices(session, meanings)


def _claims(session: Session, meanings: Mapping[str, Meaning]) -> list[_Claim]:
    claims: list[_Claim] = []
    there = select(Account.user_name, *_COLUMNS, Account.routes)
    wanted = there.where(
        (Account.ipv4_address.is_not(None))
        | (Account.ipv6_prefix.is_not(None))
        | (Account.delegated_ipv6_prefix.is_not(None))
        | text("routes <> '{}'")
    )
    for user, *values in session.execute(wanted).tuples():
        if user not in meanings:  # what a user of the old server has here, he is given anew
            claims += _of(-1, user, dict(zip(_ATTRIBUTES, values, strict=True)))
    for rank, (user, meaning) in enumerate(meanings.items()):
        claims += _of(rank, user, meaning.account)
    return claims


def _of(rank: int, user: str, account: Mapping[str, Any]) -> Iterator[_Claim]:
    for column in _ATTRIBUTES:
        value = account.get(column) or []
        for one in value if isinstance(value, list) else [value]:
            yield _Claim(ipaddress.ip_network(one.split()[0]), rank, user, column, one)


def _losers(claims: list[_Claim]) -> Iterator[tuple[str, str, str]]:
    """Return what overlaps with another user's, of the two that of the later one.

    In order of address, the wider first, whatever contains a network is on the stack when its turn comes.
    """
    claims.sort(
        key=lambda one: (one.network.version, int(one.network.network_address), one.network.prefixlen, one.rank)
    )
    lost: dict[_Claim, None] = {}
    stack: list[_Claim] = []
    for claim in claims:
        while stack and not _contains(stack[-1], claim):
            stack.pop()
        for other in stack:
            if other.user != claim.user and other not in lost:
                loser = max(other, claim, key=lambda one: one.rank)
                lost[loser] = None
                if loser is claim:
                    break
        stack.append(claim)
    yield from ((claim.user, claim.column, claim.value) for claim in lost)


def _contains(outer: _Claim, inner: _Claim) -> bool:
    return outer.network.version == inner.network.version and inner.network.network_address in outer.network


def _tell_all_the_same(meaning: Meaning, column: str, value: str) -> None:
    if column == "routes":
        meaning.account["routes"].remove(value)
    else:
        del meaning.account[column]
    attribute = _ATTRIBUTES[column]
    meaning.reply.append((attribute, "+=" if column == "routes" else "=", value, True))
    meaning.remark("changed", attribute, "another user has it, or a part of it; kept as a further attribute", value)


def _settle_vlans(session: Session, meanings: Mapping[str, Meaning]) -> None:
    query = select(Account.vlan_id, Account.user_name).where(Account.vlan_id.is_not(None))
    taken = {vlan: user for vlan, user in session.execute(query).tuples() if user not in meanings}
    for user, meaning in meanings.items():
        vlan = meaning.account.get("vlan_id")
        if vlan is None or taken.setdefault(vlan, user) == user:
            continue
        del meaning.account["vlan_id"]
        meaning.reply += [(name, "=", value, True) for name, value in (*_VLAN, ("Tunnel-Private-Group-Id", str(vlan)))]
        meaning.remark(
            "changed", "Tunnel-Private-Group-Id", "others have the VLAN too; kept as further attributes", str(vlan)
        )


def _settle_devices(session: Session, meanings: Mapping[str, Meaning]) -> None:
    devices = select(Device.mac, Account.user_name).join(Account, Account.id == Device.account_id)
    taken = dict(iter(session.execute(devices).tuples()))
    for user, meaning in meanings.items():
        for mac in _doubled(meaning.macs, user, taken):
            meaning.macs.remove(mac)
            meaning.remark("lost", "Calling-Station-Id", "another user has this device; it is let in from any", mac)
        if not meaning.macs:
            meaning.account.pop("lock_to_devices", None)


def _doubled(macs: Iterable[str], user: str, taken: dict[str, str]) -> list[str]:
    return [mac for mac in macs if taken.setdefault(mac, user) != user]
