"""IP addresses, netmasks, prefixes and routes as operators type them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import addresses
from provisioning.errors import BadInput


@pytest.mark.parametrize(
    ("read", "text", "usual"),
    [
        (addresses.host, "192.0.2.1", "192.0.2.1"),
        (addresses.host, "2001:DB8:0::1", "2001:db8::1"),
        (addresses.ipv4, "192.0.2.10", "192.0.2.10"),
        (addresses.netmask, "255.255.255.255", "255.255.255.255"),
        (addresses.netmask, "255.255.255.248", "255.255.255.248"),
        (addresses.ipv6_prefix, "2001:db8:1:0::/64", "2001:db8:1::/64"),
        (addresses.route, "198.51.100.0/24", "198.51.100.0/24"),
        (addresses.route, "198.51.100.0/24  192.0.2.1 1", "198.51.100.0/24 192.0.2.1 1"),
    ],
)
def test_usual_writing(read, text, usual):
    """What is typed comes out in its usual writing."""
    assert read(text) == usual


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (addresses.host, "192.0.2.0/24"),
        (addresses.host, "224.0.0.1"),
        (addresses.host, "0.0.0.0"),
        (addresses.host, "fe80::1%eth0"),
        (addresses.host, "router.example"),
        (addresses.ipv4, "2001:db8::1"),
        (addresses.netmask, "255.0.255.0"),
        (addresses.netmask, "0.0.0.255"),
        (addresses.netmask, "0.0.0.0"),
        (addresses.netmask, "24"),
        (addresses.ipv6_prefix, "2001:db8::1/64"),
        (addresses.ipv6_prefix, "2001:db8::"),
        (addresses.ipv6_prefix, "192.0.2.0/24"),
        (addresses.route, "198.51.100.1/24"),
        (addresses.route, "198.51.100.0/24 router"),
        (addresses.route, "198.51.100.0/24 192.0.2.1 1 2 3 4 5 6"),
        (addresses.route, "198.51.100.0/24 192.0.2.1 -1"),
        (addresses.route, ""),
    ],
)
def test_refused(read, text):
    """Networks for hosts, hosts for networks, names, host masks and other things are refused."""
    with pytest.raises(BadInput):
        read(text)


@pytest.mark.parametrize(
    "read", [addresses.host, addresses.ipv4, addresses.netmask, addresses.ipv6_prefix, addresses.route]
)
@given(text=st.text() | st.from_regex(r"[0-9a-f.:/% ]{1,40}", fullmatch=True))
def test_anything_typed_is_read_or_refused(read, text):
    """Whatever is typed, nothing but a refusal is raised."""
    with suppress(BadInput):
        read(text)
