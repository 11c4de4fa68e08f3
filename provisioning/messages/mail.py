"""E-mail by SMTP (RFC 5321): one connection for many messages, over TLS whose certificate is checked.

Rules: what the server refuses for good (5xx) is refused; what it refuses for now (4xx), and a connection that breaks,
is tried again. A connection that has served before and breaks is made anew once, at once. A server that does not
answer, whose certificate is not good, or that does not know us, is down: no message is tried for nothing. A private
authority's certificate is trusted where SSL_CERT_FILE names it.

Known weakness: where the connection breaks between the message and the server's 250, nobody knows whether it was
taken. It is sent again with the same Message-ID, by which most mailboxes show it once.
"""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple, Self

from provisioning.messages import gateway
from provisioning.messages.gateway import Gateway
from provisioning.messages.outcome import GatewayDown, Outcome, PutOff, Refused, Sent, said
from provisioning.messages.rendering import one_line

_TIMEOUT_SECONDS = 30.0
_TOO_BIG = 552  # the one answer to MAIL FROM that is about the message (RFC 1870)
_CLOSING = 421
_ANSWERED = smtplib.SMTPResponseException
_POLICY = policy.SMTP.clone(cte_type="7bit")  # no server has to take 8BITMIME


class File(NamedTuple):
    """A file that goes with a message."""

    file_name: str
    media_type: str
    octets: bytes


class Mail(NamedTuple):
    """An e-mail; `reference` becomes its Message-ID, `brand` the name of its sender."""

    reference: str
    recipient: str
    subject: str
    body: str
    html: str | None = None
    files: Sequence[File] = ()
    brand: str | None = None
    by_machine: bool = True


def build(mail: Mail, sender: Address, at: datetime) -> EmailMessage:
    """Return the message as it is sent; what is in it cannot become a header."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender if mail.brand is None else Address(one_line(mail.brand), addr_spec=sender.addr_spec)
    message["To"] = Address(addr_spec=_ascii_domain(mail.recipient))
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail.reference}@{sender.domain}>"
    if mail.by_machine:
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    for file in mail.files:
        kind, _, subtype = file.media_type.partition("/")
        charset = {"charset": "utf-8"} if kind == "text" else {}
        message.add_attachment(file.octets, maintype=kind, subtype=subtype, filename=file.file_name, params=charset)
    return message


class Server:
    """A connection to the mail server, as a context; raises `GatewayDown` where there is none to be had."""

    def __init__(self, configured: Gateway) -> None:
        self._gateway = configured
        self._sender = gateway.address(configured.sender)
        self._has_served = False

    def __enter__(self) -> Self:
        self._smtp = self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()

    def send(self, mail: Mail, at: datetime) -> Outcome:
        """Hand a message over."""
        try:
            message = build(mail, self._sender, at)
        except (ValueError, LookupError, AttributeError, MessageError) as exc:  # of an address that is none
            return Refused(f"no message can be made of it: {self._said(str(exc))}")
        try:
            outcome = self._send(mail.recipient, message)
        except (smtplib.SMTPServerDisconnected, OSError) as exc:
            had_served, self._has_served = self._has_served, False
            self._smtp.close()
            self._smtp = self._connect()
            if had_served:
                return self.send(mail, at)
            return PutOff(f"the connection broke: {self._said(str(exc))}")
        self._has_served = True
        return outcome

    def _send(self, recipient: str, message: EmailMessage) -> Outcome:
        address = _ascii_domain(recipient)
        options = [] if address.isascii() else ["SMTPUTF8"]
        if options and not self._smtp.has_extn("smtputf8"):
            return Refused("the mail server takes no such address (SMTPUTF8)")
        octets = message.as_bytes(policy=_POLICY.clone(utf8=bool(options)))
        try:
            self._smtp.sendmail(self._sender.addr_spec, [address], octets, mail_options=options)
        except smtplib.SMTPRecipientsRefused as exc:
            return self._refused(*exc.recipients[address])
        except smtplib.SMTPSenderRefused as exc:
            if exc.smtp_code in (_TOO_BIG, _CLOSING):
                return self._refused(exc.smtp_code, exc.smtp_error)
            raise GatewayDown(self._said(f"sender refused: {exc.smtp_code} {_text(exc.smtp_error)}")) from exc
        except _ANSWERED as exc:
            return self._refused(exc.smtp_code, exc.smtp_error)
        return Sent()

    def _refused(self, code: int, words: bytes | str) -> Outcome:
        if code == _CLOSING:
            raise smtplib.SMTPServerDisconnected(f"{code} {_text(words)}")
        line = self._said(f"{code} {_text(words)}")
        return Refused(line) if code >= 500 else PutOff(line)

    def _connect(self) -> smtplib.SMTP:
        configured, smtp = self._gateway, None
        try:
            smtp = self._greeted()
            if configured.user_name is not None:
                smtp.login(configured.user_name, configured.secret or "")
            smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException, UnicodeError) as exc:
            if smtp is not None:
                smtp.close()
            words = f"{exc.smtp_code} {_text(exc.smtp_error)}" if isinstance(exc, _ANSWERED) else str(exc)
            where = f"mail server {configured.host}:{configured.port}"
            raise GatewayDown(self._said(f"{where}: {words}")) from exc
        return smtp

    def _greeted(self) -> smtplib.SMTP:
        """Return a connection over TLS, if it is to be."""
        configured, context, name = self._gateway, ssl.create_default_context(), socket.gethostname()
        where = (configured.host, configured.port, name)
        if configured.tls == "tls":
            return smtplib.SMTP_SSL(*where, timeout=_TIMEOUT_SECONDS, context=context)
        smtp = smtplib.SMTP(*where, timeout=_TIMEOUT_SECONDS)
        if configured.tls == "starttls":
            try:
                smtp.starttls(context=context)
            except BaseException:
                smtp.close()
                raise
        return smtp

    def _said(self, words: str) -> str:
        return said(words, secret=self._gateway.secret)


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _ascii_domain(address: str) -> str:
    """Return an address whose domain is in ASCII (RFC 5890), which every server takes."""
    import idna

    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"
