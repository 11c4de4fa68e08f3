"""What only one account can have is refused to another, by the name of who has it."""

ANN = "account ann of customer ANN001"


def test_static_addresses_are_not_doubled(operator):
    """The same one, one inside of another's prefix or route, and one around another's: each names who has it."""
    operator.do(
        *("account", "edit", "ann", "--ipv4", "192.0.2.10", "--ipv6-prefix", "2001:db8:1::/64", "--vlan", "100"),
        *("--delegated-ipv6-prefix", "2001:db8:100::/48", "--route", "198.51.100.0/24 192.0.2.10"),
    )
    refused = {
        ("--ipv4", "192.0.2.10"): f"address 192.0.2.10 belongs to {ANN}",
        ("--ipv4", "198.51.100.7"): f"address 198.51.100.7 overlaps 198.51.100.0/24 of {ANN}",
        ("--route", "198.51.100.0/24"): f"route 198.51.100.0/24 belongs to {ANN}",
        ("--route", "198.51.100.8/29"): f"route 198.51.100.8/29 overlaps 198.51.100.0/24 of {ANN}",
        ("--route", "192.0.2.8/29"): f"route 192.0.2.8/29 overlaps 192.0.2.10 of {ANN}",
        ("--ipv6-prefix", "2001:db8:100:7::/64"): f"prefix 2001:db8:100:7::/64 overlaps 2001:db8:100::/48 of {ANN}",
        ("--delegated-ipv6-prefix", "2001:db8::/44"): f"prefix 2001:db8::/44 overlaps 2001:db8:1::/64 of {ANN}",
        ("--vlan", "100"): f"VLAN 100 belongs to {ANN}",
    }
    assert {option: operator.refused("account", "edit", "frikkie", *option) for option in refused} == refused
    new = ("account", "add", "new", "--customer", "FRI001", "--package", "Free", "--no-password")
    assert operator.refused(*new, "--ipv4", "192.0.2.10") == f"address 192.0.2.10 belongs to {ANN}"
    assert operator.refused(*new, "--vlan", "100") == f"VLAN 100 belongs to {ANN}"
    operator.do("account", "edit", "frikkie", "--ipv4", "192.0.2.11", "--route", "198.51.101.0/24")
    operator.do("account", "edit", "ann", "--ipv4", "192.0.2.10", "--delegated-ipv6-prefix", "2001:db8:100::/44")
    operator.do("account", "cancel", "ann")
    assert operator.refused(*new, "--ipv4", "192.0.2.10") == f"address 192.0.2.10 belongs to cancelled {ANN}"


def test_a_vlan_is_of_its_routers(operator):
    """On other routers the same VLAN is another one; who shares one says so; a customer's own accounts may."""
    operator.do("account", "edit", "ann", "--vlan", "100", "--nas", "edge1")
    assert operator.refused("account", "edit", "frikkie", "--vlan", "100", "--nas", "edge1")
    operator.do("account", "edit", "frikkie", "--vlan", "100", "--nas", "edge2")
    assert operator.refused("account", "edit", "frikkie", "--any-nas") == f"VLAN 100 belongs to {ANN}"
    operator.do("account", "edit", "frikkie", "--any-nas", "--shared-vlan")
    new = ("account", "add", "office", "--customer", "ANN001", "--package", "Free", "--no-password", "--nas", "edge1")
    operator.do("account", "edit", "frikkie", "--vlan", "none")
    operator.do(*new, "--vlan", "100")


def test_who_may_not_see_the_holder_is_not_told(operator, login):
    """Another reseller's customer is not named, and the address is refused all the same."""
    operator.do("account", "edit", "frikkie", "--ipv4", "192.0.2.10")
    nora = login("static_nora", "reseller")
    refusal = "address 192.0.2.10 belongs to an account that is not yours to see"
    assert nora.refused("account", "edit", "ann", "--ipv4", "192.0.2.10") == refusal
