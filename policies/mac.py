"""MAC addresses in the notations that routers use: 02:00:..., 02-00-..., 0200.0000.0001, 020000000001."""

_SEPARATORS = str.maketrans("", "", ":-. ")
_HEX_DIGITS = frozenset("0123456789abcdef")


def normalise(text: str | None) -> str | None:
    """Return `aa:bb:cc:dd:ee:ff`, or None where the text is no MAC address (a telephone number, an IP address).

    A longer Calling-Station-Id that begins with a MAC (`02-00-00-00-00-01:ssid`) is one too (RFC 3580 3.21).
    """
    if text is None:
        return None
    digits = text[:17].translate(_SEPARATORS).lower()
    if len(digits) != 12 or not _HEX_DIGITS.issuperset(digits):
        return None
    if text.count(".", 0, 17) == 3:  # 192.168.100.200 has twelve digits too
        return None
    return ":".join((digits[0:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12]))
