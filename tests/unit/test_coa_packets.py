"""What a CoA-Request says to each vendor's routers that can change a session, in octets written down from the manuals.

vendor's attribute   1a, length, vendor's number at IANA (4 octets), type, length, [tag], value
"""

from dataclasses import replace
from pathlib import Path

import pytest

from policies import dictionary, treatment
from policies.decide import decide
from policies.dictionary import Dictionary
from policies.facts import Facts
from policies.vendors import VENDORS
from policies.vendors.vendor import Pairs
from provisioning.enforcement import packet
from tests.fix_cluster import missing_server
from tests.unit.facts_factory import NAS, NOW, make_facts

ROOT = Path("/usr/share/freeradius/dictionary")
FAST = {"download_bps": 10_000_000_000, "upload_bps": 5_000_000_000}  # both above 2³² bit/s
PROFILES = dict.fromkeys(VENDORS, ("gold-down", "gold-up"))

# from 50/10 Mbit/s to 5/1 Mbit/s
GOLDEN = {
    "mikrotik": ["1a 0d 00003a8c 08 07 314d2f354d"],  # 1M/5M: upload first
    "huawei": [
        "1a 0c 000007db 02 06 000f4240",  # upload, CIR
        "1a 0c 000007db 03 06 000f4240",  # and PIR
        "1a 0c 000007db 05 06 004c4b40",  # download
        "1a 0c 000007db 06 06 004c4b40",
    ],
    "juniper": [
        "1a 14 0000130a 42 0e 7376632835306d2c31306d29",  # deactivate svc(50m,10m)
        "1a 13 0000130a 41 0d 01 73766328356d2c316d29",  # activate svc(5m,1m), tag 1
    ],
    "nokia": [
        "1a 16 0000197f 7e 10 693a713a313a7069723d31303030",  # i:q:1:pir=1000
        "1a 15 0000197f 7e 0f 653a723a726174653d35303030",  # e:r:rate=5000
    ],
    "ericsson": [
        "1a 0c 00000930 9c 06 31303030",  # inbound 1000
        "1a 0c 00000930 9d 06 35303030",  # outbound 5000
    ],
    "chillispot": [
        "1a 0c 000038df 04 06 000003e8",  # up 1000
        "1a 0c 000038df 05 06 00001388",  # down 5000
    ],
    "accel_ppp": ["0b 0b 353030302f31303030"],  # 5000/1000: download first
}
# to the profile gold, from silver
GOLDEN_PROFILES = {
    "cisco": [
        "1a 24 00000009 01 1e 69703a7375622d716f732d706f6c6963792d696e3d676f6c642d7570",  # ip:sub-qos-policy-in=gold-up
        # ip:sub-qos-policy-out=gold-down
        "1a 27 00000009 01 21 69703a7375622d716f732d706f6c6963792d6f75743d676f6c642d646f776e",
    ],
    "juniper": [
        "1a 0e 0000130a 42 08 73696c766572",  # deactivate silver
        "1a 12 0000130a 41 0c 01 676f6c642d646f776e",  # activate gold-down, tag 1
        "1a 10 0000130a 41 0a 02 676f6c642d7570",  # gold-up, tag 2
    ],
    "mikrotik": ["1a 11 00003a8c 03 0b 676f6c642d646f776e"],  # gold-down
    "huawei": ["1a 11 000007db 1f 0b 676f6c642d646f776e"],
    "nokia": ["1a 11 0000197f 0d 0b 676f6c642d646f776e"],
    "ericsson": ["1a 0f 00000930 57 09 676f6c642d7570", "1a 11 00000930 58 0b 676f6c642d646f776e"],
}


@pytest.fixture(scope="module")
def installed() -> Dictionary:
    """What this machine's FreeRADIUS knows."""
    if not ROOT.exists():
        missing_server("FreeRADIUS's dictionaries are not installed")
    return dictionary.parse(str(ROOT), lambda path: Path(path).read_text(errors="replace"))


def told(facts: Facts) -> Pairs:
    """Return what a login with these facts tells that matters live."""
    decision = decide(facts, NOW)
    pairs = treatment.reply.fixed(decision, facts, is_ppp=False)
    return treatment.live(pairs, treatment.reply.vendor_of(facts))


def changed(vendor: str, before: dict, after: dict) -> Pairs | None:
    """Return the CoA between two packages."""
    nas = replace(NAS, vendor=vendor)
    change = VENDORS[vendor].coa
    assert change is not None
    return change(told(make_facts(nas=nas, package=before)), told(make_facts(nas=nas, package=after)))


def octets(known: Dictionary, pairs: Pairs) -> list[bytes]:
    """Return the attributes of a CoA-Request in the order of the wire, without its signature."""
    attributes = packet.encoded(known, [(pair.name, pair.value) for pair in pairs])
    request = packet.request(packet.COA, attributes, identifier=7, secret=b"xyzzy5461xyzzy5461")
    rest, found = request.octets[20:], []
    while rest:
        found.append(rest[: rest[1]])
        rest = rest[rest[1] :]
    return [one for one in found if one[0] != 80]


@pytest.mark.parametrize("vendor", sorted(GOLDEN))
def test_a_speed_changes_live(installed: Dictionary, vendor: str) -> None:
    """Units, directions and tags are those of the login."""
    pairs = changed(vendor, {}, {"download_bps": 5_000_000, "upload_bps": 1_000_000})
    assert pairs is not None
    assert octets(installed, pairs) == [bytes.fromhex(one) for one in GOLDEN[vendor]]


@pytest.mark.parametrize("vendor", sorted(GOLDEN_PROFILES))
def test_a_profile_changes_live(installed: Dictionary, vendor: str) -> None:
    """Where speeds have names on the router, the name changes."""
    silver = {"profiles": {vendor: ("silver", "silver")}}
    pairs = changed(vendor, silver, {"profiles": PROFILES})
    assert pairs is not None
    assert octets(installed, pairs) == [bytes.fromhex(one) for one in GOLDEN_PROFILES[vendor]]


@pytest.mark.parametrize("vendor", ["mikrotik", "juniper", "nokia", "accel_ppp"])
def test_more_than_a_word_holds(installed: Dictionary, vendor: str) -> None:
    """Above 4,294,967,295 bit/s too."""
    pairs = changed(vendor, {}, FAST)
    assert pairs is not None
    said = " ".join(pair.value for pair in pairs)
    assert {"mikrotik": "5000M/10000M", "juniper": "svc(10000m,5000m)", "nokia": "rate=10000000"}.get(
        vendor, "10000000/5000000"
    ) in said


@pytest.mark.parametrize("vendor", ["mikrotik", "huawei", "nokia", "ericsson"])
def test_a_rate_does_not_give_way_to_a_profile(vendor: str) -> None:
    """Nothing said of a rate leaves it where it is, above the profile: that takes another login."""
    assert changed(vendor, {}, {"profiles": PROFILES}) is None


@pytest.mark.parametrize("vendor", sorted(GOLDEN))
def test_a_limit_is_not_taken_away(vendor: str) -> None:
    """No attribute says that there is none any more; Juniper's services end by name."""
    unlimited = changed(vendor, {}, {"download_bps": None, "upload_bps": None})
    assert (unlimited is None) == (vendor != "juniper")


WALLED = {"treatment_suspended": "garden", "garden_profile": "walled"}


@pytest.mark.parametrize("vendor", sorted(name for name, one in VENDORS.items() if one.coa is not None))
def test_who_gets_out_of_a_walled_garden_live(vendor: str) -> None:
    """Of all, only accel-ppp's filters can be said and taken back."""
    nas = replace(NAS, vendor=vendor)
    group = {**WALLED, "garden_pool": "walled"} if vendor == "cisco" else WALLED
    package = {"profiles": PROFILES}
    walled = told(make_facts(nas=nas, group=group, package=package, account={"suspended": True}))
    free = told(make_facts(nas=nas, group=group, package=package))
    change = VENDORS[vendor].coa
    assert change is not None
    ways = change(walled, free), change(free, walled)
    if vendor == "accel_ppp":
        assert [[pair.value for pair in way or ()] for way in ways] == [["50000/10000"], ["walled"]]
    elif vendor != "cisco":  # whose walls are a pool, which no CoA changes, and no mark holds
        assert None in ways


def test_vendors_whose_sessions_change_live() -> None:
    """Those whose manual or source says so; for any other it is a Disconnect."""
    assert {name for name, one in VENDORS.items() if one.coa is not None} == {*GOLDEN, *GOLDEN_PROFILES}
