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
from provisioning.models.allowance import Allowance, AllowanceDue, Topup
from provisioning.models.base import Base
from provisioning.models.belongings import Address, Attachment, Contact, ExternalId, Note, PortalReset
from provisioning.models.customer import Customer, CustomerCodeSequence, CustomerGroup
from provisioning.models.dunning import NoCutDay, Promise, SuspensionCandidate, SuspensionRun
from provisioning.models.enforcement import (
    DisconnectOrder,
    EnforcementAttempt,
    EnforcementPosition,
    SessionTreatment,
    TreatmentMark,
)
from provisioning.models.installation import ChangeLog, ChangeLogFloor, Installation
from provisioning.models.messages import Message, MessageAttachment, MessageGateway, MessageTemplate, Notice
from provisioning.models.money import Allocation, CustomerBalance, Invoice, Payment
from provisioning.models.nas import Nas
from provisioning.models.operating import AuditChange, AuditEntry, AuditHead, ImportRow, ImportRun, SavedFilter
from provisioning.models.package import Package, PackageProfile, TimeBand
from provisioning.models.reseller import Operator, OperatorRole, OperatorRolePermission, Reseller
from provisioning.models.scheduling import Job, JobRun

__all__ = [
    "Account",
    "AccountNas",
    "AccountingDay",
    "AccountingNode",
    "AccountingQuarantine",
    "AccountingReboot",
    "Address",
    "Allocation",
    "Allowance",
    "AllowanceDue",
    "Attachment",
    "AuditChange",
    "AuditEntry",
    "AuditHead",
    "Base",
    "ChangeLog",
    "ChangeLogFloor",
    "Contact",
    "Customer",
    "CustomerBalance",
    "CustomerCodeSequence",
    "CustomerGroup",
    "Device",
    "DisconnectOrder",
    "EnforcementAttempt",
    "EnforcementPosition",
    "ExternalId",
    "ImportRow",
    "ImportRun",
    "Installation",
    "Invoice",
    "Job",
    "JobRun",
    "Message",
    "MessageAttachment",
    "MessageGateway",
    "MessageTemplate",
    "Nas",
    "NoCutDay",
    "Note",
    "Notice",
    "Operator",
    "OperatorRole",
    "OperatorRolePermission",
    "Package",
    "PackageChange",
    "PackageProfile",
    "Payment",
    "PortalReset",
    "Promise",
    "Reseller",
    "SavedFilter",
    "Session",
    "SessionHistory",
    "SessionTreatment",
    "SuspensionCandidate",
    "SuspensionRun",
    "TimeBand",
    "Topup",
    "TreatmentMark",
    "UsageDay",
]
