"""What belongs to a customer: contacts, addresses, notes, attachments, names in other systems, portal resets."""

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import ADDRESS_KIND, NOTE_KIND, Base, Identifier, Moment, Second, has_default
from provisioning.models.customer import Customer


def _of_customer() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey(Customer.id, ondelete="CASCADE"))


class Contact(Base):
    """Somebody to talk to, and about what."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("contact_customer_id", "customer_id"),
        Index("contact_search_text", "search_text", postgresql_using="gin"),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = _of_customer()
    name: Mapped[str]
    purposes: Mapped[list[str]] = has_default(ARRAY(Text))
    phone: Mapped[str | None]
    email: Mapped[str | None]
    search_text: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()


class Address(Base):
    """Where the line is installed, or letters go."""

    __tablename__ = "address"
    __table_args__ = (
        Index("address_customer_id", "customer_id"),
        Index("address_search_text", "search_text", postgresql_using="gin"),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = _of_customer()
    kind: Mapped[str] = has_default(ADDRESS_KIND)
    street: Mapped[str]
    city: Mapped[str | None]
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    search_text: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()


class Note(Base):
    """What somebody wrote down about a customer."""

    __tablename__ = "note"
    __table_args__ = (Index("note_customer_id", "customer_id", "id"),)

    id: Mapped[Identifier]
    customer_id: Mapped[int] = _of_customer()
    kind: Mapped[str] = has_default(NOTE_KIND)
    text: Mapped[str]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()
    removed_at: Mapped[Second | None]


class Attachment(Base):
    """A file, whose octets are stored under their SHA-256."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("attachment_customer_id", "customer_id", "id"),
        Index("attachment_sha256", "sha256"),
    )

    id: Mapped[Identifier]
    customer_id: Mapped[int] = _of_customer()
    file_name: Mapped[str]
    media_type: Mapped[str]
    octets: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    description: Mapped[str | None]
    author: Mapped[str] = has_default()
    created_at: Mapped[Moment] = has_default()
    removed_at: Mapped[Second | None]


class ExternalId(Base):
    """What another system calls a customer."""

    __tablename__ = "external_id"
    __table_args__ = (Index("external_id_of_a_customer", "customer_id", "system", unique=True),)

    system: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = _of_customer()


class PortalReset(Base):
    """A link to choose another portal password."""

    __tablename__ = "portal_reset"
    __table_args__ = (Index("portal_reset_customer_id", "customer_id"),)

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = _of_customer()
    expires_at: Mapped[Second]
    used_at: Mapped[Second | None]
    created_at: Mapped[Moment] = has_default()
