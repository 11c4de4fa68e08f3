"""How many short messages a text is."""

import pytest

from provisioning.messages import sms_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("a" * 152 + "€" * 77, 3),  # no sign is torn in two: 152, 76 x 2, 2
        ("ô" * 70, 1),  # no letter of the default alphabet
        ("ô" * 71, 2),
        ("🛰" * 35, 1),  # two places each
        ("🛰" * 36, 2),
        ("ô" + "🛰" * 67, 3),
    ],
)
def test_parts(text, parts):
    """160 or 153 places of the default alphabet, 70 or 67 of UCS-2."""
    assert sms_parts.count(text) == parts
