"""The columns of a list of customers: what they are called, and which give way where a terminal is narrow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from provisioning.cli import measured, output
from provisioning.errors import BadInput

_MOST_NAMES = 2


def _some(names: Sequence[str] | None) -> str:
    """Return the first names of many."""
    if not names:
        return "-"
    rest = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" +{rest}" if rest > 0 else "")


def _money(cents: int | None) -> str:
    return output.human("balance_cents", cents)


def _rate(bps: int | None) -> str:
    return output.human("_bps", bps)


# those of a list unless said: the highest rank gives way first
USUAL = [
    measured.Column("group", "group", rank=2),
    measured.Column("billing_group", "billing group", rank=9),
    measured.Column("code", "code"),
    measured.Column("type", "type", rank=8),
    measured.Column("name", "name"),
    measured.Column("accounts", "data accounts", _some, rank=3),
    measured.Column("phone", "phone", rank=4),
    measured.Column("email", "e-mail", rank=5),
    measured.Column("state", "status"),
    measured.Column("category", "category", rank=7),
    measured.number("balance_cents", "balance", _money, rank=1),
    measured.Column("labels", "labels", _some, rank=6),
]
_OTHERS = [
    *(measured.Column(key, key.replace("_", " ")) for key in ("reseller", "parent", "kind", "title", "first_name")),
    *(measured.Column(key, key.replace("_", " ")) for key in ("last_name", "company_name", "billing_email", "country")),
    *(measured.Column(key, key.replace("_", " ")) for key in ("payment_method", "attitude", "time_zone", "language")),
    *(measured.Column(key, key.replace("_", " ")) for key in ("id_number", "portal_user_name", "billing_day")),
    measured.Column("packages", "packages", _some),
    measured.number("open_sessions", "online", measured.text),
    measured.number("credit_limit_cents", "credit limit", _money),
    measured.number("download_bps", "download", _rate),
    measured.number("upload_bps", "upload", _rate),
    *(measured.Column(key, key.removesuffix("_at"), measured.minute) for key in ("created_at", "expires_at")),
    *(measured.Column(key, key.removesuffix("_at"), measured.minute) for key in ("deleted_at", "registered_at")),
]
_WORDS = {
    "status": "state",
    "balance": "balance_cents",
    "e-mail": "email",
    "data_accounts": "accounts",
    "online": "open_sessions",
}
_WORDS |= {
    "categories": "category",
    "credit_limit": "credit_limit_cents",
    "created": "created_at",
    "expires": "expires_at",
}
BY_KEY = {column.key: column for column in [*USUAL, *_OTHERS]}


def parse(typed: str) -> str:
    """Return the keys of columns that are typed as `code,name,status`; raise `BadInput`."""
    words = [word.strip().lower().replace(" ", "_") for word in typed.split(",")]
    keys = [_WORDS.get(word, word) for word in words]
    for word, key in zip(words, keys, strict=True):
        if key not in BY_KEY:
            raise BadInput(f"{word!r} is no column of customers", f"Take some of: {','.join(BY_KEY)}.")
    return ",".join(keys)


def chosen(keys: str | None) -> list[measured.Column]:
    """Return the usual columns, or those chosen, none of which gives way."""
    return USUAL if keys is None else [replace(BY_KEY[key], rank=0) for key in keys.split(",")]


def drawn(views: Sequence[output.View], columns: Sequence[measured.Column]) -> Any:
    """Return a table for a terminal, in which who is deleted or disabled is grey."""
    rows = [{**view, "style": "dim" if view["state"] in ("deleted", "disabled") else None} for view in views]
    return measured.drawing(rows, columns)
