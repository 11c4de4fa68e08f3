"""The state in memory: what is looked up for a request."""

from dataclasses import replace

import pytest

from policies.facts import Customer, Device, Facts, Group, Nas, OpenSession, Package
from policies.request import AccessRequest
from radiusd.state import State, place
from tests.unit.facts_factory import ACCOUNT, CUSTOMER, DEVICE, GROUP, NAS, NOW, PACKAGE, make_facts

ROWS = (("group", GROUP), ("package", PACKAGE), ("nas", NAS), ("customer", CUSTOMER), ("account", ACCOUNT))
ASKED = AccessRequest("nemo", NAS.address, DEVICE.mac, "ether1")


def make_state(*more: tuple[str, object]) -> State:
    """Return the state of one paying customer, and more rows."""
    state = State()
    for relation, row in (*ROWS, *more):
        state.put(relation, row)
    return state


def no_others(user_name: str, now: float) -> list[str]:
    """Find no reservation of anybody's."""
    return []


def look_up(state: State, asked: AccessRequest = ASKED, now: float = NOW) -> Facts:
    """Return facts, which have to be there."""
    facts = state.facts(asked, now, no_others)
    assert facts is not None
    return facts


def test_the_facts_are_the_rows() -> None:
    """The very rows, found by user name, ids and source address."""
    facts = look_up(make_state())
    assert facts == make_facts()
    assert facts.account is ACCOUNT


def test_nobody_of_this_name_is_none() -> None:
    """An unknown user is no error; letters count."""
    state = make_state()
    assert state.facts(AccessRequest("Nemo", NAS.address), NOW, no_others) is None


def test_an_unknown_nas_is_none() -> None:
    """The router is known by where it sends from, whatever it says."""
    asked = ASKED._replace(source_address="192.0.2.99")
    assert look_up(make_state(), asked).nas is None


@pytest.mark.parametrize("station", ["02-00-00-00-00-01", "0200.0000.0001", "02:00:00:00:00:01:ssid", DEVICE.mac])
def test_the_device_is_found_in_any_notation(station: str) -> None:
    """However the router writes the MAC."""
    asked = ASKED._replace(calling_station_id=station)
    facts = look_up(make_state(("device", DEVICE)), asked)
    assert facts.device is DEVICE
    assert not facts.by_mac


@pytest.mark.parametrize("station", [None, "", "02:00:00:00:00:02", "nemo"])
def test_another_device_is_none(station: str | None) -> None:
    """What is not registered is not found."""
    asked = ASKED._replace(calling_station_id=station)
    assert look_up(make_state(("device", DEVICE)), asked).device is None


# ------------------------------------------------------------------------------------- MAC authentication

BY_MAC = replace(DEVICE, mac_auth=True)
MAC_ASKED = AccessRequest("02-00-00-00-00-01", NAS.address, "0200.0000.0001")


def test_a_mac_stands_for_name_and_password() -> None:
    """User-Name and Calling-Station-Id are the same registered device, which may do so."""
    facts = look_up(make_state(("device", BY_MAC)), MAC_ASKED)
    assert facts.account is ACCOUNT
    assert facts.device is BY_MAC
    assert facts.by_mac


@pytest.mark.parametrize(
    ("user_name", "station", "device"),
    [
        ("02:00:00:00:00:01", "02:00:00:00:00:01", DEVICE),  # may not
        ("02:00:00:00:00:01", None, BY_MAC),  # says no device
        ("02:00:00:00:00:01", "02:00:00:00:00:02", BY_MAC),  # is another device
        ("02:00:00:00:00:02", "02:00:00:00:00:01", BY_MAC),  # says another name
        ("02:00:00:00:00:01:x", "02:00:00:00:00:02", BY_MAC),
        ("ned", "02:00:00:00:00:01", BY_MAC),
        ("", "02:00:00:00:00:01", BY_MAC),
    ],
)
def test_a_mac_alone_is_not_enough(user_name: str, station: str | None, device: Device) -> None:
    """A name that is a MAC, a device that is not that MAC, a device without leave: unknown user."""
    asked = AccessRequest(user_name, NAS.address, station)
    assert make_state(("device", device)).facts(asked, NOW, no_others) is None


def test_an_account_named_like_a_mac_is_an_account() -> None:
    """It has a password, and that is asked for."""
    account = replace(ACCOUNT, user_name="02:00:00:00:00:01")
    state = make_state(("account", account), ("device", BY_MAC))
    facts = look_up(state, AccessRequest("02:00:00:00:00:01", NAS.address, "02:00:00:00:00:01"))
    assert facts.account is account
    assert not facts.by_mac


def test_sessions_are_counted_by_the_account_not_the_name_it_was_asked_by() -> None:
    """A device that comes by MAC and one that comes by password share the account's slots."""
    asked_about: list[tuple[str, float]] = []

    def others(user_name: str, now: float) -> list[str]:
        asked_about.append((user_name, now))
        return ["here", "there", place(MAC_ASKED)]

    state = make_state(("device", BY_MAC), ("package", replace(PACKAGE, sessions_allowed=1)))
    facts = state.facts(MAC_ASKED, NOW, others)
    assert facts is not None
    assert facts.other_sessions == 2
    assert asked_about == [("nemo", NOW)]


def test_without_a_limit_nothing_is_counted() -> None:
    """Any number of sessions costs no look-up."""

    def others(user_name: str, now: float) -> list[str]:
        raise AssertionError("nobody asked")

    facts = make_state().facts(ASKED, NOW, others)
    assert facts is not None
    assert facts.other_sessions == 0


def test_the_accounts_own_limit_is_counted() -> None:
    """A limit of the account makes its sessions count, whatever the package says."""
    account = make_facts(extras={"sessions_allowed": 1}).account
    facts = make_state(("account", account)).facts(ASKED, NOW, lambda *_: ["one", "two", "three"])
    assert facts is not None
    assert facts.other_sessions == 3


def test_open_sessions_and_reservations_are_counted_once() -> None:
    """What is both open and reserved is one session; the place that asks again is not counted; a closed one is gone."""
    state = make_state(("package", replace(PACKAGE, sessions_allowed=9)))
    for number, where in enumerate(["one", "two", "two", place(ASKED)]):
        state.put("session", OpenSession(number, "nemo", where))
    state.put("session", OpenSession(9, "ned", "elsewhere"))

    def others() -> int:
        facts = state.facts(ASKED, NOW, lambda *_: ["two", "three", place(ASKED)])
        assert facts is not None
        return facts.other_sessions

    assert others() == 3
    for gone in ("0", "1", "77"):
        state.remove("session", gone)
    assert others() == 2
    for gone in ("2", "3"):
        state.remove("session", gone)
    assert others() == 2
    assert set(state.sessions_of) == {"ned"}


# ---------------------------------------------------------------------------------------- package changes


@pytest.mark.parametrize(
    ("now", "name"),
    [(NOW - 1, "50/10"), (NOW - 0.001, "50/10"), (NOW, "two"), (NOW + 9.9, "two"), (NOW + 10, "three")],
)
def test_a_package_change_is_obeyed_from_its_second_on(now: float, name: str) -> None:
    """Each change whose time has come, the latest of them, before the scheduler has written it."""
    account = make_facts(extras={"package_changes": ((NOW, 2), (NOW + 10, 3))}).account
    state = make_state(
        ("account", account), ("package", Package(2, "two")), ("package", Package(3, "three", sessions_allowed=2))
    )
    assert look_up(state, now=now).package.name == name


def test_the_limit_of_the_changed_package_counts() -> None:
    """From its second on, sessions are counted against the new package."""
    account = make_facts(extras={"package_changes": ((NOW, 2),)}).account
    state = make_state(("account", account), ("package", Package(2, "two", sessions_allowed=1)))
    before, after = (state.facts(ASKED, now, lambda *_: ["elsewhere"]) for now in (NOW - 1, NOW))
    assert before is not None
    assert after is not None
    assert (before.other_sessions, after.other_sessions) == (0, 1)


# ------------------------------------------------------------------------------------------------ parents


def test_parents_cover_their_sub_accounts() -> None:
    """The nearest first, up to the top."""
    child, parent, top = Customer(1, 1, parent_id=2), Customer(2, 1, parent_id=3), Customer(3, 1)
    state = make_state(("customer", child), ("customer", parent), ("customer", top))
    assert look_up(state).parents == (parent, top)


def test_who_does_not_inherit_is_covered_by_nobody() -> None:
    """Switched off for the customer itself, no parent counts."""
    child, parent = Customer(1, 1, parent_id=2, inherits_state=False), Customer(2, 1, disabled=True)
    assert look_up(make_state(("customer", child), ("customer", parent))).parents == ()


def test_a_parent_that_does_not_inherit_ends_the_chain() -> None:
    """Its own state covers the child; its parents' do not."""
    child, parent = Customer(1, 1, parent_id=2), Customer(2, 1, parent_id=3, inherits_state=False)
    state = make_state(("customer", child), ("customer", parent), ("customer", Customer(3, 1)))
    assert look_up(state).parents == (parent,)


def test_the_group_is_the_customers_own() -> None:
    """A parent's group has no say."""
    child, parent = Customer(1, 1, parent_id=2), Customer(2, 2)
    state = make_state(("customer", child), ("customer", parent), ("group", Group(2, "other", enabled=False)))
    assert look_up(state).group is GROUP


# ------------------------------------------------------------------------------------------ put and remove


@pytest.mark.parametrize(("relation", "key"), [("customer", "1"), ("group", "1"), ("package", "1")])
def test_a_row_that_refers_to_nothing_is_a_broken_state(relation: str, key: str) -> None:
    """It is never decided upon by guess."""
    state = make_state()
    state.remove(relation, key)
    with pytest.raises(KeyError):
        look_up(state)


@pytest.mark.parametrize(
    ("relation", "key", "row"),
    [("account", "nemo", ACCOUNT), ("device", DEVICE.mac, DEVICE), ("nas", "1", NAS), ("group", "1", GROUP)],
)
def test_what_was_put_can_be_removed_and_twice_is_once(relation: str, key: str, row: object) -> None:
    """A row that is gone is gone already; one that was put twice is there once."""
    state = State()
    before = state.counts()
    state.put(relation, row)
    state.put(relation, row)
    assert sum(state.counts().values()) == 1
    state.remove(relation, key)
    state.remove(relation, key)
    assert state.counts() == before
    assert state.nas_by_address == {}


def test_a_nas_that_moved_is_known_by_its_new_address_only() -> None:
    """The old address is a stranger's."""
    state = make_state()
    state.put("nas", replace(NAS, address="2001:db8::1"))
    assert set(state.nas_by_address) == {"2001:db8::1"}
    assert len(state.nas) == 1


def test_two_nas_may_change_places() -> None:
    """Each is found where it is now, in whichever order the rows come."""
    one, other = NAS, Nas(2, "bng-2", "192.0.2.2", "x")
    state = make_state(("nas", other))
    state.put("nas", replace(one, address=other.address))
    state.put("nas", replace(other, address=one.address))
    assert {address: nas.id for address, nas in state.nas_by_address.items()} == {"192.0.2.1": 2, "192.0.2.2": 1}


def test_removing_a_nas_leaves_its_successor_at_the_address() -> None:
    """The old router's row may be taken away after the new one's came."""
    state = make_state()
    state.put("nas", Nas(2, "bng-2", NAS.address, "x"))
    state.remove("nas", "1")
    assert state.nas_by_address[NAS.address].id == 2


def test_counts_are_of_rows() -> None:
    """One of each kind, no device."""
    assert make_state().counts() == {
        "accounts": 1,
        "customers": 1,
        "groups": 1,
        "packages": 1,
        "nas": 1,
        "devices": 0,
        "sessions": 0,
    }


# -------------------------------------------------------------------------------------------------- place


def test_a_session_sits_at_its_device_or_its_port() -> None:
    """Without a MAC it is the port of that router; the same port of another router is another place."""
    assert place(ASKED) == place(ASKED._replace(port="ether2", source_address="192.0.2.2"))
    by_port = ASKED._replace(calling_station_id=None)
    assert place(by_port) == place(by_port._replace(calling_station_id=""))
    assert len({place(by_port), place(by_port._replace(port="ether2")), place(ASKED)}) == 3
    assert place(by_port) != place(by_port._replace(source_address="192.0.2.2"))


def test_rows_are_what_they_are() -> None:
    """Nobody can change a row that a request may be reading; of the numerous ones only mypy keeps him."""
    with pytest.raises(AttributeError):
        PACKAGE.name = "Other"  # type: ignore[misc]
