"""How each vendor's routers are told a speed, a walled garden, a pool: one file a vendor."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.vendors import (
    accel_ppp,
    cambium,
    canopy,
    chillispot,
    cisco,
    ericsson,
    generic,
    huawei,
    juniper,
    mikrotik,
    nokia,
    rtbrick,
    ubiquiti,
    wispr,
    zte,
)
from policies.vendors.vendor import Vendor

_FILES = (
    mikrotik,
    cisco,
    huawei,
    juniper,
    nokia,
    ericsson,
    zte,
    wispr,
    ubiquiti,
    cambium,
    canopy,
    chillispot,
    accel_ppp,
    rtbrick,
    generic,
)

VENDORS: Mapping[str, Vendor] = MappingProxyType({file.VENDOR.name: file.VENDOR for file in _FILES})
"""By the name that nas.vendor holds."""
