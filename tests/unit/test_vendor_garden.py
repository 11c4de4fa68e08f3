"""What each vendor's routers are told of a walled garden and of pools."""

import pytest

from policies.facts import Pair
from policies.speed import Garden, Unexpressible
from policies.vendors import VENDORS

URL = "https://portal.example.net/pay"
EVERYTHING = Garden(pool="walled", profile="unpaid", redirect_url=URL)


def _set(**values: str) -> tuple[Pair, ...]:
    return tuple(Pair(name.replace("_", "-"), ":=", value) for name, value in values.items())


FILTER = _set(Framed_Pool="walled", Filter_Id="unpaid")

GARDENS = {
    "mikrotik": _set(Framed_Pool="walled", Mikrotik_Address_List="unpaid"),
    "cisco": (Pair("Cisco-AVPair", "+=", "ip:addr-pool=walled"),),
    "huawei": _set(Framed_Pool="walled", Huawei_Domain_Name="unpaid", Huawei_HTTP_Redirect_URL=URL),
    "juniper": FILTER,
    "nokia": _set(Framed_Pool="walled", Alc_Onetime_Http_Redirection_Filter_Id="unpaid"),
    "ericsson": _set(Framed_Pool="walled", HTTP_Redirect_Profile_Name="unpaid", HTTP_Redirect_URL=URL),
    "zte": FILTER,
    "wispr": _set(Framed_Pool="walled", Filter_Id="unpaid", WISPr_Redirection_URL=URL),
    "ubiquiti": FILTER,
    "cambium": FILTER,
    "canopy": FILTER,
    "chillispot": FILTER,
    "accel_ppp": (Pair("Framed-Pool", ":=", "walled"), Pair("Filter-Id", "+=", "unpaid")),
    "rtbrick": _set(Framed_Pool="walled", Filter_Id="unpaid", RtBrick_HTTP_Redirect_URL=URL),
    "generic": FILTER,
}

HAVE_A_PAGE = {
    "huawei": "Huawei-HTTP-Redirect-URL",
    "ericsson": "HTTP-Redirect-URL",
    "wispr": "WISPr-Redirection-URL",
    "rtbrick": "RtBrick-HTTP-Redirect-URL",
}

OWN_IPV6_POOLS = {
    "juniper": "ERX-IPv6-NdRa-Pool-Name",
    "nokia": "Alc-SLAAC-IPv6-Pool",
}

OWN_DELEGATED_POOLS = {
    "mikrotik": "Mikrotik-Delegated-IPv6-Pool",
    "huawei": "Huawei-Delegated-IPv6-Prefix-Pool",
    "juniper": "ERX-IPv6-Delegated-Pool-Name",
    "nokia": "Alc-Delegated-IPv6-Pool",
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_garden(vendor: str) -> None:
    """Of a garden with everything, each vendor is told all that it has an attribute for."""
    assert GARDENS[vendor] == VENDORS[vendor].garden(EVERYTHING)


@pytest.mark.parametrize("vendor", VENDORS)
def test_garden_of_a_pool(vendor: str) -> None:
    """A pool alone is a wall on every vendor's routers."""
    assert GARDENS[vendor][:1] == VENDORS[vendor].garden(Garden(pool="walled"))


@pytest.mark.parametrize("vendor", [name for name in VENDORS if name != "cisco"])
def test_garden_of_a_profile(vendor: str) -> None:
    """A profile alone is a wall where the vendor has an attribute for it."""
    assert GARDENS[vendor][1:2] == VENDORS[vendor].garden(Garden(profile="unpaid"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_garden_of_a_page(vendor: str) -> None:
    """A page alone is a wall on some vendors' routers; on the others it would be free access and is refused."""
    walls = Garden(redirect_url=URL)
    if vendor in HAVE_A_PAGE:
        assert (Pair(HAVE_A_PAGE[vendor], ":=", URL),) == VENDORS[vendor].garden(walls)
    else:
        with pytest.raises(Unexpressible, match="without walls"):
            VENDORS[vendor].garden(walls)


@pytest.mark.parametrize(
    ("vendor", "walls", "message"),
    [
        *((vendor, Garden(), "without walls") for vendor in VENDORS),
        ("mikrotik", Garden(redirect_url=URL), "it needs a pool or a profile$"),
        ("wispr", Garden(), "it needs a pool or a profile or a redirect URL$"),
        ("cisco", Garden(profile="unpaid"), "it needs a pool$"),
        ("cisco", Garden(pool=""), "an empty name"),
        ("mikrotik", Garden(pool="walled", profile=""), "printable"),
        ("accel_ppp", Garden(profile="10/x"), "use a word"),
        ("accel_ppp", Garden(profile="k"), "use a word"),
        ("accel_ppp", Garden(profile="k/m"), "use a word"),
        ("accel_ppp", Garden(profile="rate-limit output 1 1 1"), "use a word"),
    ],
)
def test_garden_without_walls(vendor: str, walls: Garden, message: str) -> None:
    """A garden that the vendor's attributes cannot say is refused, and the message says what it needs."""
    with pytest.raises(Unexpressible, match=message):
        VENDORS[vendor].garden(walls)


@pytest.mark.parametrize("vendor", VENDORS)
def test_ipv4_pool(vendor: str) -> None:
    """A pool of IPv4 addresses is Framed-Pool, Cisco's an AVPair."""
    cisco = (Pair("Cisco-AVPair", "+=", "ip:addr-pool=homes"),)
    expected = cisco if vendor == "cisco" else _set(Framed_Pool="homes")
    assert expected == VENDORS[vendor].ipv4_pool("homes")


@pytest.mark.parametrize("vendor", VENDORS)
def test_ipv6_pool(vendor: str) -> None:
    """A pool of IPv6 prefixes for the line is the vendor's own attribute where it has one."""
    name = OWN_IPV6_POOLS.get(vendor, "Framed-IPv6-Pool")
    assert (Pair(name, ":=", "lines"),) == VENDORS[vendor].ipv6_pool("lines")


@pytest.mark.parametrize("vendor", VENDORS)
def test_delegated_ipv6_pool(vendor: str) -> None:
    """A pool of IPv6 prefixes to delegate is the vendor's own attribute where it has one."""
    name = OWN_DELEGATED_POOLS.get(vendor, "Delegated-IPv6-Prefix-Pool")
    assert (Pair(name, ":=", "homes"),) == VENDORS[vendor].delegated_ipv6_pool("homes")
