"""What operators type, as numbers in the units of schema.sql, and back: rates, octets, money, time.

Everything here is pure; `now` is an argument. A value that cannot be read raises `BadInput`.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from policies import mac
from provisioning.errors import BadInput

_RATE_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_OCTET_UNITS = {"": 1, "b": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("kmgtp", start=1)
    for ending, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}
_STEPS = ("", "k", "M", "G", "T", "P", "E")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BIGGEST = 2**63 - 1  # bigint
_NUMBER = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,12})?)[ ]?([a-z]{0,3})", re.ASCII | re.IGNORECASE)
_RELATIVE = re.compile(r"\+([0-9]{1,9})([smhdw])", re.ASCII)
_LONGEST_MAC = len("aa:bb:cc:dd:ee:ff")  # a Calling-Station-Id may go on behind it, an operator may not
_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?%?", re.ASCII)
_MONEY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,2})?", re.ASCII)

# PostgreSQL and Python both hold these, in every time zone, and no provider needs others
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2199, 12, 31, tzinfo=UTC)


def _scaled(text: str, units: dict[str, int], what: str, hint: str) -> int:
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise BadInput(f"{text!r} is not {what}", hint)
    exact = Decimal(match[1]) * units[match[2].lower()]
    if exact != int(exact) or not 0 < exact <= _BIGGEST:
        raise BadInput(f"{text!r} is not {what} that can be kept", hint)
    return int(exact)


def parse_bps(text: str) -> int:
    """Return bit/s from `10M`, `512k`, `1.5G` (decimal) or plain bit/s."""
    return _scaled(text, _RATE_UNITS, "a rate", "Write it as 10M, 512k, 1.5G, or in bit/s.")


def parse_octets(text: str) -> int:
    """Return octets from `100GB`, `1TB` (decimal), `5GiB` (binary) or plain octets."""
    return _scaled(text, _OCTET_UNITS, "an amount of data", "Write it as 100GB, 1TB, 5GiB, or in octets.")


def format_bps(bps: int) -> str:
    """Return the shortest exact writing of a rate that `parse_bps` reads back."""
    for letter, unit in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if bps >= unit and bps * 1000 % unit == 0:
            return f"{Decimal(bps) / unit:f}{letter}"
    return str(bps)


def format_octets(octets: int) -> str:
    """Return the shortest exact writing of an amount of data that `parse_octets` reads back."""
    for letter, power in (("T", 4), ("G", 3), ("M", 2), ("k", 1)):
        for ending, unit in (("B", 1000**power), ("iB", 1024**power)):
            if octets >= unit and octets * 10 % unit == 0:
                return f"{Decimal(octets) / unit:f}{letter}{ending}"
    return str(octets)


def round_octets(octets: int) -> str:
    """Return `14.3 GB` (decimal, three figures), for what was counted."""
    return rounded(octets, "B")


def rounded(number: float, unit: str) -> str:
    """Return a number in three figures with a decimal prefix and its unit."""
    scaled, step = float(number), 0
    while abs(scaled) >= 999.5 and step < len(_STEPS) - 1:
        scaled, step = scaled / 1000, step + 1
    decimals = 0 if step == 0 else max(0, 2 - len(str(int(abs(scaled)))) + 1)
    return f"{scaled:.{decimals}f} {_STEPS[step]}{unit}"


def parse_cents(text: str) -> int:
    """Return cents from an amount of money such as `499` or `499.50`."""
    if _MONEY.fullmatch(text) is None:
        raise BadInput(f"{text!r} is not an amount of money", "Write it as 499 or 499.50.")
    return int(Decimal(text) * 100)


def parse_balance(text: str) -> int:
    """Return cents owed from `499`; below zero, `-100`, of who has paid ahead."""
    return -parse_cents(text[1:]) if text.startswith("-") else parse_cents(text)


def parse_percent(text: str) -> Decimal:
    """Return a part of a hundred such as `7.5` or `7.5%`."""
    if _PERCENT.fullmatch(text) is None:
        raise BadInput(f"{text!r} is no part of a hundred", "Write it as 7.5.")
    return Decimal(text.rstrip("%"))


def format_cents(cents: int) -> str:
    """Return an amount of money with its two decimals."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def parse_seconds(text: str) -> int:
    """Return seconds from `90`, `15m`, `2h`, `1d`."""
    match = re.fullmatch(r"([0-9]{1,9})([smhdw]?)", text, re.ASCII)
    if match is None:
        raise BadInput(f"{text!r} is not a duration", "Write it as 90, 15m, 2h or 1d.")
    return int(match[1]) * _SECONDS[match[2] or "s"]


def parse_time(text: str, now: datetime) -> datetime | date:
    """Return a moment from `now`, `+3d`, ISO 8601 with a zone; or a bare date, whose zone the caller knows."""
    if text == "now":
        return now.replace(microsecond=0)
    if relative := _RELATIVE.fullmatch(text):
        return _within(text, now.timestamp() + int(relative[1]) * _SECONDS[relative[2]])
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return _date_within(text)
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise _no_time(text) from exc
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} has no time zone", "End it with Z, or with an offset such as +02:00.")
    return _within(text, (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))


def _no_time(text: str) -> BadInput:
    return BadInput(f"{text!r} is not a time", "Write 2027-01-31T18:00:00+02:00, 2027-01-31, now, or +3d.")


def _within(text: str, epoch: float) -> datetime:
    if not EARLIEST.timestamp() <= epoch <= LATEST.timestamp():
        raise BadInput(f"{text!r} is not between 1970 and 2199", "Check the year.")
    return datetime.fromtimestamp(int(epoch), UTC)


def _date_within(text: str) -> date:
    day = date.fromisoformat(text)
    _within(text, datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return day


def parse_day(text: str) -> date:
    """Return a day from `2027-01-31`."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return _date_within(text)
    except ValueError as exc:
        raise _no_day(text) from exc
    raise _no_day(text)


def _no_day(text: str) -> BadInput:
    return BadInput(f"{text!r} is not a day", "Write it as 2027-01-31.")


def parse_mac(text: str) -> str:
    """Return a MAC as `aa:bb:cc:dd:ee:ff` from any of the ways in which vendors write one."""
    normal = mac.normalise(text) if len(text) <= _LONGEST_MAC else None
    if normal is None:
        raise BadInput(f"{text!r} is not a MAC address", "Write it as aa:bb:cc:dd:ee:ff or AA-BB-CC-DD-EE-FF.")
    return normal
