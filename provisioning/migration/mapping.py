"""What each attribute of the old server becomes with us: a table of check items, and one of reply items. Pure.

Check items (radcheck, radgroupcheck):

 passwords                        the account's password, sealed; one-way ones stay so (known_passwords.py)
 Auth-Type := Reject              blocked
 Expiration                       expires_at
 Simultaneous-Use                 sessions allowed: of the account, or of the package where a group says so
 Calling-Station-Id == a MAC      a device, and the account is locked to its devices
 NAS-IP-Address ==                the account is bound to that router
 Max-Monthly-Traffic and the like the package's cap, in octets a billing period

Reply items (radreply, radgroupreply):

 speeds of any vendor             the package's speed in bit/s (speeds.py)
 Session-Timeout, Idle-Timeout, Acct-Interim-Interval, pools       the package's
 Framed-IP-Address, -Netmask, -Route, IPv6 prefixes, a VLAN        the account's, where they are the user's own
 whatever else FreeRADIUS's dictionaries know                      a further reply attribute, as it is

What becomes nothing is remarked upon, with the reason.
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

from policies import attribute, mac
from policies.dictionary import Dictionary
from policies.speed import Speed
from provisioning import addresses
from provisioning.errors import BadInput
from provisioning.migration import dates, known_passwords, speeds
from provisioning.migration.meaning import Meaning
from provisioning.migration.merging import Merged
from provisioning.migration.source import Item

DISABLED_GROUPS = frozenset({"daloradius-disabled-users"})
_LEAST_CAP_OCTETS = 1_000_000
_NEVER_MATCHES = "FreeRADIUS 3 compares it and refuses the user; taken as :="
_PASSWORDS = known_passwords.CLEAR | known_passwords.HEADERS.keys() | {"password-with-header", "lm-password"}
_SPEED_COLUMNS = tuple(Speed.__dataclass_fields__)[:8]


class Rules(NamedTuple):
    """What mapping needs to know beside the rows."""

    dictionary: Dictionary
    zone: tzinfo  # of the old server: its dates have none


def interpret(merged: Merged, rules: Rules) -> Meaning:
    """Return what a user is to be."""
    meaning = Meaning()
    for item in merged.config:
        _check_item(meaning, item, rules)
    for item in merged.conditions:
        _condition(meaning, item, rules)
    for item in merged.odd:
        meaning.remark("lost", item.name, f"operator {item.op} assigns nothing in a reply", item.value)
    left = _read_speed(meaning, merged.reply)
    left = _read_vlan(meaning, left)
    for item in left:
        _reply_item(meaning, item, rules)
    for group in (*merged.groups, *merged.unread):
        if group.lower() in DISABLED_GROUPS:
            meaning.account["blocked"] = True
            if group in merged.unread:
                meaning.remark("changed", group, "FreeRADIUS does not come to this group and lets the user in; blocked")
    if merged.unread:
        meaning.remark("note", "Fall-Through", "FreeRADIUS does not come to further groups", ", ".join(merged.unread))
    if meaning.password is None and "password_hash" not in meaning.account and not meaning.account.get("blocked"):
        meaning.remark("note", "no password", "nobody gets in without one")
    return meaning


# -- check items


def _check_item(meaning: Meaning, item: Item, rules: Rules) -> None:
    name = item.name.lower()
    if name in _PASSWORDS:
        if item.op == "=" or name in ("user-password", "password"):
            meaning.remark("changed", item.name, f"FreeRADIUS 3 refuses the user with {item.op}; taken as his password")
        known_passwords.take(meaning, item)
    elif name in _CHECKS:
        _CHECKS[name](meaning, item, rules)
    elif name in _COUNTERS:
        _cap(meaning, item)
    else:
        meaning.remark("lost", item.name, _why_not(name, rules), item.value)


def _condition(meaning: Meaning, item: Item, rules: Rules) -> None:
    """A comparison: of what a request says it may be kept, of what is only the server's it never holds."""
    name = item.name.lower()
    if name in _PASSWORDS or name == "simultaneous-use":
        meaning.remark("changed", item.name, _NEVER_MATCHES)
        _check_item(meaning, item._replace(op=":="), rules)
    elif name in ("expiration", "auth-type") and item.op == "==":
        _check_item(meaning, item._replace(op=":="), rules)
    elif name in _CONDITIONS and item.op == "==":
        _CONDITIONS[name](meaning, item, rules)
    else:
        meaning.remark("lost", item.name, f"the condition {item.op} is not kept: it is let in without", item.value)


def _auth_type(meaning: Meaning, item: Item, _rules: Rules) -> None:
    value = item.value.lower()
    if value == "reject":
        meaning.account["blocked"] = True
    elif value == "accept":
        meaning.remark(
            "lost", item.name, "nobody is let in without a password here; give a device MAC authentication", item.value
        )
    else:
        meaning.remark("note", item.name, "the method is the request's to choose", item.value)


def _expiration(meaning: Meaning, item: Item, rules: Rules) -> None:
    moment = dates.read(item.value.strip(), rules.zone)
    if moment is None:
        meaning.remark("lost", item.name, "it is no date between 1970 and 2199", item.value)
        return
    meaning.account["expires_at"] = moment


def _simultaneous_use(meaning: Meaning, item: Item, _rules: Rules) -> None:
    number = _number(item.value)
    if number == 0:
        meaning.account["blocked"] = True
        meaning.remark("changed", item.name, "0 lets nobody in; blocked", item.value)
    elif number is None or number > 1000:
        meaning.remark("lost", item.name, "it is not 1 to 1000", item.value)
    else:
        (meaning.account if item.group is None else meaning.package)["sessions_allowed"] = number


def _calling_station(meaning: Meaning, item: Item, _rules: Rules) -> None:
    found = mac.normalise(item.value)
    if found is None:
        meaning.remark(
            "lost", item.name, "it is no MAC, and the condition is not kept: it is let in without", item.value
        )
    elif item.group is not None:
        meaning.remark("lost", item.name, "a group's condition is not kept: it is let in without", item.value)
    else:
        meaning.macs.append(found)
        meaning.account["lock_to_devices"] = True


def _nas_address(meaning: Meaning, item: Item, _rules: Rules) -> None:
    try:
        meaning.nas_addresses.append(addresses.host(item.value.strip()))
    except BadInput:
        meaning.remark("lost", item.name, "it is no address, and the condition is not kept", item.value)


def _cap(meaning: Meaning, item: Item) -> None:
    number = _number(item.value)
    if number is None or number < _LEAST_CAP_OCTETS:
        meaning.remark(
            "lost", item.name, "less than a million octets: not in octets, perhaps? set the cap by hand", item.value
        )
        return
    meaning.package["cap_octets"] = min(number, meaning.package.get("cap_octets", number))


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _why_not(name: str, rules: Rules) -> str:
    if name in _SESSION_COUNTERS:
        return "there are no limits of time used"
    if name in _OTHER:
        return _OTHER[name]
    if rules.dictionary.find(name) is None:
        return "neither FreeRADIUS's dictionaries nor we know it"
    return "there is nothing like it here"


_CHECKS: Mapping[str, Callable[[Meaning, Item, Rules], None]] = {
    "auth-type": _auth_type,
    "expiration": _expiration,
    "simultaneous-use": _simultaneous_use,
}
_CONDITIONS: Mapping[str, Callable[[Meaning, Item, Rules], None]] = {
    "calling-station-id": _calling_station,
    "nas-ip-address": _nas_address,
    "nas-ipv6-address": _nas_address,
}
_COUNTERS = frozenset(
    {
        *("max-monthly-traffic", "max-monthly-octets", "max-monthly-total-octets", "monthly-traffic"),
        *("max-octets", "max-total-octets", "max-all-octets", "max-traffic", "max-data", "max-volume"),
        *("chillispot-max-total-octets", "cs-total-octets", "mikrotik-total-limit", "total-limit", "data-cap"),
    }
)
_SESSION_COUNTERS = frozenset(
    {"max-all-session", "max-daily-session", "max-weekly-session", "max-monthly-session", "access-period"}
)
_OTHER = {
    "pool-name": "addresses are handed out by the router here: give the package a pool",
    "login-time": "there are no hours of access; packages have speeds by the hour",
    "user-profile": "there are no profiles: make it a group's attributes",
    "group": "membership is no condition here",
    "sql-group": "membership is no condition here",
    "huntgroup-name": "there are no huntgroups: bind the account to routers",
    "proxy-to-realm": "requests are not proxied",
    "max-daily-octets": "caps are of a billing period, not of a day",
    "max-daily-traffic": "caps are of a billing period, not of a day",
}


# -- reply items


def _read_speed(meaning: Meaning, reply: list[Item]) -> list[Item]:
    """Take the speed, and return the items that do not say it. What only the raw text holds stays beside it."""
    said = speeds.read(speeds.gather((item.name, item.value) for item in reply))
    if not said:
        return reply
    first = said[0]
    meaning.vendors.add(first.vendor)
    if first.speed is not None:
        columns = {name: getattr(first.speed, name) for name in _SPEED_COLUMNS}
        meaning.package |= {name: value for name, value in columns.items() if value is not None}
    for other in said[1:]:
        if other.speed != first.speed:
            meaning.remark(
                "changed", other.vendor, f"its attributes say another speed than {first.vendor}'s; kept as they are"
            )
    if first.lossy is not None:
        meaning.remark("note", first.vendor, f"kept as it is for {first.lossy}; the package's speed is beside it")
    needless = [one for one in said if one.speed == first.speed and one.lossy is None]
    return [item for item in reply if not any(one.says(item.name, item.value) for one in needless)]


def _read_vlan(meaning: Meaning, reply: list[Item]) -> list[Item]:
    """Take a user's own VLAN (RFC 3580 3.31): three attributes, one number."""
    names = {"tunnel-type": ("vlan", "13"), "tunnel-medium-type": ("ieee-802", "6")}
    base = [(item.name.partition(":")[0].lower(), item) for item in reply]
    number = next(
        (_number(item.value) for name, item in base if name == "tunnel-private-group-id" and item.group is None), None
    )
    beside = {name for name, item in base if name in names and item.value.lower() in names[name]}
    if number is None or not 1 <= number <= 4094 or len(beside) != 2:
        return reply
    meaning.account["vlan_id"] = number
    return [item for name, item in base if name not in names and name != "tunnel-private-group-id"]


def _reply_item(meaning: Meaning, item: Item, rules: Rules) -> None:
    name = item.name.lower()
    if name in _LIMITS and _limit(meaning, item, *_LIMITS[name]):
        return
    if name in _POOLS and item.value.strip():
        meaning.package[_POOLS[name]] = item.value.strip()
        return
    if name == "cisco-avpair" and item.value.startswith("ip:addr-pool="):
        meaning.package["ipv4_pool"] = item.value.partition("=")[2]
        return
    if item.group is None and name in _STATIC and _static(meaning, item, *_STATIC[name]):
        return
    try:
        attribute.check(rules.dictionary, item.name, item.op, item.value)
    except attribute.InvalidAttribute as exc:
        meaning.remark("lost", item.name, str(exc).replace(repr(item.value), "it"), item.value)
        return
    meaning.reply.append((item.name, item.op, item.value, item.group is None))


def _limit(meaning: Meaning, item: Item, column: str, low: int, high: int) -> bool:
    number = _number(item.value)
    if number is None or not low <= number <= high:
        meaning.remark("lost", item.name, f"it is not {low} to {high} seconds", item.value)
        return True
    meaning.package[column] = number
    return True


def _static(meaning: Meaning, item: Item, column: str, read: Callable[[str], Any]) -> bool:
    """Take a static address where it is one; else the attribute stays as it is (255.255.255.254: any, RFC 2865 5.8)."""
    if item.value.startswith("255.255.255.25") and column == "ipv4_address":
        return False
    try:
        value = read(item.value.strip())
    except BadInput:
        return False
    if column == "routes":
        meaning.account.setdefault("routes", []).append(value)
    elif column in meaning.account:
        return False
    else:
        meaning.account[column] = value
    return True


_LIMITS = {
    "session-timeout": ("session_seconds", 60, 31_536_000),
    "idle-timeout": ("idle_seconds", 60, 31_536_000),
    "acct-interim-interval": ("interim_seconds", 60, 86_400),
}
_POOLS = {
    "framed-pool": "ipv4_pool",
    "framed-ipv6-pool": "ipv6_pool",
    "delegated-ipv6-prefix-pool": "delegated_ipv6_pool",
    "mikrotik-delegated-ipv6-pool": "delegated_ipv6_pool",
}
_STATIC: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "framed-ip-address": ("ipv4_address", addresses.ipv4),
    "framed-ip-netmask": ("ipv4_netmask", addresses.netmask),
    "framed-ipv6-prefix": ("ipv6_prefix", addresses.ipv6_prefix),
    "delegated-ipv6-prefix": ("delegated_ipv6_prefix", addresses.ipv6_prefix),
    "framed-route": ("routes", addresses.route),
}
