"""What the commands of a customer have in common: the keys of its JSON, an option for each of its columns."""

import click

from provisioning.cli import types

KEYS = (
    "id, code, name, state (active|deleted|disabled|expired|suspended), reseller, group, parent, type, kind, title,"
    " first_name, last_name, company_name, namesake, id_number, phone, phone_verified_at, email, billing_email,"
    " country, language, disabled, suspended, deleted_at, expires_at, inherits_state, download_bps, upload_bps, time_zone,"
    " billing_day, billing_group, payment_method, credit_limit_cents, labels, category, attitude, registered_at,"
    " registered_ip, portal_user_name, version, created_at"
)
CHANGED = f"customer ({KEYS}), changed (column: [before, after])"
OPTIONS: list[types.Spec] = [
    ("--type", "type", click.Choice(["individual", "company", "sole_proprietor"]), "Individual, unless said."),
    ("--kind", "kind", click.Choice(["normal", "residential"]), "Residential: a limited set of features."),
    ("--title", "title", types.TEXT, "Dr, Mrs, Prof."),
    ("--first-name", "first_name", types.TEXT, "Of the person."),
    ("--last-name", "last_name", types.TEXT, "Of the person."),
    ("--company-name", "company_name", types.TEXT, "Of the company, or the trade of a sole proprietor."),
    ("--download", "download_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--upload", "upload_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--time-zone", "time_zone", types.TEXT, "Africa/Johannesburg; without it, the provider's."),
    ("--billing-day", "billing_day", types.NUMBER, "1 to 31; in shorter months, the last day."),
    ("--expires", "expires_at", types.TIME, "From when no authentication and no billing: 2027-01-31, +30d."),
]
inherits = types.switch("inherits_state", "inherit", "no-inherit", "Whether the parent's state covers it.")
