"""Packages: what is sold, its hours with other speeds, its names on the routers."""

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provisioning.models.base import (
    TREATMENT,
    Base,
    BigInt,
    Identifier,
    Moment,
    RateBps,
    SmallInt,
    Versioned,
    has_default,
)


class TimeBand(Base):
    """Other speeds at certain hours of the customer's day; the first band by position that fits wins."""

    __tablename__ = "time_band"

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[SmallInt] = mapped_column(primary_key=True)
    weekdays: Mapped[int] = has_default(SmallInteger)
    starts_minute: Mapped[SmallInt]
    ends_minute: Mapped[SmallInt]
    download_bps: Mapped[RateBps]
    upload_bps: Mapped[RateBps]


class PackageProfile(Base):
    """What the package's speed is called on one vendor's routers."""

    __tablename__ = "package_profile"

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"), primary_key=True)
    vendor: Mapped[str] = mapped_column(primary_key=True)
    download_profile: Mapped[str]
    upload_profile: Mapped[str]


class Package(Versioned, Base):
    """What is sold: speed tier, cap, price, limits, pools."""

    __tablename__ = "package"
    __table_args__ = (Index("package_reseller_id", "reseller_id", postgresql_where=text("reseller_id IS NOT NULL")),)

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
    reseller_id: Mapped[int | None] = mapped_column(ForeignKey("reseller.id"))
    download_bps: Mapped[RateBps | None]
    upload_bps: Mapped[RateBps | None]
    burst_download_bps: Mapped[RateBps | None]
    burst_upload_bps: Mapped[RateBps | None]
    burst_threshold_download_bps: Mapped[RateBps | None]
    burst_threshold_upload_bps: Mapped[RateBps | None]
    burst_seconds: Mapped[SmallInt | None]
    priority: Mapped[SmallInt | None]
    cap_octets: Mapped[BigInt | None]
    cap_treatment: Mapped[str | None] = mapped_column(TREATMENT)
    throttle_download_bps: Mapped[RateBps | None]
    throttle_upload_bps: Mapped[RateBps | None]
    price_cents: Mapped[int] = has_default(BigInteger)
    topup_price_cents: Mapped[int] = has_default(BigInteger)
    sessions_allowed: Mapped[SmallInt | None]
    session_seconds: Mapped[int | None]
    idle_seconds: Mapped[int | None]
    interim_seconds: Mapped[int] = has_default()
    ipv4_pool: Mapped[str | None]
    ipv6_pool: Mapped[str | None]
    delegated_ipv6_pool: Mapped[str | None]
    reply_attributes: Mapped[list[list[str]]] = has_default(JSONB)
    created_at: Mapped[Moment] = has_default()

    time_bands: Mapped[list[TimeBand]] = relationship(cascade="all, delete-orphan", order_by=TimeBand.position)
    profiles: Mapped[list[PackageProfile]] = relationship(cascade="all, delete-orphan", order_by=PackageProfile.vendor)
