"""The ways in which things are written: patterns, phone numbers, MACs, networks; and what a search takes them for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import mac
from provisioning import networks, search, writings
from provisioning.errors import BadInput


def matches(pattern, text):
    """Return whether LIKE would find a pattern in a text: % is anything, _ one character, a backslash quotes."""
    parts = re.findall(r"\\.|%|_|.", pattern, re.DOTALL)
    signs = {"%": ".*", "_": "."}
    return re.fullmatch("".join(signs.get(part) or re.escape(part[-1]) for part in parts), text, re.DOTALL) is not None


@given(st.text(), st.text(), st.text(max_size=4))
def test_a_pattern_finds_what_contains_it_and_nothing_else(before, after, word):
    """Wildcards in what is typed are plain characters."""
    assert matches(writings.containing(word), before + word + after)
    assert matches(writings.containing(word), before) == (word in before)


@pytest.mark.parametrize("text", ["+27 82 555 1234", "0825551234", "082-555-1234", "(082) 555 1234", "0027825551234"])
def test_a_phone_number_is_the_same_in_any_writing(text):
    """With and without the country's prefix and the trunk's, with any signs between."""
    assert writings.phone_digits(text) == "825551234"


@given(st.integers(0, 2**48 - 1))
def test_every_way_to_write_a_mac_is_read_back(number):
    """What routers may have written is what the same MAC is read from, and all of it is asked for."""
    own = ":".join(re.findall("..", f"{number:012x}"))
    ways = writings.mac_ways(own)
    assert {mac.normalise(way) for way in ways} == {own}
    values = networks.mac_values(own)
    assert {value for key, value in values.items() if key.startswith("station")} == set(ways)


@given(st.text(min_size=1), st.text())
def test_what_begins_so_lies_between_the_prefix_and_its_end(prefix, rest):
    """By octets, which is how a text_pattern_ops index sorts."""
    try:
        end = writings.end_of_prefix(prefix).encode()
        begin, text = prefix.encode(), (prefix + rest).encode()
    except (UnicodeEncodeError, ValueError):
        return  # no text that PostgreSQL holds
    assert begin <= text < end


def test_networks_around_an_address():
    """An address is in a network of each length; of IPv6 from a /16 on."""
    assert writings.networks_around("192.0.2.9")[-3:] == ["192.0.2.8/30", "192.0.2.8/31", "192.0.2.9/32"]
    around = writings.networks_around("2001:db8:1:2ff::1")
    assert (around[0], len(around)) == ("2001::/16", 113)
    assert "2001:db8:1:200::/56" in around
    assert writings.networks_around("2001:db8:1::/48")[-1] == "2001:db8:1::/48"
    assert writings.networks_around("::/0") == ["::/0"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("00-00-5E-00-53-01", {"mac", "token"}),
        ("00005e005301", {"mac", "token"}),
        ("000000530100", {"mac", "digits", "number", "token"}),
        ("192.0.2.1", {"ip", "digits", "token"}),
        ("2001:db8::/32", {"ip", "token"}),
        ("+27 82 555 1234", {"digits"}),
        ("4711", {"digits", "number", "token"}),
        ("7", {"number"}),
        ("frikkie@example", set()),
        ("Frikkie Visser", set()),
        ("8A00F1", {"token"}),
    ],
)
def test_what_something_can_be_is_told_by_its_form(typed, meant):
    """Only what fits the form is looked for."""
    asked = search.read(typed)
    assert {key for key, value in asked._asdict().items() if value is not None} - {"text"} == meant


@given(st.text())
def test_anything_can_be_looked_for(typed):
    """Whatever is typed is understood, or refused as nothing to look for."""
    if 0 < len(" ".join(typed.split())) <= 200:
        assert search.read(typed).text == " ".join(typed.split())
        return
    with pytest.raises(BadInput, match="there is nothing to look for"):
        search.read(typed)
