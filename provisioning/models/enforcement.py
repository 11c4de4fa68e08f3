"""What open sessions were told, and should be."""

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import (
    Base,
    BigInt,
    Identifier,
    Moment,
    PgSnapshot,
    ReplyAttributes,
    SmallInt,
    has_default,
)


class SessionTreatment(Base):
    """How an open session is treated, and how it should be."""

    __tablename__ = "session_treatment"
    __table_args__ = (
        Index(
            "session_treatment_waiting",
            "nas_address",
            "next_attempt_at",
            postgresql_where=text("state = ANY (ARRAY['waiting'::text, 'acknowledged'::text])"),
        ),
        Index("session_treatment_account_id", "account_id"),
    )

    session_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[BigInt | None]
    nas_address: Mapped[str] = mapped_column(INET)
    applied: Mapped[str | None]
    session_class: Mapped[str | None]
    desired: Mapped[str]
    reason: Mapped[str]
    action: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = has_default(SmallInteger)
    next_attempt_at: Mapped[Moment | None]
    acknowledged_at: Mapped[Moment | None]
    changed_at: Mapped[Moment] = has_default()


class TreatmentMark(Base):
    """What a mark stands for."""

    __tablename__ = "treatment_mark"

    mark: Mapped[str] = mapped_column(primary_key=True)
    attributes: Mapped[ReplyAttributes]


class DisconnectOrder(Base):
    """A session that an operator wants ended."""

    __tablename__ = "disconnect_order"

    session_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[BigInt | None]
    user_name: Mapped[str]
    nas_address: Mapped[str] = mapped_column(INET)
    operator: Mapped[str] = has_default()
    ordered_at: Mapped[Moment] = has_default()


class EnforcementAttempt(Base):
    """A request to a router about a session, and what became of it."""

    __tablename__ = "enforcement_attempt"
    __table_args__ = (
        Index("enforcement_attempt_session_id", "session_id"),
        Index("enforcement_attempt_account_id", "account_id", "id"),
        Index("enforcement_attempt_sent_at", "sent_at"),
    )

    id: Mapped[Identifier]
    session_id: Mapped[BigInt]
    account_id: Mapped[BigInt | None]
    user_name: Mapped[str]
    nas_address: Mapped[str] = mapped_column(INET)
    action: Mapped[str]
    attributes: Mapped[list[list[str]]] = mapped_column(JSONB)
    reason: Mapped[str]
    attempt: Mapped[SmallInt]
    sent_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    outcome: Mapped[str]
    error_cause: Mapped[int | None]
    discarded: Mapped[int] = has_default(SmallInteger)


class EnforcementPosition(Base):
    """One row: how far the change log has been read."""

    __tablename__ = "enforcement_position"

    one_row: Mapped[bool] = has_default(primary_key=True)
    snapshot: Mapped[str] = has_default(PgSnapshot)
    looked_until: Mapped[Moment] = has_default()
