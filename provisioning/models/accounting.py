"""What accounting leaves behind: sessions open and closed, the ledger of usage, and how far each node has come.

Written by radiusd's fold; provisioning reads. The partitions of session_history are no models.
"""

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.account import Account
from provisioning.models.base import Base, BigInt, Identifier, Moment, SmallInt, has_default


class AccountingNode(Base):
    """How far the spool of one AAA node has been folded."""

    __tablename__ = "accounting_node"

    node: Mapped[str] = mapped_column(primary_key=True)
    last_spool_id: Mapped[int] = has_default(BigInteger)
    spool: Mapped[str] = has_default()
    folded_at: Mapped[Moment] = has_default()


class AccountingDay(Base):
    """What became of the records that arrived at one node on one UTC day."""

    __tablename__ = "accounting_day"

    node: Mapped[str] = mapped_column(ForeignKey(AccountingNode.node), primary_key=True)
    received_on: Mapped[date] = mapped_column(Date, primary_key=True)
    applied: Mapped[int] = has_default(BigInteger)
    duplicate: Mapped[int] = has_default(BigInteger)
    superseded: Mapped[int] = has_default(BigInteger)
    quarantined: Mapped[int] = has_default(BigInteger)


class AccountingQuarantine(Base):
    """A record that could not be understood, and why."""

    __tablename__ = "accounting_quarantine"
    __table_args__ = (UniqueConstraint("node", "spool_id", name="accounting_quarantine_node_spool_id_key"),)

    id: Mapped[Identifier]
    node: Mapped[str] = mapped_column(ForeignKey(AccountingNode.node))
    spool_id: Mapped[BigInt]
    received_at: Mapped[Moment]
    reason: Mapped[str]
    body: Mapped[str]


class AccountingReboot(Base):
    """A moment at which a router began anew."""

    __tablename__ = "accounting_reboot"

    nas_address: Mapped[str] = mapped_column(INET, primary_key=True)
    rebooted_at: Mapped[Moment] = mapped_column(primary_key=True)


class Session(Base):
    """An open session."""

    __tablename__ = "session"
    __table_args__ = (
        Index("session_identity", "nas_address", "acct_session_id", "user_name"),
        Index("session_class", "session_class", postgresql_where=text("session_class IS NOT NULL")),
        Index("session_account_id", "account_id"),
        Index("session_user_name", "user_name"),
        Index("session_started_at", "started_at", "id"),
        Index("session_calling_station_id", "calling_station_id"),
        Index("session_ipv4_address", "ipv4_address"),
        Index("session_ipv6_prefix", "ipv6_prefix", postgresql_where=text("ipv6_prefix IS NOT NULL")),
        Index(
            "session_delegated_ipv6_prefix",
            "delegated_ipv6_prefix",
            postgresql_where=text("delegated_ipv6_prefix IS NOT NULL"),
        ),
    )

    id: Mapped[Identifier]
    user_name: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Account.id))
    nas_address: Mapped[str] = mapped_column(INET)
    acct_session_id: Mapped[str]
    session_class: Mapped[str | None]
    started_at: Mapped[Moment]
    last_heard_at: Mapped[Moment]
    interim_seconds: Mapped[int | None]
    port: Mapped[str | None]
    calling_station_id: Mapped[str | None]
    called_station_id: Mapped[str | None]
    ipv4_address: Mapped[str | None] = mapped_column(INET)
    ipv6_prefix: Mapped[str | None] = mapped_column(CIDR)
    delegated_ipv6_prefix: Mapped[str | None] = mapped_column(CIDR)
    session_seconds: Mapped[int] = has_default(BigInteger)
    octets_in: Mapped[int] = has_default(BigInteger)
    octets_out: Mapped[int] = has_default(BigInteger)
    time_zone: Mapped[str]
    billing_day: Mapped[SmallInt]
    flags: Mapped[list[str]] = has_default(ARRAY(Text))
    points: Mapped[list[list[int]]] = has_default(JSONB)
    state: Mapped[str] = has_default()


class SessionHistory(Base):
    """A closed session; `id` is the one it had when open."""

    __tablename__ = "session_history"
    __table_args__ = (
        Index("session_history_identity", "nas_address", "acct_session_id", "user_name"),
        Index("session_history_account_id", "account_id", "stopped_at"),
        Index("session_history_class", "session_class", postgresql_where=text("session_class IS NOT NULL")),
        Index("session_history_stopped_at", "stopped_at", "id"),
        Index("session_history_calling_station_id", "calling_station_id"),
        Index("session_history_ipv4_address", "ipv4_address"),
        Index("session_history_ipv6_prefix", "ipv6_prefix", postgresql_where=text("ipv6_prefix IS NOT NULL")),
        Index(
            "session_history_delegated_ipv6_prefix",
            "delegated_ipv6_prefix",
            postgresql_where=text("delegated_ipv6_prefix IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_name: Mapped[str]
    account_id: Mapped[BigInt | None]
    nas_address: Mapped[str] = mapped_column(INET)
    acct_session_id: Mapped[str]
    session_class: Mapped[str | None]
    started_at: Mapped[Moment]
    last_heard_at: Mapped[Moment]
    interim_seconds: Mapped[int | None]
    port: Mapped[str | None]
    calling_station_id: Mapped[str | None]
    called_station_id: Mapped[str | None]
    ipv4_address: Mapped[str | None] = mapped_column(INET)
    ipv6_prefix: Mapped[str | None] = mapped_column(CIDR)
    delegated_ipv6_prefix: Mapped[str | None] = mapped_column(CIDR)
    session_seconds: Mapped[BigInt]
    octets_in: Mapped[BigInt]
    octets_out: Mapped[BigInt]
    time_zone: Mapped[str]
    billing_day: Mapped[SmallInt]
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    points: Mapped[list[list[int]]] = mapped_column(JSONB)
    stopped_at: Mapped[Moment] = mapped_column(primary_key=True)
    terminate_cause: Mapped[str | None]
    state: Mapped[str]


class UsageDay(Base):
    """What one account used on one local day, of one billing period."""

    __tablename__ = "usage_day"
    __table_args__ = (Index("usage_day_period", "period_start", "account_id"),)

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Account.id), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    octets_in: Mapped[int] = has_default(BigInteger)
    octets_out: Mapped[int] = has_default(BigInteger)
