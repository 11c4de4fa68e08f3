"""E-mails arrive at a real mail server, over TLS; what it refuses, puts off or breaks off is dealt with."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from demo.settings import REPOSITORY
from tests.integration.messages import servers
from tests.integration.messages.conftest import NOON, set_mail
from tests.integration.messages.servers import PASSWORD, USER

SIGNED_IN = ("--user", USER, "--password-stdin")


@pytest.mark.usefixtures("trusted")
def test_a_message_arrives_whole(desk, server_context, tmp_path):
    """Over STARTTLS and with a password: text, HTML, a file, from whom, to whom, when, under which id."""
    (tmp_path / "map.txt").write_text("where the work is: Kerkstraat, ¼ past 9")
    with servers.mail_server(context=server_context, starttls=True, auth=True) as mailbox:
        set_mail(desk, mailbox, "--tls", "starttls", *SIGNED_IN, stdin=PASSWORD)
        desk.operator.do(
            *("message", "send", "FRI001", "--subject", "Môre, {{ customer }}", "--body", "Dear {{ first_name }} …"),
            *("--attach", str(tmp_path / "map.txt"), "--at", "2026-11-22"),
        )
        desk.sql("UPDATE message SET html = '<p>Dear Frikkie</p>'")

        assert desk.deliver() == {"sent": 1}

    (message,) = mailbox.arrived
    assert (message["From"], message["To"]) == ("Karoo Fibre <billing@karoo.example>", "frikkie@example.net")
    assert message["Subject"] == "Môre, Frikkie Visser"
    assert message["Date"].datetime == NOON
    assert message.get_body(("plain",)).get_content().splitlines() == ["Dear Frikkie …"]
    assert message.get_body(("html",)).get_content().strip() == "<p>Dear Frikkie</p>"
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("map.txt", "where the work is: Kerkstraat, ¼ past 9")
    assert mailbox.envelopes == [("billing@karoo.example", ["frikkie@example.net"])]
    ((state, sent_at, reference),) = desk.sql("SELECT state, sent_at, reference FROM message")
    assert (state, sent_at) == ("sent", NOON)
    assert message["Message-ID"] == f"<{reference}@karoo.example>"


@pytest.mark.usefixtures("trusted")
def test_tls_from_the_first_octet(desk, server_context):
    """A server that speaks TLS at once is spoken to so."""
    with servers.mail_server(context=server_context) as mailbox:
        set_mail(desk, mailbox, "--tls", "tls")
        desk.queue()

        assert desk.deliver() == {"sent": 1}


def test_a_certificate_that_nobody_vouches_for(desk, server_context):
    """Nothing is told to a server whose certificate is not good: the messages wait, and say why."""
    with servers.mail_server(context=server_context, starttls=True) as mailbox:
        set_mail(desk, mailbox, "--tls", "starttls")
        desk.queue()

        assert desk.deliver() == {"put_off": 1}

    ((state, attempts, error),) = desk.states()
    assert (state, attempts, mailbox.tried) == ("queued", 1, [])
    assert "CERTIFICATE_VERIFY_FAILED" in error


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_holds_everything_up_together(desk, server_context):
    """A server that does not know us is no reason to try each message; the password is told to nobody."""
    with servers.mail_server(context=server_context, starttls=True, auth=True) as mailbox:
        set_mail(desk, mailbox, "--tls", "starttls", *SIGNED_IN, stdin="word-that-is-wrong")
        for _ in range(3):
            desk.queue()

        assert desk.deliver() == {"put_off": 3}
        assert {state for state, _, _ in desk.states()} == {"queued"}
        assert "535" in desk.states()[0][2]
        assert desk.deliver(NOON + timedelta(seconds=59)) == {}

        set_mail(desk, mailbox, "--tls", "starttls", *SIGNED_IN, stdin=PASSWORD)
        desk.sql("UPDATE message SET not_before = %s", NOON)
        assert desk.deliver() == {"sent": 3}
    shown = desk.operator.do("message", "gateway", "show", "email", "--json") + desk.operator.do("audit", "list")
    assert PASSWORD not in shown + str(desk.sql("SELECT * FROM audit_change"))


def test_mending_a_gateway_is_trying_again(desk):
    """What waits for its next try because nobody answered is due at once when the gateway is set anew."""
    with servers.mail_server() as mailbox:
        set_mail(desk, mailbox)
    desk.queue()
    assert desk.deliver() == {"put_off": 1}
    desk.sql("UPDATE message SET not_before = now() + interval '4 h'")

    with servers.mail_server() as mailbox:
        set_mail(desk, mailbox)
        assert desk.sql("SELECT not_before <= now() FROM message") == [(True,)]


def test_one_connection_for_many(desk, mailbox):
    """Thirty messages, one connection, each with an id of its own."""
    for number in range(30):
        desk.queue(recipient=f"c{number}@example.net")

    assert desk.deliver() == {"sent": 30}
    assert len(mailbox.connections) == 1
    assert len({message["Message-ID"] for message in mailbox.arrived}) == 30
    assert desk.deliver() == {}


def test_two_at_once_send_each_message_once(desk, mailbox):
    """Whoever else delivers takes what nobody has in hand."""
    for number in range(40):
        desk.queue(recipient=f"c{number}@example.net")

    with ThreadPoolExecutor() as pool:
        counts = list(pool.map(lambda _: desk.deliver(), range(2)))

    assert sum(count.get("sent", 0) for count in counts) == 40
    assert len(mailbox.arrived) == len({message["To"] for message in mailbox.arrived}) == 40


def test_a_message_that_is_on_its_way_is_not_kept_back(desk, mailbox):
    """Who cancels a message while it is handed over waits, and learns that it was sent."""
    mailbox.pauses = True
    message_id = desk.queue()
    with ThreadPoolExecutor() as pool:
        delivered = pool.submit(desk.deliver)
        mailbox.reached.wait(30)
        cancelled = pool.submit(desk.operator.run, "message", "cancel", str(message_id))
        time.sleep(0.2)
        assert not cancelled.done()
        mailbox.pauses = False

    assert delivered.result() == {"sent": 1}
    assert "it is sent" in cancelled.result().stderr


def test_killed_in_between(desk, mailbox, eventually):
    """Who is killed before he could write down that a message was sent, sends it again, and the mailbox can tell."""
    mailbox.pauses = True
    desk.queue()
    deliver = "import sys, datetime; from provisioning.messages import delivery;"
    deliver += "delivery.work(sys.argv[1], datetime.datetime.fromisoformat(sys.argv[2]))"
    killed = subprocess.Popen([sys.executable, "-c", deliver, desk.database.dsn, NOON.isoformat()], cwd=REPOSITORY)
    assert mailbox.reached.wait(60)
    killed.kill()
    killed.wait()
    mailbox.pauses = False

    def sent():
        assert desk.deliver() == {"sent": 1}

    eventually(sent)
    assert len(mailbox.tried) == 2
    assert len(set(mailbox.tried)) == 1


def test_a_server_that_closes_now_and_then(desk, mailbox):
    """A connection that has had enough is made anew, and nothing is sent twice or late."""
    mailbox.closes_after = 2
    for number in range(5):
        desk.queue(recipient=f"c{number}@example.net")

    assert desk.deliver() == {"sent": 5}
    assert sorted(message["To"] for message in mailbox.arrived) == [f"c{number}@example.net" for number in range(5)]
    assert len(mailbox.connections) == 3


def test_put_off_then_taken(desk, mailbox):
    """4xx: tried again after a minute, two, four; the others are not held up."""
    mailbox.to_address["ann@example.net"] = ["451 greylisted", "451 greylisted"]
    desk.queue()
    desk.queue(recipient="ben@example.net")

    assert desk.deliver() == {"put_off": 1, "sent": 1}
    assert desk.states()[0] == ("queued", 1, "451 greylisted")
    assert desk.deliver(NOON + timedelta(seconds=59)) == {}
    assert desk.deliver(NOON + timedelta(seconds=60)) == {"put_off": 1}
    assert desk.deliver(NOON + timedelta(seconds=179)) == {}
    assert desk.deliver(NOON + timedelta(seconds=180)) == {"sent": 1}
    assert desk.states()[0] == ("sent", 3, None)


@pytest.mark.parametrize("where", ["to_address", "to_text"])
def test_refused_for_good(desk, mailbox, where):
    """5xx: it has failed at once, in the server's words."""
    answers = mailbox.to_text if where == "to_text" else mailbox.to_address["ann@example.net"]
    answers.append("550 5.1.1 no such mailbox")
    desk.queue()

    assert desk.deliver() == {"failed": 1}
    assert desk.states() == [("failed", 1, "550 5.1.1 no such mailbox")]
    assert desk.sql("SELECT ended_at FROM message") == [(NOON,)]


def test_a_connection_cut_in_the_text(desk, mailbox):
    """Nobody knows whether it was taken: it is sent again, with the same Message-ID."""
    mailbox.cuts = 1
    desk.queue()

    assert desk.deliver() == {"put_off": 1}
    assert desk.deliver(NOON + timedelta(minutes=1)) == {"sent": 1}
    assert len(mailbox.tried) == 2
    assert len(set(mailbox.tried)) == 1


def test_a_day_is_long_enough(desk):
    """With nobody answering, a message is tried 14 times, ever more rarely, and has failed after a day."""
    with servers.mail_server() as mailbox:
        set_mail(desk, mailbox)
    desk.queue()
    at, tries = NOON, []
    while desk.states()[0][0] == "queued":
        assert desk.deliver(at) == {"put_off": 1}
        tries.append(at)
        ((at,),) = desk.sql("SELECT not_before FROM message")

    assert len(tries) == 14
    assert timedelta(hours=24) <= tries[-1] - NOON <= timedelta(hours=25)
    assert "refused" in desk.states()[0][2]


def test_not_before_its_time(desk, mailbox):
    """A message waits until its moment has come, to the second."""
    desk.queue(not_before=NOON)

    assert desk.deliver(NOON - timedelta(seconds=1)) == {}
    assert desk.deliver(NOON) == {"sent": 1}
    assert len(mailbox.arrived) == 1


def test_without_a_gateway_messages_wait(desk, mailbox):
    """A gateway that is disabled, or not there, loses nothing."""
    desk.operator.do("message", "gateway", "set", "email", "--disable")
    desk.queue()
    assert desk.deliver() == {}
    desk.operator.do("message", "gateway", "remove", "email")
    assert desk.deliver() == {}
    set_mail(desk, mailbox)
    assert desk.deliver() == {"sent": 1}


def test_no_more_a_second_than_wanted(desk, mailbox):
    """Three messages at ten a second take two tenths of a second at least."""
    set_mail(desk, mailbox, "--rate", "10")
    for _ in range(3):
        desk.queue()
    began = time.monotonic()

    assert desk.deliver() == {"sent": 3}
    assert time.monotonic() - began >= 0.2


def test_nothing_in_a_message_becomes_a_header(desk, mailbox):
    """Line breaks in a name, which only SQL can write, end up inside the subject's one line."""
    desk.sql(r"UPDATE customer SET first_name = E'Fri\r\nBcc: eve@example.net\r\n\r\nkkie' WHERE code = 'FRI001'")
    desk.operator.do(
        *("message", "send", "FRI001", "--subject", "For {{ first_name }}", "--body", "x", "--at", "2026-11-22")
    )

    assert desk.deliver() == {"sent": 1}
    (message,) = mailbox.arrived
    assert message["Subject"] == "For Fri Bcc: eve@example.net kkie"
    assert message["Bcc"] is None
    assert mailbox.envelopes == [("billing@karoo.example", ["frikkie@example.net"])]


def test_an_address_that_is_none_is_refused(desk, mailbox):
    """What only SQL can write as a recipient reaches no server, and holds up nobody."""
    for recipient in ("a@example.net\r\nDATA", "no address", "a b@example.net", "@", "a@" + "ü" * 70 + ".example"):
        desk.queue(recipient=recipient)
    desk.queue(recipient="ben@example.net")

    assert desk.deliver()["sent"] == 1
    assert [rcpt for _, (rcpt,) in mailbox.envelopes] == ["ben@example.net"]
    assert [state for state, _, _ in desk.states()] == ["failed"] * 5 + ["sent"]


def test_addresses_of_the_world(desk, mailbox):
    """A domain with umlauts goes out in ASCII; a mailbox with them as it is, to a server that takes them (SMTPUTF8)."""
    desk.queue(recipient="ann@büro.example")
    desk.queue(recipient="jörg@example.net")

    counts = desk.deliver()
    assert next(rcpt for _, (rcpt,) in mailbox.envelopes) == "ann@xn--bro-hoa.example"
    assert counts in ({"sent": 2}, {"sent": 1, "failed": 1})


def test_a_trial_message(desk, mailbox):
    """`gateway test` says what the server says: taken, or exit 3 with its words."""
    assert "was taken" in desk.operator.do("message", "gateway", "test", "email", "ann@example.net")
    assert mailbox.arrived[0]["Subject"] == "Trial message"
    mailbox.to_address["ann@example.net"] = ["550 no"]
    refused = desk.operator.run("message", "gateway", "test", "email", "ann@example.net")
    assert (refused.exit_code, "550 no" in refused.stderr) == (3, True)
