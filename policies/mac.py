"""MAC addresses in the notations that routers use: 02:00:..., 02-00-..., 0200.0000.0001, 020000000001."""


def normalise(text: str | None) -> str | None:
    """Return `aa:bb:cc:dd:ee:ff`, or None where the text is no MAC address (a telephone number, an IP address).

    A longer Calling-Station-Id that begins with a MAC (`02-00-00-00-00-01:ssid`) is one too (RFC 3580 3.21).
    """
    if text is None:
        return None
    digits = text[:17].replace(":", "").replace("-", "")
    if len(digits) != 12:
        if text.count(".", 0, 17) == 3:  # 192.168.100.200 has twelve digits too
            return None
        digits = digits.replace(".", "").replace(" ", "")
        if len(digits) != 12:
            return None
    try:
        octets = bytes.fromhex(digits)
    except ValueError:
        return None
    return octets.hex(":") if len(octets) == 6 else None  # less where white space is among the twelve
