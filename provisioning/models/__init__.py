"""The tables of schema.sql as SQLAlchemy classes, one file per noun.

schema.sql is the truth and these mirror it; tests/integration/test_schema.py proves that they agree. A default is
not repeated here, only that there is one (`has_default`); neither is a CHECK, whose operator's sentence is in
provisioning/constraints.py under its name.
"""

from provisioning.models.account import Account, AccountNas, Device, PackageChange
from provisioning.models.accounting import (
    AccountingDay,
    AccountingNode,
    AccountingQuarantine,
    AccountingReboot,
    Session,
    SessionHistory,
    UsageDay,
)
from provisioning.models.base import Base
from provisioning.models.customer import Customer, CustomerCodeSequence, CustomerGroup
from provisioning.models.installation import ChangeLog, ChangeLogFloor, Installation
from provisioning.models.nas import Nas
from provisioning.models.package import Package, PackageProfile, TimeBand

__all__ = [
    "Account",
    "AccountNas",
    "AccountingDay",
    "AccountingNode",
    "AccountingQuarantine",
    "AccountingReboot",
    "Base",
    "ChangeLog",
    "ChangeLogFloor",
    "Customer",
    "CustomerCodeSequence",
    "CustomerGroup",
    "Device",
    "Installation",
    "Nas",
    "Package",
    "PackageChange",
    "PackageProfile",
    "Session",
    "SessionHistory",
    "TimeBand",
    "UsageDay",
]
