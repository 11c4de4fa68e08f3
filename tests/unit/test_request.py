"""Reading an Access-Request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import request
from policies.request import AccessRequest, Malformed

names = st.sampled_from(
    [
        "User-Name",
        "Calling-Station-Id",
        "NAS-Port",
        "NAS-Port-Id",
        "Service-Type",
        "EAP-Message",
        "EAP-Type",
        "Framed-Protocol",
        "Tollkeeper-Source-Address",
        "Cisco-AVPair",
    ]
)
texts = st.text()


@given(st.lists(st.tuples(names | texts, texts)))
def test_no_input_raises(pairs: list[tuple[str, str]]) -> None:
    """Whatever the pairs, they are a request or malformed."""
    assert type(request.parse(tuple(pairs))) in (AccessRequest, Malformed)


def test_everything_that_decisions_are_made_from_is_read() -> None:
    """A PPPoE router's request with EAP is read in full."""
    pairs = (
        ("User-Name", "nemo"),
        ("Calling-Station-Id", "02-00-00-00-00-01"),
        ("NAS-Port-Id", "ether1"),
        ("NAS-Port", "7"),
        ("EAP-Message", "0x01"),
        ("EAP-Message", "0x02"),
        ("EAP-Type", "MD5"),
        ("Framed-Protocol", "PPP"),
        ("Tollkeeper-Source-Address", "192.0.2.1"),
    )
    assert request.parse(pairs) == AccessRequest(
        "nemo", "192.0.2.1", "02-00-00-00-00-01", "ether1", eap_type="MD5", is_ppp=True
    )


def test_the_least_request_is_a_user_name() -> None:
    """What is not said is None, and not known where it comes from."""
    assert request.parse((("User-Name", "nemo"),)) == AccessRequest("nemo", "")


def test_the_port_is_a_number_where_it_has_no_name() -> None:
    """NAS-Port stands in for a missing or empty NAS-Port-Id."""
    asked = request.parse((("User-Name", "nemo"), ("NAS-Port-Id", ""), ("NAS-Port", "7")))
    assert asked == AccessRequest("nemo", "", port="7")


def test_another_framed_protocol_is_not_ppp() -> None:
    """Only PPP is PPP."""
    asked = request.parse((("User-Name", "nemo"), ("Framed-Protocol", "SLIP")))
    assert isinstance(asked, AccessRequest)
    assert not asked.is_ppp


@pytest.mark.parametrize("pairs", [(), (("User-Name", ""),), (("user-name", "nemo"),)])
def test_without_a_user_name_a_request_is_malformed(pairs: tuple[tuple[str, str], ...]) -> None:
    """No name, an empty one, one in other letters: none."""
    assert request.parse(pairs) == Malformed("no User-Name")


@pytest.mark.parametrize("name", ["User-Name", "Calling-Station-Id", "NAS-Port", "NAS-Port-Id", "Service-Type"])
def test_what_may_stand_once_only_is_refused_twice(name: str) -> None:
    """One packet must not be two requests to two readers, even when both say the same (RFC 2865 5.44)."""
    pairs = (("User-Name", "nemo"), (name, "x"), (name, "x"))
    assert request.parse(pairs) == Malformed(f"{name} more than once")


def test_all_that_is_repeated_is_named() -> None:
    """The problem names each repeated attribute, in order of the alphabet."""
    pairs = (("User-Name", "a"), ("NAS-Port", "1"), ("NAS-Port", "2"), ("User-Name", "b"))
    assert request.parse(pairs) == Malformed("NAS-Port, User-Name more than once")


def test_what_may_stand_often_may() -> None:
    """Several Proxy-State or vendor pairs are no fault."""
    pairs = (("User-Name", "nemo"), ("Proxy-State", "0x01"), ("Proxy-State", "0x01"), ("Cisco-AVPair", "a"))
    assert request.parse(pairs) == AccessRequest("nemo", "")
