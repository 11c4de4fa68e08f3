"""Customers, the groups they are in, and the sequence of their account codes."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Numeric, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import (
    CUSTOMER_KIND,
    CUSTOMER_TYPE,
    TREATMENT,
    Base,
    BigInt,
    Identifier,
    Moment,
    RateBps,
    Second,
    SmallInt,
    Versioned,
    has_default,
)


class CustomerGroup(Versioned, Base):
    """A customer group: on or off for all its customers, and how each refused state is treated."""

    __tablename__ = "customer_group"
    __table_args__ = (
        Index("customer_group_reseller_id", "reseller_id", postgresql_where=text("reseller_id IS NOT NULL")),
    )

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
    reseller_id: Mapped[int | None] = has_default(BigInteger, ForeignKey("reseller.id"))
    enabled: Mapped[bool] = has_default()
    sends_reply_message: Mapped[bool] = has_default()
    treatment_blocked: Mapped[str] = has_default(TREATMENT)
    treatment_deleted: Mapped[str] = has_default(TREATMENT)
    treatment_disabled: Mapped[str] = has_default(TREATMENT)
    treatment_group_disabled: Mapped[str] = has_default(TREATMENT)
    treatment_expired: Mapped[str] = has_default(TREATMENT)
    treatment_suspended: Mapped[str] = has_default(TREATMENT)
    treatment_cap: Mapped[str] = has_default(TREATMENT)
    garden_pool: Mapped[str | None]
    garden_profile: Mapped[str | None]
    garden_redirect_url: Mapped[str | None]
    garden_download_bps: Mapped[RateBps | None]
    garden_upload_bps: Mapped[RateBps | None]
    garden_session_seconds: Mapped[int] = has_default()
    throttle_download_bps: Mapped[RateBps | None]
    throttle_upload_bps: Mapped[RateBps | None]
    overdue_days: Mapped[SmallInt | None]
    second_notice_days: Mapped[SmallInt | None]
    suspension_days: Mapped[SmallInt | None]
    discount_percent: Mapped[Decimal] = has_default(Numeric(5, 2))
    default_package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    requires_credit_limit: Mapped[bool] = has_default()
    usage_notice_percents: Mapped[list[int]] = has_default(ARRAY(SmallInteger))
    created_at: Mapped[Moment] = has_default()


class Customer(Versioned, Base):
    """Who pays: the owner of accounts, perhaps a sub-account of another customer."""

    __tablename__ = "customer"
    __table_args__ = (
        Index(
            "customer_name_is_unique",
            "name_key",
            unique=True,
            postgresql_where=text("NOT namesake AND deleted_at IS NULL"),
        ),
        Index("customer_group_id", "group_id"),
        Index("customer_reseller_id", "reseller_id", postgresql_where=text("reseller_id IS NOT NULL")),
        Index("customer_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("customer_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("customer_suspended_for_debt", "id", postgresql_where=text("suspended_for_debt")),
        Index(
            "customer_unsuspended_until",
            "unsuspended_until",
            postgresql_where=text("unsuspended_until IS NOT NULL"),
        ),
        Index("customer_time_zone", "time_zone", postgresql_where=text("time_zone IS NOT NULL")),
        Index(
            "customer_cycle_report",
            "time_zone",
            "billing_day",
            postgresql_where=text("cycle_report AND deleted_at IS NULL"),
        ),
        Index("customer_labels", "labels", postgresql_using="gin"),
        Index("customer_search_text", "search_text", postgresql_using="gin"),
    )

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    reseller_id: Mapped[int | None] = has_default(BigInteger, ForeignKey("reseller.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey(CustomerGroup.id))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    type: Mapped[str] = has_default(CUSTOMER_TYPE)
    kind: Mapped[str] = has_default(CUSTOMER_KIND)
    title: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    company_name: Mapped[str | None]
    namesake: Mapped[bool] = has_default()
    id_number: Mapped[str | None]
    phone: Mapped[str | None]
    phone_verified_at: Mapped[Second | None]
    email: Mapped[str | None]
    billing_email: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]
    disabled: Mapped[bool] = has_default()
    suspended: Mapped[bool] = has_default()
    deleted_at: Mapped[Second | None]
    expires_at: Mapped[Second | None]
    inherits_state: Mapped[bool] = has_default()
    download_bps: Mapped[RateBps | None]
    upload_bps: Mapped[RateBps | None]
    time_zone: Mapped[str | None]
    billing_day: Mapped[int] = has_default(SmallInteger)
    billing_group: Mapped[str | None]
    payment_method: Mapped[str | None]
    credit_limit_cents: Mapped[BigInt | None]
    suspended_for_debt: Mapped[bool] = has_default()
    suspended_at: Mapped[Second | None]
    suspended_due_on: Mapped[date | None] = mapped_column(Date)
    suspension_exempt: Mapped[bool] = has_default()
    unsuspended_until: Mapped[Second | None]
    overdue_days: Mapped[SmallInt | None]
    second_notice_days: Mapped[SmallInt | None]
    suspension_days: Mapped[SmallInt | None]
    rollover_months: Mapped[int] = has_default(SmallInteger)
    topup_months: Mapped[SmallInt | None]
    usage_notice_percents: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    notices_by_email: Mapped[bool] = has_default()
    notices_by_sms: Mapped[bool] = has_default()
    cycle_report: Mapped[bool] = has_default()
    labels: Mapped[list[str]] = has_default(ARRAY(Text))
    category: Mapped[str | None]
    attitude: Mapped[str | None]
    registered_at: Mapped[Second | None]
    registered_ip: Mapped[str | None] = mapped_column(INET)
    portal_user_name: Mapped[str | None] = mapped_column(unique=True)
    portal_password_hash: Mapped[str | None]
    created_at: Mapped[Moment] = has_default()
    name_key: Mapped[str] = has_default()
    search_text: Mapped[str] = has_default()


class CustomerCodeSequence(Base):
    """The last number given to an account code with this prefix; its row is locked while a code is taken."""

    __tablename__ = "customer_code_sequence"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]
