"""Data accounts, the routers and devices they are bound to, and their coming package changes."""

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET, JSONB, MACADDR
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import Base, BigInt, Identifier, Moment, Second, SmallInt, Versioned, has_default
from provisioning.models.customer import Customer
from provisioning.models.nas import Nas
from provisioning.models.package import Package


class Account(Versioned, Base):
    """A data account: the RADIUS user. Its password is sealed, or one-way, or absent (certificate, MAC)."""

    __tablename__ = "account"
    __table_args__ = (
        Index("account_customer_id", "customer_id"),
        Index("account_package_id", "package_id"),
        Index("account_user_name_search", "user_name", postgresql_using="gin"),
        Index("account_routes", "id", postgresql_where=text("routes <> '{}'::text[]")),
        Index(
            "account_ipv6_prefixes",
            "ipv6_prefix",
            postgresql_using="gist",
            postgresql_where=text("ipv6_prefix IS NOT NULL"),
        ),
        Index(
            "account_delegated_ipv6_prefixes",
            "delegated_ipv6_prefix",
            postgresql_using="gist",
            postgresql_where=text("delegated_ipv6_prefix IS NOT NULL"),
        ),
        Index("account_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("account_vlan_id", "vlan_id", postgresql_where=text("vlan_id IS NOT NULL")),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    package_id: Mapped[int] = mapped_column(ForeignKey(Package.id))
    user_name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[bytes | None]
    password_hash: Mapped[str | None]
    blocked: Mapped[bool] = has_default()
    suspended: Mapped[bool] = has_default()
    cap_reached: Mapped[bool] = has_default()
    prepaid: Mapped[bool] = has_default()
    expires_at: Mapped[Second | None]
    sessions_allowed: Mapped[SmallInt | None]
    price_cents: Mapped[BigInt | None]
    topup_price_cents: Mapped[BigInt | None]
    cancelled_at: Mapped[Second | None]
    lock_to_devices: Mapped[bool] = has_default()
    ipv4_address: Mapped[str | None] = mapped_column(INET, unique=True)
    ipv4_netmask: Mapped[str | None] = mapped_column(INET)
    ipv6_prefix: Mapped[str | None] = mapped_column(CIDR, unique=True)
    delegated_ipv6_prefix: Mapped[str | None] = mapped_column(CIDR, unique=True)
    routes: Mapped[list[str]] = has_default(ARRAY(Text))
    vlan_id: Mapped[SmallInt | None]
    reply_attributes: Mapped[list[list[str]]] = has_default(JSONB)
    created_at: Mapped[Moment] = has_default()


class AccountNas(Base):
    """Where an account has rows here, only these NAS may authenticate it."""

    __tablename__ = "account_nas"
    __table_args__ = (Index("account_nas_nas_id", "nas_id"),)

    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"), primary_key=True)
    nas_id: Mapped[int] = mapped_column(ForeignKey(Nas.id), primary_key=True)


class PackageChange(Base):
    """Another package from a moment on."""

    __tablename__ = "package_change"
    __table_args__ = (
        Index(
            "one_change_a_moment",
            "account_id",
            "activates_at",
            unique=True,
            postgresql_where=text("applied_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index(
            "package_change_to_come",
            "activates_at",
            postgresql_where=text("applied_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    id: Mapped[Identifier]
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    package_id: Mapped[int] = mapped_column(ForeignKey(Package.id))
    activates_at: Mapped[Second]
    price_cents: Mapped[BigInt | None]
    topup_price_cents: Mapped[BigInt | None]
    comment: Mapped[str | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()
    applied_at: Mapped[Second | None]
    cancelled_at: Mapped[Second | None]


class Device(Base):
    """A client device of an account, by its MAC."""

    __tablename__ = "device"
    __table_args__ = (Index("device_account_id", "account_id"),)

    id: Mapped[Identifier]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Account.id, ondelete="CASCADE"))
    reseller_id: Mapped[int | None] = has_default(BigInteger, ForeignKey("reseller.id"))
    mac: Mapped[str] = mapped_column(MACADDR, unique=True)
    authorised: Mapped[bool] = has_default()
    mac_auth: Mapped[bool] = has_default()
    description: Mapped[str | None]
    created_at: Mapped[Moment] = has_default()
