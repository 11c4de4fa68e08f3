"""What each vendor's routers are told of a speed: golden values, written from the manuals that the files name."""

import pytest

from policies.facts import Pair
from policies.speed import Speed, Unexpressible
from policies.vendors import VENDORS

MBPS = 1_000_000
U32_MAX = 4_294_967_295

PLAIN = Speed(50 * MBPS, 10 * MBPS)
ODD = Speed(1_500_001, 999)  # neither a whole k, and an upload under 1 kbit/s
BURST = Speed(
    50 * MBPS,
    10 * MBPS,
    burst_download_bps=100 * MBPS,
    burst_upload_bps=20 * MBPS,
    burst_threshold_download_bps=40 * MBPS,
    burst_threshold_upload_bps=8 * MBPS,
    burst_seconds=16,
    priority=5,
)
BARE_BURST = Speed(50 * MBPS, 10 * MBPS, burst_download_bps=100 * MBPS, burst_upload_bps=20 * MBPS)
DOWNLOAD_BURST = Speed(50 * MBPS, 10 * MBPS, burst_download_bps=100 * MBPS)
FAST = Speed(U32_MAX + 1, 5000 * MBPS)
PROFILE = Speed(U32_MAX + 1, 10 * MBPS, download_profile="gold-down", upload_profile="gold-up")
ONE_NAME = Speed(U32_MAX + 1, 10 * MBPS, download_profile="gold", upload_profile="gold")


def _set(**values: str) -> tuple[Pair, ...]:
    return tuple(Pair(name.replace("_", "-"), ":=", value) for name, value in values.items())


def _add(name: str, *values: str) -> tuple[Pair, ...]:
    return tuple(Pair(name, "+=", value) for value in values)


GOLDEN = {
    ("mikrotik", "plain"): (PLAIN, _set(Mikrotik_Rate_Limit="10M/50M")),
    ("mikrotik", "odd"): (ODD, _set(Mikrotik_Rate_Limit="999/1500001")),
    ("mikrotik", "whole k"): (Speed(2_500_000, 512_000), _set(Mikrotik_Rate_Limit="512k/2500k")),
    ("mikrotik", "burst"): (BURST, _set(Mikrotik_Rate_Limit="10M/50M 20M/100M 8M/40M 16/16 5")),
    ("mikrotik", "bare burst"): (BARE_BURST, _set(Mikrotik_Rate_Limit="10M/50M 20M/100M 10M/50M 1/1")),
    ("mikrotik", "download burst"): (DOWNLOAD_BURST, _set(Mikrotik_Rate_Limit="10M/50M 0/100M 0/50M 0/1")),
    ("mikrotik", "priority"): (
        Speed(50 * MBPS, 10 * MBPS, priority=1),
        _set(Mikrotik_Rate_Limit="10M/50M 0/0 0/0 0/0 1"),
    ),
    ("mikrotik", "burst of the rate"): (
        Speed(50 * MBPS, 10 * MBPS, burst_download_bps=50 * MBPS, burst_upload_bps=1),
        _set(Mikrotik_Rate_Limit="10M/50M"),
    ),
    ("mikrotik", "fast"): (FAST, _set(Mikrotik_Rate_Limit="5000M/4294967296")),
    ("mikrotik", "profile"): (PROFILE, _set(Mikrotik_Group="gold-down")),
    ("cisco", "profile"): (
        PROFILE,
        _add("Cisco-AVPair", "ip:sub-qos-policy-in=gold-up", "ip:sub-qos-policy-out=gold-down"),
    ),
    ("huawei", "plain"): (
        PLAIN,
        _set(
            Huawei_Input_Average_Rate="10000000",
            Huawei_Input_Peak_Rate="10000000",
            Huawei_Output_Average_Rate="50000000",
            Huawei_Output_Peak_Rate="50000000",
        ),
    ),
    ("huawei", "burst"): (
        BURST,
        _set(
            Huawei_Input_Average_Rate="10000000",
            Huawei_Input_Peak_Rate="20000000",
            Huawei_Output_Average_Rate="50000000",
            Huawei_Output_Peak_Rate="100000000",
        ),
    ),
    ("huawei", "burst under the rate"): (
        Speed(1000, 2000, burst_download_bps=500, burst_upload_bps=2000),
        _set(
            Huawei_Input_Average_Rate="2000",
            Huawei_Input_Peak_Rate="2000",
            Huawei_Output_Average_Rate="1000",
            Huawei_Output_Peak_Rate="1000",
        ),
    ),
    ("huawei", "profile"): (PROFILE, _set(Huawei_Qos_Profile_Name="gold-down")),
    ("juniper", "plain"): (PLAIN, _add("ERX-Service-Activate:1", "svc(50m,10m)")),
    ("juniper", "odd"): (ODD, _add("ERX-Service-Activate:1", "svc(1500001,999)")),
    ("juniper", "whole k"): (Speed(2_500_000, 512_000), _add("ERX-Service-Activate:1", "svc(2500k,512k)")),
    ("juniper", "burst"): (BURST, _add("ERX-Service-Activate:1", "svc(50m,10m)")),
    ("juniper", "fast"): (FAST, _add("ERX-Service-Activate:1", "svc(4294967296,5000m)")),
    ("juniper", "profile"): (
        PROFILE,
        _add("ERX-Service-Activate:1", "gold-down") + _add("ERX-Service-Activate:2", "gold-up"),
    ),
    ("juniper", "one name"): (ONE_NAME, _add("ERX-Service-Activate:1", "gold")),
    ("nokia", "plain"): (PLAIN, _add("Alc-Subscriber-QoS-Override", "i:q:1:pir=10000", "e:r:rate=50000")),
    ("nokia", "odd"): (ODD, _add("Alc-Subscriber-QoS-Override", "i:q:1:pir=1", "e:r:rate=1500")),
    ("nokia", "fast"): (FAST, _add("Alc-Subscriber-QoS-Override", "i:q:1:pir=5000000", "e:r:rate=4294967")),
    ("nokia", "profile"): (PROFILE, _set(Alc_SLA_Prof_Str="gold-down")),
    ("ericsson", "plain"): (PLAIN, _set(QOS_Rate_Inbound="10000", QOS_Rate_Outbound="50000")),
    ("ericsson", "odd"): (ODD, _set(QOS_Rate_Inbound="1", QOS_Rate_Outbound="1500")),
    ("ericsson", "fast"): (FAST, _set(QOS_Rate_Inbound="5000000", QOS_Rate_Outbound="4294967")),
    ("ericsson", "profile"): (
        PROFILE,
        _set(Qos_Policing_Profile_Name="gold-up", Qos_Metering_Profile_Name="gold-down"),
    ),
    ("zte", "plain"): (PLAIN, _set(ZTE_Rate_Ctrl_SCR_Down="50000", ZTE_Rate_Ctrl_SCR_Up="10000")),
    ("zte", "odd"): (ODD, _set(ZTE_Rate_Ctrl_SCR_Down="1500", ZTE_Rate_Ctrl_SCR_Up="1")),
    ("zte", "fast"): (FAST, _set(ZTE_Rate_Ctrl_SCR_Down="4294967", ZTE_Rate_Ctrl_SCR_Up="5000000")),
    ("zte", "profile"): (PROFILE, _set(ZTE_QoS_Profile_Down="gold-down", ZTE_QOS_Profile_Up="gold-up")),
    ("wispr", "plain"): (PLAIN, _set(WISPr_Bandwidth_Max_Up="10000000", WISPr_Bandwidth_Max_Down="50000000")),
    ("wispr", "odd"): (ODD, _set(WISPr_Bandwidth_Max_Up="999", WISPr_Bandwidth_Max_Down="1500001")),
    ("wispr", "fastest"): (
        Speed(U32_MAX, 1),
        _set(WISPr_Bandwidth_Max_Up="1", WISPr_Bandwidth_Max_Down="4294967295"),
    ),
    ("ubiquiti", "plain"): (PLAIN, _set(WISPr_Bandwidth_Max_Up="10000000", WISPr_Bandwidth_Max_Down="50000000")),
    ("cambium", "plain"): (
        PLAIN,
        _set(Cambium_ePMP_Max_Burst_Uplink_Rate="10000", Cambium_ePMP_Max_Burst_Downlink_Rate="50000"),
    ),
    ("cambium", "fast"): (
        FAST,
        _set(Cambium_ePMP_Max_Burst_Uplink_Rate="5000000", Cambium_ePMP_Max_Burst_Downlink_Rate="4294967"),
    ),
    ("cambium", "profile"): (
        Speed(50 * MBPS, 10 * MBPS, download_profile="12", upload_profile="3"),
        _set(Cambium_ePMP_Max_Burst_Uplink_Rate="3", Cambium_ePMP_Max_Burst_Downlink_Rate="12"),
    ),
    ("canopy", "plain"): (PLAIN, _set(Motorola_Canopy_ULBR="10000", Motorola_Canopy_DLBR="50000")),
    ("canopy", "odd"): (ODD, _set(Motorola_Canopy_ULBR="1", Motorola_Canopy_DLBR="1500")),
    ("canopy", "burst"): (  # (20 - 10) Mbit/s for 16 s, (100 - 50) Mbit/s for 16 s
        BURST,
        _set(
            Motorola_Canopy_ULBR="10000",
            Motorola_Canopy_ULBL="160000",
            Motorola_Canopy_DLBR="50000",
            Motorola_Canopy_DLBL="800000",
        ),
    ),
    ("canopy", "download burst"): (
        DOWNLOAD_BURST,
        _set(Motorola_Canopy_ULBR="10000", Motorola_Canopy_DLBR="50000", Motorola_Canopy_DLBL="50000"),
    ),
    ("canopy", "fast"): (FAST, _set(Motorola_Canopy_ULBR="5000000", Motorola_Canopy_DLBR="4294967")),
    ("chillispot", "plain"): (
        PLAIN,
        _set(ChilliSpot_Bandwidth_Max_Up="10000", ChilliSpot_Bandwidth_Max_Down="50000"),
    ),
    ("chillispot", "odd"): (ODD, _set(ChilliSpot_Bandwidth_Max_Up="1", ChilliSpot_Bandwidth_Max_Down="1500")),
    ("chillispot", "fast"): (
        FAST,
        _set(ChilliSpot_Bandwidth_Max_Up="5000000", ChilliSpot_Bandwidth_Max_Down="4294967"),
    ),
    ("accel_ppp", "plain"): (PLAIN, _add("Filter-Id", "50000/10000")),
    ("accel_ppp", "odd"): (ODD, _add("Filter-Id", "1500/1")),
    ("accel_ppp", "fast"): (FAST, _add("Filter-Id", "4294967/5000000")),
    ("rtbrick", "profile"): (PROFILE, _set(RtBrick_Service_Profile="gold-down")),
    ("generic", "plain"): (PLAIN, ()),
    ("generic", "fast"): (FAST, ()),
    ("generic", "profile"): (PROFILE, _set(Filter_Id="gold-down")),
}


@pytest.mark.parametrize(("vendor", "case"), GOLDEN, ids=lambda part: part.replace(" ", "-"))
def test_speed(vendor: str, case: str) -> None:
    """A speed becomes exactly the attributes, units and directions that the vendor's manual asks for."""
    tier, expected = GOLDEN[vendor, case]
    assert expected == VENDORS[vendor].speed(tier)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_a_golden_speed(vendor: str) -> None:
    """No vendor's file goes untested."""
    assert vendor in {name for name, _ in GOLDEN}


@pytest.mark.parametrize(
    ("vendor", "tier", "message"),
    [
        ("cisco", PLAIN, "give the package a profile for cisco"),
        ("rtbrick", PLAIN, "give the package a profile for rtbrick"),
        ("huawei", FAST, "give the package a profile for huawei"),
        ("huawei", Speed(1000, 1000, burst_upload_bps=U32_MAX + 1), "4294967296 bit/s does not fit"),
        ("wispr", FAST, "sell at most 4294967295 bit/s"),
        ("wispr", PROFILE, "4294967296 bit/s does not fit"),
        ("ubiquiti", FAST, "does not fit a 32-bit attribute"),
        ("zte", Speed((U32_MAX + 1) * 1000, MBPS), "give the package a profile for zte"),
        ("chillispot", Speed(MBPS, (U32_MAX + 1) * 1000), "4294967296 kbit/s does not fit"),
        ("canopy", Speed(MBPS, (U32_MAX + 1) * 1000), "4294967296 kbit/s does not fit"),
        ("canopy", Speed(MBPS, MBPS, burst_upload_bps=2 * MBPS, burst_seconds=0), "a burst of 0 seconds"),
        ("cambium", Speed((U32_MAX + 1) * 1000, MBPS), "number of an MIR profile"),
        ("cambium", PROFILE, "MIR profiles are numbers"),
        ("cambium", Speed(MBPS, MBPS, download_profile="0", upload_profile="1"), "does not fit"),
        ("cambium", Speed(MBPS, MBPS, download_profile="٣", upload_profile="1"), "MIR profiles are numbers"),
        ("cambium", Speed(MBPS, MBPS, download_profile="1" * 11, upload_profile="1"), "MIR profiles are numbers"),
        ("accel_ppp", Speed(2**31 * 1000, MBPS), "2147483648 kbit/s does not fit"),
        ("mikrotik", Speed(0, MBPS), "0 would mean no limit"),
        ("nokia", Speed(MBPS, -1), "0 would mean no limit"),
        ("wispr", Speed(0, MBPS), "0 bit/s does not fit"),
        ("mikrotik", Speed(MBPS, MBPS, priority=9), "priority 9"),
        ("mikrotik", Speed(MBPS, MBPS, priority=0), "priority 0"),
        ("mikrotik", Speed(MBPS, MBPS, burst_upload_bps=2 * MBPS, burst_seconds=0), "a burst of 0 seconds"),
        ("mikrotik", Speed(MBPS, MBPS, download_profile="gold"), "a profile for one direction only"),
        ("generic", Speed(MBPS, MBPS, upload_profile="gold"), "a profile for one direction only"),
        ("cisco", Speed(MBPS, MBPS, download_profile="gold", upload_profile=""), "an empty name"),
        ("generic", Speed(MBPS, MBPS, download_profile="", upload_profile=""), "printable characters"),
        ("generic", Speed(MBPS, MBPS, download_profile="a\nb", upload_profile="b"), "printable characters"),
        ("generic", Speed(MBPS, MBPS, download_profile="a\\nb", upload_profile="b"), "without backslash"),
        ("generic", Speed(MBPS, MBPS, download_profile="é" * 127, upload_profile="b"), "holds 253 octets"),
        ("mikrotik", Speed(MBPS, MBPS, download_profile="g" * 248, upload_profile="b"), "holds 247 octets"),
        ("juniper", Speed(MBPS, MBPS, download_profile="g" * 247, upload_profile="b"), "holds 246 octets"),
    ],
)
def test_speed_that_cannot_be_said(vendor: str, tier: Speed, message: str) -> None:
    """A speed that would be 0, wrap round, be cut or vanish is refused, and the message says what to do."""
    with pytest.raises(Unexpressible, match=message):
        VENDORS[vendor].speed(tier)


@pytest.mark.parametrize(
    ("vendor", "octets"),
    [("generic", 253), ("mikrotik", 247), ("juniper", 246)],
)
def test_longest_profile_name(vendor: str, octets: int) -> None:
    """A name may fill its attribute to the last octet."""
    name = "g" * octets
    pairs = VENDORS[vendor].speed(Speed(MBPS, MBPS, download_profile=name, upload_profile=name))
    assert [name] == [pair.value for pair in pairs]
