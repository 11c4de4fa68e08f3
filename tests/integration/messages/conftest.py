"""A provider with customers who can be written to, a mail server, an SMS provider, and the jobs in between."""

import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from provisioning import database as databases
from provisioning.messages import composing, delivery
from tests.command_line import Operator
from tests.fix_database import Database
from tests.integration.messages import servers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_PROVIDER = """
UPDATE installation SET name = 'Karoo Fibre', time_zone = 'Africa/Johannesburg';
INSERT INTO customer_group (name) VALUES ('Homes');
INSERT INTO package (name) VALUES ('Home 50');
INSERT INTO customer (code, group_id, first_name, last_name, email, phone, country, created_at)
VALUES ('FRI001', 1, 'Frikkie', 'Visser', 'frikkie@example.net', '021 555 0100', 'ZA', '2026-01-01'),
       ('ANN001', 1, 'Ann', 'Botha', 'ann@example.net', '+49 30 5550100', NULL, '2026-01-01');
INSERT INTO account (customer_id, package_id, user_name) VALUES (1, 1, 'frikkie'), (2, 1, 'ann');
"""


@dataclass(frozen=True)
class Desk:
    """Where messages are written and leave from."""

    database: Database
    operator: Operator

    def sql(self, statement, *arguments):
        """Run a statement as the owner; return its rows as tuples."""
        with closing(self.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def notice(self, kind, about="1", code="FRI001", at=NOON, **details):
        """Note what a customer is to be told."""
        import json

        self.sql(
            "INSERT INTO notice (customer_id, kind, about, noticed_at, details)"
            " SELECT id, %s, %s, %s, %s FROM customer WHERE code = %s",
            *(kind, about, at, json.dumps(details), code),
        )

    def compose(self, at=NOON):
        """Run the job `notices` for a moment."""
        with databases.transaction(self.database.dsn) as session:
            return dict(composing.run(session, at))

    def deliver(self, at=NOON):
        """Run the job `delivery` for a moment."""
        return dict(delivery.work(self.database.dsn, at))

    def queue(self, recipient="ann@example.net", channel="email", body="Hello", not_before=NOON):
        """Queue a message; return its id."""
        ((message_id,),) = self.sql(
            "INSERT INTO message (customer_id, channel, recipient, subject, body, not_before, reference)"
            " VALUES (1, %s, %s, 'Work', %s, %s, gen_random_uuid()::text) RETURNING id",
            *(channel, recipient, body, not_before),
        )
        return message_id

    def states(self):
        """Return state, attempts and last error of every message, in order."""
        return self.sql("SELECT state, attempts, last_error FROM message ORDER BY id")


@pytest.fixture
def desk(database, monkeypatch):
    """Return the desk of a provider with the customers FRI001 and ANN001, of this process's environment."""
    for name, value in database.environ.items():
        monkeypatch.setenv(name, value)
    made = Desk(database, Operator(database.environ))
    made.sql(_PROVIDER)
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Return a file with a certificate of 127.0.0.1 and its key."""
    return servers.write_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def trusted(certificate, monkeypatch):
    """Trust that certificate in this process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def server_context(certificate):
    """Return TLS as a server with that certificate speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def mailbox(desk):
    """Return a mail server in clear, to which the desk's e-mails go."""
    with servers.mail_server() as made:
        set_mail(desk, made)
        yield made


def set_mail(desk, mailbox, *more, stdin=None):
    """Let the desk's e-mails go to a mail server."""
    tls = () if "--tls" in more else ("--tls", "none")
    sender = ("--sender", "Karoo Fibre <billing@karoo.example>", "--rate", "1000")
    address = ("--host", "127.0.0.1", "--port", str(mailbox.port))
    desk.operator.do("message", "gateway", "set", "email", *address, *tls, *sender, *more, stdin=stdin)
