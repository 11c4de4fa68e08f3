"""Routers that may ask."""

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import Base, Identifier, Moment, Versioned, has_default


class Nas(Versioned, Base):
    """A router: where it sends from, and the secret shared with it (sealed)."""

    __tablename__ = "nas"

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(INET, unique=True)
    secret: Mapped[bytes]
    vendor: Mapped[str] = has_default()
    coa_port: Mapped[int] = has_default()
    requires_message_authenticator: Mapped[bool] = has_default()
    takes_coa: Mapped[bool | None]
    takes_disconnect: Mapped[bool] = has_default()
    coa_packets_a_second: Mapped[int] = has_default(SmallInteger)
    created_at: Mapped[Moment] = has_default()
