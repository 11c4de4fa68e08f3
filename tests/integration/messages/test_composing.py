"""Notices become messages: each once, in the customer's language, where it is reached, when it is awake."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning import database as databases
from provisioning.dunning import job as dunning
from provisioning.messages import composing
from tests.integration.messages.conftest import NOON

DEBT = {"invoice": "INV-7", "due_on": "2026-11-01", "owed_cents": 49900, "suspends_on": "2026-11-30"}
USAGE = {"account": "frikkie", "percent": 75, "used_octets": 75 * 10**9, "octets": 10**11, "ends_on": "2026-12-01"}
TOPUP = {"account": "frikkie", "octets": 10**10}
# what the jobs say of each kind
KINDS = {
    "overdue": DEBT,
    "second_notice": DEBT,
    "suspended": DEBT,
    "unsuspended": {},
    "promise_broken": {"pays_on": "2026-11-20"},
    "usage": USAGE,
    "topup": {**TOPUP, "expires_at": "2026-12-31T22:00:00+00:00"},
    "topup_expired": {**TOPUP, "left_octets": 10**9, "expires_at": "2026-12-31T22:00:00+00:00"},
    "report": {"period_start": "2026-10-01"},
}


def told(desk):
    """Return channel, recipient, subject of every message, in order."""
    return desk.sql("SELECT channel, recipient, subject FROM message ORDER BY id")


def test_every_kind_has_its_words(desk):
    """Each notice of every job is written by e-mail and SMS, in English and in Afrikaans, and none fails."""
    desk.sql("UPDATE customer SET notices_by_sms = true; UPDATE customer SET language = 'af' WHERE code = 'ANN001'")
    for kind, details in KINDS.items():
        desk.notice(kind, code="FRI001", **details)
        desk.notice(kind, code="ANN001", **details)
    desk.notice("topup", about="for ever", **TOPUP)

    count = 4 * (len(KINDS) - 1) + 2 + 2
    at = NOON + timedelta(hours=1)  # which a report waits for
    assert desk.compose(at) == {"notices": 2 * len(KINDS) + 1, "messages": count, "failed": 0}
    assert desk.compose(at) == {}
    texts = [body for (body,) in desk.sql("SELECT subject || body || coalesce(html, '') FROM message")]
    assert [text for text in texts if "None" in text or "{{" in text or "{%" in text] == []
    assert ("sms", "+27215550100", "") in told(desk)
    assert ("email", "ann@example.net", "Faktuur INV-7 is agterstallig") in told(desk)
    (body,) = desk.sql("SELECT body FROM message WHERE template = 'overdue' AND channel = 'sms' AND language = 'en'")[0]
    assert body == "Karoo Fibre: invoice INV-7 was due on 2026-11-01; 499.00 ZAR is not paid yet. Account FRI001."


def test_what_jobs_really_say(desk):
    """A top-up is bought, an invoice is overdue, its customer suspended, and pays: all of it is told."""
    desk.sql("UPDATE package SET cap_octets = 1e12; UPDATE customer_group SET overdue_days = 1, suspension_days = 5")
    desk.operator.do("invoice", "add", "FRI001", "INV-7", "499", "--issued", "2026-09-01", "--due", "2026-09-01")
    desk.operator.do("topup", "add", "frikkie", "10GB")
    with databases.transaction(desk.database.dsn) as session:
        for day in (2, 6):
            dunning.run(session, datetime(2026, 9, day, 6, tzinfo=UTC))  # 08:00 there
    desk.operator.do("payment", "add", "FRI001", "499")

    assert desk.compose(datetime.now(UTC) + timedelta(seconds=1))["failed"] == 0
    assert sorted(subject for _, _, subject in told(desk)) == [
        "10.0 GB more for frikkie",
        "Invoice INV-7 is overdue",
        "Your service is on again",
        "Your service is suspended",
    ]


def test_money_goes_to_who_pays(desk):
    """Debts go to the billing address and billing contacts, usage to the customer and technical ones; each once."""
    desk.sql(
        "UPDATE customer SET billing_email = 'books@example.net' WHERE code = 'FRI001';"
        "INSERT INTO contact (customer_id, name, purposes, email) VALUES"
        " (1, 'A', '{billing}', 'paul@example.net'), (1, 'B', '{billing}', 'BOOKS@example.net'),"
        " (1, 'C', '{technical}', 'tess@example.net'), (1, 'D', '{}', 'dora@example.net')"
    )
    desk.notice("overdue", **DEBT)
    desk.notice("usage", **USAGE)
    desk.compose()

    assert [recipient for _, recipient, _ in told(desk)] == [
        "books@example.net",
        "paul@example.net",
        "frikkie@example.net",
        "tess@example.net",
    ]


def test_as_the_customer_wants_it(desk):
    """By no way, without an address, deleted: the notice is done with, and there is no message."""
    desk.sql(
        "UPDATE customer SET notices_by_email = false WHERE code = 'FRI001';"
        "UPDATE customer SET email = NULL, phone = '555 0100', notices_by_sms = true WHERE code = 'ANN001';"
        "INSERT INTO customer (code, group_id, first_name, email, deleted_at)"
        " VALUES ('DEL001', 1, 'Del', 'del@example.net', now())"
    )
    for code in ("FRI001", "ANN001", "DEL001"):
        desk.notice("overdue", code=code, **DEBT)

    assert desk.compose() == {"notices": 3, "messages": 0, "failed": 0}
    assert desk.sql("SELECT FROM notice WHERE composed_at IS NULL") == []


def test_ones_own_words_and_language(desk):
    """The provider's own template goes before ours; the customer's language before the provider's, before English."""
    own = ("--channel", "sms", "--body", "Pay {{ owed }}, {{ first_name }}!")
    desk.operator.do("message", "template", "set", "overdue", "--language", "pt", *own)
    desk.sql("UPDATE installation SET language = 'af'; UPDATE customer SET notices_by_sms = true")
    desk.sql("UPDATE customer SET language = 'pt' WHERE code = 'FRI001'")
    desk.sql("UPDATE customer SET language = 'de' WHERE code = 'ANN001'")
    desk.notice("overdue", code="FRI001", **DEBT)
    desk.notice("overdue", code="ANN001", **DEBT)
    desk.compose()

    found = desk.sql("SELECT customer_id, channel, language FROM message ORDER BY id")
    assert found == [(1, "email", "af"), (1, "sms", "pt"), (2, "email", "af"), (2, "sms", "af")]
    assert desk.sql("SELECT body FROM message WHERE language = 'pt'") == [("Pay 499.00 ZAR, Frikkie!",)]


def test_a_template_that_cannot_be_filled_in_holds_up_nobody(desk):
    """The notice keeps the error, others go on; with another template it is written."""
    own = ("message", "template", "set", "overdue", "--subject", "Pay", "--body")
    desk.operator.do(*own, "until {{ pays_on }}")
    desk.notice("overdue", **DEBT)
    desk.notice("second_notice", **DEBT)
    desk.notice("of_no_kind")

    assert desk.compose() == {"notices": 1, "messages": 1, "failed": 2}
    assert desk.compose(NOON + timedelta(days=1)) == {}
    listed = desk.operator.json("notice", "list", "FRI001", "--state", "failed")
    assert [one["error"] for one in listed] == [
        "no template is named 'of_no_kind'",
        "the template cannot be filled in: pays_on has no value here; ask first: {% if pays_on %}",
    ]
    desk.operator.do("message", "template", "remove", "overdue")
    assert desk.compose(NOON + timedelta(days=1)) == {"notices": 1, "messages": 1, "failed": 0}


def test_quiet_hours_are_where_the_customer_is(desk):
    """A message that is written in its night leaves in its morning."""
    desk.sql("UPDATE installation SET quiet_from_minute = 21 * 60, quiet_until_minute = 7 * 60")
    desk.sql("UPDATE customer SET time_zone = 'America/New_York' WHERE code = 'ANN001'")
    for code in ("FRI001", "ANN001"):
        desk.notice("overdue", code=code, **DEBT)
    desk.compose()

    moments = dict(desk.sql("SELECT code, not_before FROM message JOIN customer ON customer.id = customer_id"))
    assert moments == {"FRI001": NOON, "ANN001": NOON}  # 14:00 and 07:00
    night = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)  # 22:30 and 15:30
    for code in ("FRI001", "ANN001"):
        desk.notice("unsuspended", code=code, at=night)
    desk.compose(night)
    assert desk.sql("SELECT not_before FROM message WHERE template = 'unsuspended' ORDER BY customer_id") == [
        (datetime(2026, 11, 23, 5, tzinfo=UTC),),
        (night,),
    ]


def test_a_resellers_customers_know_its_brand(desk, mailbox):
    """Who is a reseller's customer is written to in its name, from the provider's address."""
    desk.sql("INSERT INTO reseller (name, brand) VALUES ('Karoo', 'Karoo Wireless')")
    desk.sql("INSERT INTO customer_group (name, reseller_id) VALUES ('Theirs', 1)")
    desk.sql("UPDATE customer SET reseller_id = 1, group_id = 2 WHERE code = 'FRI001'")
    desk.notice("unsuspended")
    desk.compose()
    desk.deliver()

    (message,) = mailbox.arrived
    assert message["From"] == "Karoo Wireless <billing@karoo.example>"
    assert message.get_content().split()[-2:] == ["Karoo", "Wireless"]


@pytest.mark.parametrize("kind", ["overdue", "report"])
def test_when_it_is_due(desk, kind):
    """At the moment of the notice, a report an hour later; what is left of a queue, at once."""

    def due(after, until):
        with databases.transaction(desk.database.dsn) as session:
            return composing.due(session, after, until)

    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    assert due(NOON - hour, NOON + 9 * hour) is None
    desk.notice(kind, period_start="2026-10-01")
    moment = NOON + hour if kind == "report" else NOON
    assert due(NOON - hour, moment - minute) is None
    assert due(NOON - hour, NOON + 9 * hour) == moment
    assert due(moment + minute, NOON + 9 * hour) == NOON + 9 * hour
    desk.notice("overdue", about="2", **DEBT)
    desk.compose(NOON + hour)
    assert due(NOON - hour, NOON + 9 * hour) is None
