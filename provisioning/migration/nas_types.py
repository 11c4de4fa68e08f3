"""Which of our vendors a router of the old `nas` table is: by its type, else by the attributes that it is sent."""

from collections import Counter

_TYPES = {
    "mikrotik": "mikrotik",
    "routeros": "mikrotik",
    "cisco": "cisco",
    "huawei": "huawei",
    "juniper": "juniper",
    "nokia": "nokia",
    "alcatel": "nokia",
    "redback": "ericsson",
    "ericsson": "ericsson",
    "zte": "zte",
    "wispr": "wispr",
    "ubiquiti": "ubiquiti",
    "cambium": "cambium",
    "canopy": "canopy",
    "motorola": "canopy",
    "chillispot": "chillispot",
    "coovachilli": "chillispot",
    "coova": "chillispot",
    "accel": "accel_ppp",
    "accel-ppp": "accel_ppp",
    "rtbrick": "rtbrick",
}


def vendor_of(nas_type: str | None, spoken: Counter[str]) -> tuple[str, bool]:
    """Return the vendor, and whether that is a guess; `spoken`: how many users' speeds are in a vendor's attributes."""
    known = _TYPES.get((nas_type or "").strip().lower())
    if known is not None:
        return known, False
    return (spoken.most_common(1)[0][0] if spoken else "generic"), True
