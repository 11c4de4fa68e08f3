"""tollkeeper message gateway: by whom messages leave."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import files, output, secrets, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput, Unreachable

if TYPE_CHECKING:
    from provisioning.models import MessageGateway

_KEYS = (
    "channel, enabled, sender, host, port, tls, url, method, body, headers, user_name, has_password, messages_a_second"
)
_HINT_HEADER = "Write it as 'Content-Type: application/json'."


def _read_header(typed: str) -> tuple[str, str]:
    name, colon, value = typed.partition(":")
    if not colon or not name.strip():
        raise BadInput(f"{typed!r} is not a header", _HINT_HEADER)
    return name.strip(), value.strip()


_OPTIONS: list[types.Spec] = [
    ("--sender", "sender", types.TEXT, "Karoo Fibre <billing@karoo.example>; of an SMS, the number or name."),
    ("--host", "host", types.TEXT, "The mail server."),
    ("--port", "port", types.NUMBER, "587 with starttls, 465 with tls, 25 with none, unless said."),
    ("--tls", "tls", types.Choice(["starttls", "tls", "none"]), "starttls, unless said; the certificate is checked."),
    (
        "--url",
        "url",
        types.TEXT,
        "Of the SMS provider; with fields: https://sms.example/send?to={{ number|urlencode }}.",
    ),
    ("--method", "method", types.Choice(["GET", "POST", "PUT"]), "POST, unless said."),
    ("--user", "user_name", types.TEXT.clearing(), "User name at the mail server or SMS provider."),
    ("--rate", "messages_a_second", types.NUMBER, "Messages a second, 10 unless said."),
]
_channel = click.argument("channel", type=click.Choice(["email", "sms"]))


@click.group(cls=LazyGroup)
def gateway() -> None:
    """By whom messages leave: a mail server (SMTP), an SMS provider (HTTP); one of each.

    URL, body and headers of an SMS provider are templates with the fields number, text, sender, user, password, id;
    filters urlencode, json, base64.
    """


@gateway.command("show", example="tollkeeper message gateway show email", keys=_KEYS)
@_channel
def show(channel: str) -> output.Result:
    """Show a gateway; its password is never shown."""
    from provisioning import database
    from provisioning.messages import gateway as gateways

    with database.transaction() as session:
        return output.shown(_view(gateways.find(session, channel)))


@gateway.command(
    "set",
    example="tollkeeper message gateway set email --host mail.example --sender billing@example.net --user billing",
    keys=f"gateway ({_KEYS}), changed (column: [before, after])",
)
@_channel
@types.columns(_OPTIONS, clears=False)
@click.option("--body", help='Of the request to an SMS provider; with fields: {"to": {{ number|json }}}.')
@click.option("--body-file", help="The same, from a file.")
@click.option(
    "--header",
    "headers",
    type=types.Parsed("HEADER", _read_header),
    multiple=True,
    help="Of the request: 'Authorization: Bearer {{ password }}'. Repeat; replaces all.",
)
@types.switch("enabled", "enable", "disable", "Whether messages leave; otherwise they wait.")
@click.option("--password-file", metavar="FILE", help="Read the password or token from a file, its first line.")
@click.option("--password-stdin", is_flag=True, help="Read it from standard input, its first line.")
@click.option("--ask-password", is_flag=True, help="Ask for it.")
@click.option("--no-password", is_flag=True, help="There is none.")
def put(
    channel: Any,
    body: str | None,
    body_file: str | None,
    headers: tuple[tuple[str, str], ...],
    password_file: str | None,
    password_stdin: bool,
    ask_password: bool,
    no_password: bool,
    **columns: Any,
) -> output.Result:
    """Set a gateway, or change what is given of it."""
    from provisioning import database
    from provisioning.messages import gateway as gateways

    given = types.given(columns)
    if body is not None and body_file is not None:
        raise BadInput("two bodies for one request", "Give --body or --body-file.")
    if (request := files.text(body_file) if body_file is not None else body) is not None:
        given["body"] = request or None
    if headers:
        given["headers"] = dict(headers)
    secret = secrets.handed_over(file=password_file, stdin=password_stdin)
    if ask_password:
        secret = secrets.ask(new=False)
    seal = secrets.open_seal()
    with database.transaction() as session:
        changes = gateways.put(session, channel, seal=seal, secret=secret, without_secret=no_password, **given)
        view = _view(gateways.find(session, channel))
    if not changes:
        return output.Result({"gateway": view, "changed": {}}, lambda: [f"gateway for {channel} is set"])
    return output.changed("gateway", channel, view, changes)


@gateway.command("remove", example="tollkeeper message gateway remove sms", keys="removed")
@_channel
def remove(channel: str) -> output.Result:
    """Remove a gateway; messages wait until there is another one."""
    from provisioning import database
    from provisioning.messages import gateway as gateways

    with database.transaction() as session:
        gateways.remove(session, gateways.find(session, channel))
    return output.removed("gateway", channel)


@gateway.command(
    "test",
    changes=False,
    example="tollkeeper message gateway test email ann@example.net",
    keys="taken (true), recipient, reference",
)
@_channel
@click.argument("recipient")
def test(channel: Any, recipient: str) -> output.Result:
    """Send a trial message at once, and show what the server says; exit 3 where it does not take it."""
    from provisioning import database, particulars
    from provisioning.messages import addressee, delivery
    from provisioning.messages import gateway as gateways
    from provisioning.messages.outcome import GatewayDown, Sent

    with database.transaction() as session:
        row = gateways.find(session, channel)
        columns = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    to = particulars.email(recipient) if channel == "email" else addressee.e164(recipient, None)
    if to is None:
        raise BadInput(f"{recipient!r} is not a phone number", "Write it as +27 21 555 0100.")
    try:
        outcome = delivery.send_one(columns, recipient=to, at=datetime.now(UTC))
    except GatewayDown as exc:
        raise Unreachable(f"gateway for {channel}: {exc}", "See: tollkeeper message gateway show.") from exc
    if not isinstance(outcome, Sent):
        raise Unreachable(f"the message was not taken: {outcome.words}", "See: tollkeeper message gateway show.")
    data = {"taken": True, "recipient": to, "reference": outcome.reference}
    return output.Result(data, lambda: [f"the message to {to} was taken"])


def _view(row: "MessageGateway") -> dict[str, Any]:
    hidden = {"secret"}
    view = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in hidden}
    return view | {"has_password": row.secret is not None}
