"""Operators write to customers, look into the log, keep messages back, and learn what came back."""

from datetime import timedelta

import pytest

from tests.integration.messages.conftest import NOON

HELLO = ("--subject", "Work on {{ today }}", "--body", "Dear {{ customer }}, you owe {{ balance }}.")


def many(desk, number):
    """Add customers of another group."""
    desk.sql("INSERT INTO customer_group (name) VALUES ('Shops')")
    desk.sql(
        "INSERT INTO customer (code, group_id, first_name, email)"
        " SELECT 'SHP' || lpad(i::text, 3, '0'), 2, 'Shop ' || i, 'shop' || i || '@example.net'"
        " FROM generate_series(1, %s) AS i",
        number,
    )


def test_one_customer(desk):
    """The fields are filled in, the message is queued and logged, with who wrote it."""
    sent = desk.operator.json("message", "send", "fri001", *HELLO)

    assert (sent["messages"], sent["customers"], sent["unreached"]) == (1, 1, 0)
    (row,) = desk.operator.json("message", "list", "FRI001")
    assert (row["customer"], row["recipient"], row["state"], row["author"]) == (
        *("FRI001", "frikkie@example.net", "queued", "tollkeeper"),
    )
    shown = desk.operator.json("message", "show", str(row["id"]))
    assert shown["body"] == "Dear Frikkie Visser, you owe 0.00 ZAR."
    assert desk.operator.json("message", "list", "--state", "sent") == []
    assert desk.operator.json("message", "list", "ANN001") == []


def test_those_of_a_list(desk):
    """Whom `customer list` lists is written to, deleted ones never; who cannot be reached is told."""
    many(desk, 4)
    desk.sql("UPDATE customer SET deleted_at = now() WHERE code = 'SHP001'")
    desk.sql("UPDATE customer SET email = NULL WHERE code = 'SHP002'")

    sent = desk.operator.json("message", "send", "--group", "Shops", *HELLO)
    assert (sent["messages"], sent["unreached_codes"]) == (2, ["SHP002"])
    desk.operator.do("customer", "list", "--group", "Shops", "--save", "shops")
    assert desk.operator.json("message", "send", "--filter", "shops", "--code", "SHP003", *HELLO)["messages"] == 1
    assert desk.operator.json("message", "send", "--all", *HELLO)["customers"] == 4


def test_more_than_ten_are_asked_about(desk):
    """Ten are written to at once; eleven only with --yes, and nothing is queued before."""
    many(desk, 11)

    assert desk.operator.refused("message", "send", "--group", "Shops", *HELLO) == "it concerns 11 customers"
    assert desk.sql("SELECT FROM message") == []
    assert desk.operator.json("message", "send", "--group", "Shops", *HELLO, "--yes")["messages"] == 11
    ten = [f"SHP{number:03}" for number in range(1, 11)]
    assert desk.operator.json("message", "send", *ten, *HELLO)["messages"] == 10


def test_a_dry_run_shows_the_messages(desk):
    """Each as it would be, and none is queued."""
    shown = desk.operator.do("message", "send", "FRI001", "ANN001", *HELLO, "--dry-run")

    assert "to\tann@example.net" in shown
    assert "Dear Frikkie Visser, you owe 0.00 ZAR." in shown
    assert desk.operator.json("message", "send", "--all", *HELLO, "--dry-run")["messages"] == 2
    assert desk.sql("SELECT FROM message") == []


def test_by_sms_and_when(desk):
    """To the phone, in E.164; at a moment of the operator's, whatever the quiet hours, which hold otherwise."""
    desk.sql("UPDATE installation SET quiet_from_minute = 0, quiet_until_minute = 1439, time_zone = 'UTC'")
    desk.operator.do("message", "send", "--all", "--channel", "sms", "--body", "Hi", "--at", "2026-11-30")
    sent = desk.operator.json("message", "send", "FRI001", "--channel", "sms", "--body", "Hi " + "x" * 160)
    assert (sent["messages"], sent["sms_parts"]) == (1, 2)

    found = desk.sql("SELECT recipient, to_char(not_before AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM message")
    assert [recipient for recipient, _ in found] == ["+49305550100", "+27215550100", "+27215550100"]
    assert {moment for _, moment in found[:2]} == {"2026-11-30 00:00"}
    assert found[2][1].endswith("23:59")


def test_by_a_template_of_ones_own(desk, tmp_path):
    """A template under a new name, from a file, with HTML and a category; in the customer's language."""
    (tmp_path / "work.txt").write_text("Dear {{ customer }},\n\nwork is coming.\n")
    (tmp_path / "work.html").write_text("<p>Dear {{ customer }}</p>")
    files = ("--file", str(tmp_path / "work.txt"), "--html-file", str(tmp_path / "work.html"))
    desk.operator.do("message", "template", "set", "work", "--subject", "Work", *files, "--category", "maintenance")
    desk.sql("UPDATE customer SET first_name = 'A&B' WHERE code = 'ANN001'")
    desk.operator.do("message", "send", "ANN001", "--template", "work")

    (row,) = desk.operator.json("message", "list")
    assert (row["template"], row["language"], row["category"]) == ("work", "en", "maintenance")
    shown = desk.operator.json("message", "show", str(row["id"]))
    assert (shown["body"], shown["html"]) == ("Dear A&B Botha,\n\nwork is coming.", "<p>Dear A&amp;B Botha</p>")
    assert "work\ten\temail\tyes\tmaintenance\tWork" in desk.operator.do("message", "template", "list")
    assert "Dear A&B Botha" in desk.operator.do("message", "template", "preview", "work", "ANN001")


def test_what_cannot_be_sent(desk, tmp_path):
    """To nobody, to two sorts of people, without words, with two sorts of words, with fields that there are not."""
    refused = {
        HELLO: "it is not said to whom, or in two ways",
        ("FRI001", "--all", *HELLO): "it is not said to whom, or in two ways",
        ("XXX001", *HELLO): "no customer is named 'XXX001'",
        ("FRI001", "--subject", "x"): "there is nothing to say, or twice",
        ("FRI001", "--body", "x"): "an e-mail needs a subject",
        ("FRI001", "--template", "overdue", "--body", "x"): "a template has its own words",
        ("FRI001", "--template", "nope"): "no template is named 'nope'",
        ("FRI001", "--template", "report", "--channel", "sms"): "template 'report' has no words for sms",
        ("FRI001", "--subject", "x", "--body", "{{ invoice }}"): "no field is named 'invoice'",
        ("FRI001", "--subject", "x", "--body", "{{ 1/0 }}"): "a template has no div (line 1)",
        ("FRI001", *HELLO, "--attach", str(tmp_path)): f"file {tmp_path} cannot be read: Is a directory",
    }
    for arguments, cause in refused.items():
        assert desk.operator.refused("message", "send", *arguments) == cause
    said = desk.operator.refused("message", "send", "FRI001", "--template", "overdue")
    assert said.startswith("customer FRI001: the template cannot be filled in: invoice has no value here")
    assert desk.sql("SELECT FROM message") == []


def test_kept_back_and_tried_again(desk, mailbox):
    """What has not left can be cancelled; what has failed, or was cancelled, can be tried again."""
    message_id = str(desk.queue())
    assert desk.operator.do("message", "cancel", message_id) == f"message {message_id} is cancelled\n"
    assert desk.deliver() == {}
    desk.operator.do("message", "retry", message_id)
    desk.sql("UPDATE message SET not_before = %s", NOON)
    mailbox.to_address["ann@example.net"] = ["550 no"]
    assert desk.deliver() == {"failed": 1}
    assert desk.operator.json("message", "retry", "--all") == {"retried": 1}
    desk.sql("UPDATE message SET not_before = %s", NOON)
    assert desk.deliver() == {"sent": 1}
    assert "it is sent" in desk.operator.refused("message", "cancel", message_id)
    assert "was sent" in desk.operator.refused("message", "retry", message_id)


def test_files_of_messages_are_not_swept_away(desk, tmp_path):
    """A file that only a message has stays in the store."""
    (tmp_path / "terms.txt").write_text("terms")
    desk.operator.do("message", "send", "FRI001", *HELLO, "--attach", str(tmp_path / "terms.txt"))

    assert desk.operator.json("attachment", "verify", "--sweep")["swept"] == 0


REPORT = """\
From: MAILER-DAEMON@mx.example
To: billing@karoo.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ann@example.net
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user
--b
Content-Type: {kind}

From: billing@karoo.example
Message-ID: <{reference}@karoo.example>
Subject: Work

--b--
"""


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_what_comes_back_is_marked(desk, mailbox, kind):
    """A report of failure marks its message; one of a delay, or about nothing of ours, marks none."""
    desk.queue()
    desk.deliver()
    ((reference,),) = desk.sql("SELECT reference FROM message")

    def report(action, of=reference):
        return REPORT.format(action=action, kind=kind, reference=of)

    assert desk.operator.json("message", "bounce", stdin=report("delayed"))["state"] == "sent"
    assert desk.operator.json("message", "bounce", stdin=report("failed"))["state"] == "bounced"
    assert desk.states() == [("bounced", 1, "5.1.1 smtp; 550 no such user")]
    other = reference[:-12] + "000000000000"
    assert "no message that was sent" in desk.operator.refused("message", "bounce", stdin=report("failed", other))
    for rubbish in ("", "rubbish", report("failed", "1"), REPORT[:400]):
        assert "reports no delivery" in desk.operator.refused("message", "bounce", stdin=rubbish)


def test_by_which_ways(desk):
    """A customer's ways and percentages, a group's percentages; the log says what was told."""
    changed = desk.operator.json("notice", "set", "FRI001", "--no-email", "--sms", "--percents", "90,50,90")["changed"]
    assert changed == {
        "notices_by_email": [True, False],
        "notices_by_sms": [False, True],
        "usage_notice_percents": [None, [50, 90]],
    }
    desk.operator.do("notice", "set", "FRI001", "--percents", "none")
    desk.operator.do("notice", "set", "--group", "Homes", "--percents", "80", "--yes")
    assert desk.sql("SELECT usage_notice_percents FROM customer WHERE code = 'FRI001'") == [(None,)]
    assert desk.sql("SELECT usage_notice_percents FROM customer_group") == [([80],)]
    for arguments in (("FRI001", "--percents", "0"), ("--group", "Homes", "--sms"), (), ("FRI001", "--percents", "x")):
        desk.operator.refused("notice", "set", *arguments)
    desk.notice("unsuspended", at=NOON - timedelta(hours=1))
    desk.compose()
    (row,) = desk.operator.json("notice", "list", "FRI001", "--kind", "unsuspended")
    assert (row["kind"], row["messages"], row["sent"]) == ("unsuspended", 1, 0)


def test_ways_are_columns_of_the_customer(desk):
    """They can be given when a customer is added, and are shown with it."""
    ways = ("--no-notices-by-email", "--notices-by-sms", "--cycle-report")
    added = desk.operator.json("customer", "add", "--group", "Homes", "--first-name", "Ben", *ways)["customer"]
    assert (added["notices_by_email"], added["notices_by_sms"], added["cycle_report"]) == (False, True, True)
    edited = desk.operator.json("customer", "edit", added["code"], "--notices-by-email")["changed"]
    assert edited == {"notices_by_email": [False, True]}


def test_the_profile_has_the_last_messages(desk):
    """What a customer was told last is on its page; who may not see messages sees that he may not."""
    desk.notice("unsuspended")
    desk.compose()
    (row,) = desk.operator.json("customer", "show", "FRI001", "--section", "messages")["messages"]

    assert (row["notice"], row["recipient"], row["state"]) == ("unsuspended", "frikkie@example.net", "queued")
    assert "frikkie@example.net\tunsuspended\tYour service is on again\tqueued" in desk.operator.do(
        "customer", "show", "FRI001"
    )
