"""Customers, the groups they are in, and the sequence of their account codes."""

from sqlalchemy import ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import (
    CUSTOMER_KIND,
    CUSTOMER_TYPE,
    TREATMENT,
    Base,
    Identifier,
    Moment,
    RateBps,
    Second,
    has_default,
)


class CustomerGroup(Base):
    """A customer group: on or off for all its customers, and how each refused state is treated."""

    __tablename__ = "customer_group"

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
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
    created_at: Mapped[Moment] = has_default()


class Customer(Base):
    """Who pays: the owner of accounts, perhaps a sub-account of another customer."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("customer_group_id", "group_id"),
        Index("customer_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey(CustomerGroup.id))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    type: Mapped[str] = has_default(CUSTOMER_TYPE)
    kind: Mapped[str] = has_default(CUSTOMER_KIND)
    title: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    company_name: Mapped[str | None]
    disabled: Mapped[bool] = has_default()
    suspended: Mapped[bool] = has_default()
    deleted_at: Mapped[Second | None]
    expires_at: Mapped[Second | None]
    inherits_state: Mapped[bool] = has_default()
    download_bps: Mapped[RateBps | None]
    upload_bps: Mapped[RateBps | None]
    time_zone: Mapped[str | None]
    billing_day: Mapped[int] = has_default(SmallInteger)
    created_at: Mapped[Moment] = has_default()


class CustomerCodeSequence(Base):
    """The last number given to an account code with this prefix; its row is locked while a code is taken."""

    __tablename__ = "customer_code_sequence"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]
