"""How many short messages a text goes out as, which is what is paid for (3GPP TS 23.038 6.2, TS 23.040). Pure.

160 characters of the default alphabet fit one, 153 each where there are more; with any other character 70, and 67.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes the room of two


def count(text: str) -> int:
    """Return how many short messages a text is."""
    if _BASIC.issuperset(set(text) - _EXTENDED):
        return _parts([2 if one in _EXTENDED else 1 for one in text], alone=160, joined=153)
    return _parts([len(one.encode("utf-16-be")) // 2 for one in text], alone=70, joined=67)


def _parts(widths: list[int], *, alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, joined
    for width in widths:  # no character is torn in two
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts
