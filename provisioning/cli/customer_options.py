"""What the commands of a customer have in common: the keys of its JSON, an option for each of its columns."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import types

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

KEYS = (
    "id, code, name, state (active|deleted|disabled|expired|suspended), reseller, group, parent, type, kind, title,"
    " first_name, last_name, company_name, namesake, id_number, phone, phone_verified_at, email, billing_email,"
    " country, language, disabled, suspended, deleted_at, expires_at, inherits_state, download_bps, upload_bps,"
    " time_zone, billing_day, billing_group, payment_method, credit_limit_cents, suspended_for_debt, suspended_at,"
    " suspended_due_on (what was due by then has to be paid), suspension_exempt, unsuspended_until, overdue_days,"
    " second_notice_days, suspension_days, rollover_months, topup_months, usage_notice_percents,"
    " notices_by_email, notices_by_sms, cycle_report, labels, category, attitude,"
    " registered_at, registered_ip, portal_user_name, version, created_at"
)
CHANGED = f"customer ({KEYS}), changed (column: [before, after])"
OPTIONS: list[types.Spec] = [
    ("--type", "type", click.Choice(["individual", "company", "sole_proprietor"]), "Individual, unless said."),
    ("--kind", "kind", click.Choice(["normal", "residential"]), "Residential: nothing static, no sub-accounts."),
    ("--title", "title", types.TEXT, "Dr, Mrs, Prof."),
    ("--first-name", "first_name", types.TEXT, "Of the person."),
    ("--last-name", "last_name", types.TEXT, "Of the person."),
    ("--company-name", "company_name", types.TEXT, "Of the company, or the trade of a sole proprietor."),
    ("--id-number", "id_number", types.TEXT, "Of the person, or the company's registration."),
    ("--phone", "phone", types.TEXT, "+27 21 555 0100; with --country, 021 555 0100."),
    ("--email", "email", types.TEXT, "Where messages go."),
    ("--billing-email", "billing_email", types.TEXT, "Where invoices go."),
    ("--country", "country", types.TEXT, "ZA, or South Africa (ISO 3166)."),
    ("--language", "language", types.TEXT, "Of messages: en, af, or Afrikaans (ISO 639)."),
    ("--download", "download_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--upload", "upload_bps", types.RATE, "The customer's own speed, over the package's."),
    ("--time-zone", "time_zone", types.TEXT, "Africa/Johannesburg; without it, the provider's."),
    ("--billing-day", "billing_day", types.NUMBER, "1 to 31; in shorter months, the last day."),
    ("--billing-group", "billing_group", types.TEXT, "With whom it is billed."),
    ("--payment-method", "payment_method", types.TEXT, "Debit order, card, eft: as you say."),
    ("--credit-limit", "credit_limit_cents", types.MONEY, "What it may owe: 1500."),
    ("--rollover-months", "rollover_months", types.NUMBER, "How many periods more what is left of a period lasts."),
    ("--topup-months", "topup_months", types.NUMBER, "Top-ups: 0 until the period ends, 1 the next; none: for ever."),
    ("--expires", "expires_at", types.TIME, "From when no authentication and no billing: 2027-01-31, +30d."),
    ("--category", "category", types.TEXT, "VIP."),
    ("--attitude", "attitude", types.TEXT, "Friendly, litigious: as you say."),
    ("--registered-at", "registered_at", types.TIME, "When it signed up."),
    ("--registered-ip", "registered_ip", types.TEXT, "From where it signed up."),
]
# days from an invoice's due date on
DUNNING: list[types.Spec] = [
    ("--overdue-days", "overdue_days", types.NUMBER, "Days after an invoice's due date, until it is overdue."),
    ("--second-notice-days", "second_notice_days", types.NUMBER, "Until the second notice."),
    ("--suspension-days", "suspension_days", types.NUMBER, "Until suspension; none: as the group has it."),
]
OPTIONS += DUNNING
exempt = types.switch("suspension_exempt", "exempt", "no-exempt", "Neither told of debt nor suspended for it.")
inherits = types.switch("inherits_state", "inherit", "no-inherit", "Whether the parent's state covers it.")
namesake = types.switch("namesake", "namesake", "no-namesake", "Whether another customer may have the same name.")
_BY_EMAIL = types.switch(
    "notices_by_email", "notices-by-email", "no-notices-by-email", "Told by e-mail; yes, unless said."
)
_BY_SMS = types.switch("notices_by_sms", "notices-by-sms", "no-notices-by-sms", "Told by SMS.")
_REPORT = types.switch("cycle_report", "cycle-report", "no-cycle-report", "A report by e-mail of each billing period.")
label = click.option("--label", "labels", multiple=True, help="A word to find it by: fibre. Repeat.")

_MOMENTS = ("expires_at", "registered_at")


def values(session: "Session", options: Mapping[str, Any], time_zone: str | None = None) -> dict[str, Any]:
    """Return the options given as columns; bare dates begin in the customer's time zone, as given or as it was."""
    from provisioning import moments

    given = types.given(options)
    zone = given.get("time_zone", time_zone)
    return given | {
        column: moments.resolve(session, given[column], zone) for column in _MOMENTS if given.get(column) is not None
    }


def ways(function: types.Decorated) -> types.Decorated:
    """Decorate with the ways by which a customer is told."""
    return _BY_EMAIL(_BY_SMS(_REPORT(function)))
