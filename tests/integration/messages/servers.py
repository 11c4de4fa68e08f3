"""A mail server and an SMS provider for messages to arrive at, which take, refuse, put off, break off."""

import asyncio
import datetime
import ipaddress
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fix_waiting import free_tcp_port

USER, PASSWORD = "billing", "word-of-a-gateway"


def write_certificate(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 that signs itself, with its key, into one file; return it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@dataclass
class Mailbox:
    """What arrived at a mail server, and what it is to answer: by address, or to all; each answer once."""

    port: int
    arrived: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)  # Message-IDs, of what broke off too
    to_address: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    to_text: list[str] = field(default_factory=list)
    cuts: int = 0  # so many messages break off
    connections: set[int] = field(default_factory=set)
    closes_after: int = 1000  # messages a connection
    pauses: bool = False  # while it has the text, and has not answered
    reached: threading.Event = field(default_factory=threading.Event)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        """Begin a connection."""
        session.host_name, session.taken = hostname, 0
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        """Refuse an address if told so."""
        if self.to_address[address]:
            return self.to_address[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        """Close a connection that has had enough."""
        if session.taken >= self.closes_after:
            server.transport.close()
            return "421 enough"
        self.connections.add(id(server))
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        """Take a message, or do as told."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.tried.append(message["Message-ID"])
        self.reached.set()
        while self.pauses:
            await asyncio.sleep(0.01)
        if self.cuts:
            self.cuts -= 1
            server.transport.abort()
            return "250 OK"
        if self.to_text:
            return self.to_text.pop(0)
        self.arrived.append(message)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        session.taken += 1
        return "250 OK"


def _who(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=known)


@contextmanager
def mail_server(*, context=None, starttls=False, auth=False):
    """Run a mail server: in clear, with STARTTLS, or TLS from the first octet on (`context` without `starttls`)."""
    mailbox = Mailbox(free_tcp_port())
    options = {"tls_context": context, "require_starttls": True} if starttls else {"ssl_context": context}
    if auth:
        options |= {"authenticator": _who, "auth_required": True, "auth_require_tls": starttls}
    controller = Controller(mailbox, "127.0.0.1", mailbox.port, ready_timeout=60, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass
class SmsProvider:
    """What arrived at an SMS provider, and what it is to answer."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)


@contextmanager
def sms_provider():
    """Run an SMS provider's HTTP server, which takes everything unless told otherwise."""
    provider = SmsProvider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            provider.requests.append((self.command, self.path, headers, self.rfile.read(length).decode()))
            status, text = provider.answers.pop(0) if provider.answers else (200, '{"messages": [{"id": 4711}]}')
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", f"{provider.url}/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
