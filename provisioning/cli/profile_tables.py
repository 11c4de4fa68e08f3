"""The sections of a customer's profile as tables: which columns, what is drawn of them, what a pipe gets."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from provisioning.cli import measured, output

Row = Mapping[str, Any]


class Table(NamedTuple):
    """A section: its title, its columns, and what is written where there is nothing; '' for not at all."""

    title: str
    columns: Sequence[measured.Column]
    nothing: str = ""


def _words(words: Sequence[str] | None) -> str:
    return ", ".join(words or ()) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _day(value: Any) -> str:
    return "-" if value is None else str(value)


def _price(cents: int | None) -> str:
    return output.human("_cents", cents)


_SESSION = (
    measured.Column("user_name", "account"),
    measured.Column("started_at", "since", measured.minute),
    measured.Column("nas", "NAS"),
    measured.Column("ipv4_address", "IP"),
    measured.Column("calling_station_id", "MAC", rank=1),
    measured.number("octets_in", "upload", measured.octets),
    measured.number("octets_out", "download", measured.octets),
)
TABLES = {
    "sessions": Table("Open sessions", (measured.Column("id", "id", measured.text), *_SESSION), "nobody is online"),
    "last_sessions": Table(
        "Last sessions",
        (
            measured.Column("id", "id", measured.text),
            *_SESSION[:2],
            measured.Column("stopped_at", "until", measured.minute),
            *_SESSION[2:],
            measured.Column("terminate_cause", "cause", rank=2),
        ),
    ),
    "devices": Table(
        "Devices",
        (
            measured.Column("mac", "MAC"),
            measured.Column("account", "account"),
            measured.Column("authorised", "authorised", _yes),
            measured.Column("mac_auth", "MAC alone", _yes),
            measured.Column("description", "description"),
        ),
    ),
    "changes": Table(
        "Package changes to come",
        (
            measured.Column("activates_at", "from", measured.minute),
            measured.Column("account", "account"),
            measured.Column("package", "package"),
            measured.number("price_cents", "price", _price),
            measured.Column("author", "by"),
            measured.Column("comment", "comment"),
        ),
    ),
    "topups": Table(
        "Top-ups",
        (
            measured.Column("id", "id", measured.text),
            measured.Column("account", "account"),
            measured.number("octets", "bought", measured.octets),
            measured.number("left_octets", "left", measured.octets),
            measured.Column("expires_at", "until", measured.minute),
            measured.number("price_cents", "price", _price),
            measured.Column("comment", "comment"),
            measured.Column("author", "by"),
        ),
    ),
    "invoices": Table(
        "Open invoices",
        (
            measured.Column("number", "number"),
            measured.Column("issued_on", "issued", _day),
            measured.Column("due_on", "due", _day),
            measured.number("amount_cents", "amount", _price),
            measured.number("open_cents", "still open", _price),
        ),
    ),
    "payments": Table(
        "Last payments",
        (
            measured.Column("receipt", "receipt"),
            measured.Column("received_on", "received", _day),
            measured.number("amount_cents", "amount", _price),
            measured.Column("method", "method"),
            measured.Column("reference", "reference"),
        ),
    ),
    "contacts": Table(
        "Contacts",
        (
            measured.Column("name", "name"),
            measured.Column("purposes", "for", _words),
            measured.Column("phone", "phone"),
            measured.Column("email", "e-mail"),
        ),
    ),
    "addresses": Table(
        "Addresses",
        (
            measured.Column("kind", "kind"),
            measured.Column("street", "street"),
            measured.Column("city", "city"),
            measured.Column("region", "region", rank=1),
            measured.Column("postal_code", "code"),
        ),
    ),
    "external_ids": Table("External ids", (measured.Column("system", "system"), measured.Column("value", "id"))),
    "attachments": Table(
        "Attachments",
        (
            measured.Column("id", "id", measured.text),
            measured.Column("file_name", "file"),
            measured.Column("media_type", "type", rank=1),
            measured.number("octets", "size", measured.octets),
            measured.Column("created_at", "added", measured.minute),
            measured.Column("author", "by"),
        ),
    ),
    "sub_accounts": Table(
        "Sub-accounts",
        (measured.Column("code", "code"), measured.Column("name", "name"), measured.Column("state", "status")),
    ),
    "notes": Table(
        "Notes",
        (
            measured.Column("created_at", "at", measured.minute),
            measured.Column("author", "by"),
            measured.Column("kind", "kind"),
            measured.Column("text", "note"),
        ),
    ),
    "messages": Table(
        "Last messages",
        (
            measured.Column("id", "id", measured.text),
            measured.Column("created_at", "at", measured.minute),
            measured.Column("recipient", "to"),
            measured.Column("notice", "about", measured.text, rank=1),
            measured.Column("subject", "subject", rank=2),
            measured.Column("state", "status"),
        ),
    ),
    "audit": Table(
        "Last acts",
        (
            measured.Column("at", "at", measured.minute),
            measured.Column("operator", "by"),
            measured.Column("act", "act"),
            measured.Column("what", "what", _words),
            measured.Column("detail", "detail"),
        ),
    ),
}
# as a pipe gets them: those that are drawn in their own way besides
PLAIN = {
    "accounts": [
        measured.Column(key, key)
        for key in (
            *(
                "user_name",
                "package",
                "outcome",
                "reason",
                "why",
                "download_bps",
                "upload_bps",
                "speed_by",
                "octets_in",
            ),
            *(
                "octets_out",
                "cap_octets",
                "left_octets",
                "open_sessions",
                "sessions_allowed",
                "expires_at",
                "cancelled_at",
            ),
        )
    ],
    "usage": [measured.Column(key, key) for key in ("day", "octets_in", "octets_out")],
    **{name: table.columns for name, table in TABLES.items()},
}
