"""What customers are told: notices, messages, templates, and by whom messages leave."""

from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import MESSAGE_CHANNEL, Base, Identifier, Moment, Second, has_default
from provisioning.models.customer import Customer


class Notice(Base):
    """What a customer was to be told, each thing once."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "about", name="notice_customer_id_kind_about_key"),
        Index("notice_noticed_at", "noticed_at"),
        Index("notice_to_compose", "noticed_at", "id", postgresql_where=text("composed_at IS NULL AND error IS NULL")),
        Index("notice_error", "kind", postgresql_where=text("error IS NOT NULL")),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id, ondelete="CASCADE"))
    kind: Mapped[str]
    about: Mapped[str]
    noticed_at: Mapped[Second]
    details: Mapped[dict[str, Any]] = has_default(JSONB)
    composed_at: Mapped[Second | None]
    error: Mapped[str | None]
    created_at: Mapped[Moment] = has_default()


class Message(Base):
    """A message that was sent, or is to be."""

    __tablename__ = "message"
    __table_args__ = (
        Index("message_customer_id", "customer_id", "id"),
        Index("message_notice_id", "notice_id"),
        Index("message_queued", "channel", "not_before", "id", postgresql_where=text("state = 'queued'::text")),
        Index("message_reference", "reference"),
        Index(
            "message_not_delivered",
            "id",
            postgresql_where=text("state = ANY (ARRAY['failed'::text, 'bounced'::text])"),
        ),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey(Customer.id, ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey(Notice.id, ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(MESSAGE_CHANNEL)
    recipient: Mapped[str]
    subject: Mapped[str] = has_default()
    body: Mapped[str]
    html: Mapped[str | None]
    template: Mapped[str | None]
    language: Mapped[str | None]
    category: Mapped[str | None]
    state: Mapped[str] = has_default()
    not_before: Mapped[Second] = has_default()
    attempts: Mapped[int] = has_default(SmallInteger)
    last_error: Mapped[str | None]
    reference: Mapped[str | None] = has_default()
    sent_at: Mapped[Second | None]
    ended_at: Mapped[Second | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()


class MessageAttachment(Base):
    """A file that goes with a message; its octets are in the store of attachments."""

    __tablename__ = "message_attachment"

    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    media_type: Mapped[str]


class MessageTemplate(Base):
    """The provider's own words for a template, in a language and for a channel."""

    __tablename__ = "message_template"

    name: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(MESSAGE_CHANNEL, primary_key=True)
    category: Mapped[str | None]
    subject: Mapped[str] = has_default()
    body: Mapped[str]
    html: Mapped[str | None]


class MessageGateway(Base):
    """A mail server, or an SMS provider's HTTP interface."""

    __tablename__ = "message_gateway"

    channel: Mapped[str] = mapped_column(MESSAGE_CHANNEL, primary_key=True)
    enabled: Mapped[bool] = has_default()
    sender: Mapped[str]
    host: Mapped[str | None]
    port: Mapped[int | None]
    tls: Mapped[str | None]
    url: Mapped[str | None]
    method: Mapped[str | None]
    body: Mapped[str | None]
    headers: Mapped[dict[str, str]] = has_default(JSONB)
    user_name: Mapped[str | None]
    secret: Mapped[bytes | None]
    messages_a_second: Mapped[int] = has_default(SmallInteger)
