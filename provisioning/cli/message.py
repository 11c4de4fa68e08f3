"""tollkeeper message: what customers are told, and the log of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning import intent
from provisioning.cli import customer_list, files, output, types
from provisioning.cli.command import Command, LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.messages.outbox import File
    from provisioning.messages.sending import Sending
    from provisioning.messages.wording import Wording

_COLUMNS = ("id", "created_at", "customer", "channel", "recipient", "state", "subject", "last_error")
_KEYS = (
    "id, customer, notice (its kind; null: none), channel, recipient, subject, template, language, category,"
    " state (queued|sent|failed|bounced|cancelled), not_before, attempts, last_error, reference, sent_at, ended_at,"
    " author, created_at"
)
_SENT_KEYS = (
    "messages, sms_parts (SMS to pay for), customers (how many), unreached (customers without an address),"
    " unreached_codes (the first of them),"
    " first (a list of customer_id, channel, recipient, subject, body, html, not_before, language, template, category)"
)
_STATES = click.Choice(["queued", "sent", "failed", "bounced", "cancelled"])
_ID = click.IntRange(1, 2**63 - 1)
_message_id = click.argument("message_id", metavar="ID", type=_ID)


class _Send(Command):
    """A dry run of which shows the messages themselves."""

    dry_run_keys = "the same, and nothing is sent"

    def _change(self, ctx: click.Context, *, as_json: bool) -> output.Result:
        if not ctx.params["dry_run"]:
            return super()._change(ctx, as_json=as_json)
        del ctx.params["dry_run"], ctx.params["yes"]
        with intent.wanting(replace(intent.current(), dry_run=True)):
            tried: output.Result = click.Command.invoke(self, ctx)
        return tried


@click.group(
    cls=LazyGroup,
    members={
        "template": ("provisioning.cli.message_template:template", "Templates: the words of notices and messages."),
        "gateway": ("provisioning.cli.message_gateway:gateway", "By whom messages leave: mail server, SMS provider."),
    },
)
def message() -> None:
    """What customers are told by e-mail and SMS, and what became of it. Known by an id."""


@message.command(
    "send",
    cls=_Send,
    example="tollkeeper message send FRI001 --subject 'Work on the line' --body 'Dear {{ customer }}, ...'",
    keys=_SENT_KEYS,
)
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option("--all", "everybody", is_flag=True, help="To all customers.")
@click.option("--filter", "saved", metavar="NAME", help="To those of the list that was saved as this.")
@customer_list.filters
@click.option("--channel", type=click.Choice(["email", "sms"]), default="email", show_default=True)
@click.option("--template", help="In these words: see message template list.")
@click.option("--subject", help="Of an e-mail; may have fields in it.")
@click.option("--body", help="What to say; may have fields in it: {{ customer }}, {{ code }}, {{ balance }}.")
@click.option("--file", help="What to say, from a file; - for standard input.")
@click.option("--attach", "attached", metavar="FILE", multiple=True, help="This file goes with it. Repeat.")
@click.option("--at", type=types.TIME, help="Not before this moment, whatever the quiet hours; without it, they hold.")
def send(
    codes: tuple[str, ...],
    everybody: bool,
    saved: str | None,
    channel: Any,
    template: str | None,
    subject: str | None,
    body: str | None,
    file: str | None,
    attached: tuple[str, ...],
    at: date | None,
    **listed: Any,
) -> output.Result:
    """Write to one customer, to several, to those of a list, or to all. Deleted ones are never written to.

    The list's options are those of customer list. --dry-run shows the messages as they would be.
    """
    from provisioning import database, moments
    from provisioning.messages import sending

    words = template or _words(channel, subject, body, file)
    if template and (subject or body or file):
        raise BadInput("a template has its own words", "Give --template, or --subject and --body.")
    if channel == "sms" and attached:
        raise BadInput("an SMS has no files", "Leave out --attach.")
    ids = _customers(codes, everybody, saved, types.given(listed))
    with database.transaction() as session:
        not_before = None if at is None else moments.resolve(session, at)
        kept = [_keep(session, one) for one in attached]
        done = sending.send(
            *(session, ids), channel=channel, words=words, now=_now(), not_before=not_before, files=kept
        )
    return _told(done)


@message.command("list", example="tollkeeper message list FRI001 --state failed", keys=f"a list of ({_KEYS})")
@click.argument("code", required=False)
@click.option("--state", type=_STATES, help="Only in this state.")
@click.option("--channel", type=click.Choice(["email", "sms"]), help="Only by this channel.")
@click.option("--since", type=types.TIME, help="Only written since then.")
@click.option("--after", type=_ID, help="Start behind the message with this id.")
@click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True)
def listing(**filters: Any) -> output.Result:
    """List messages, the newest first; of a customer, where one is given."""
    from provisioning import reading
    from provisioning.messages import log

    with reading.look() as look:
        return output.Listing(log.messages(look, **filters), _COLUMNS).result()


@message.command(
    "show",
    example="tollkeeper message show 7",
    keys=f"{_KEYS}, body, html, attachments (file_name, media_type, sha256)",
)
@_message_id
def show(message_id: int) -> output.Result:
    """Show a message with its words."""
    from provisioning import reading
    from provisioning.messages import log

    with reading.look() as look:
        found = log.message(look, message_id)
    head = {key: value for key, value in found.items() if key not in ("body", "html", "attachments")}
    head["attachments"] = [one["file_name"] for one in found["attachments"]]
    shown = output.shown(head)
    body = ["", *str(found["body"]).splitlines()]
    draw = shown.draw

    def drawings() -> Iterable[Any]:
        yield from draw() if draw else ()
        yield from map(output.escape, body)

    return output.Result(found, lambda: [*shown.lines(), *body], drawings)


def _add_verb(verb: str, text: str) -> None:
    @message.command(verb, help=text, example=f"tollkeeper message {verb} 7", keys="id, state")
    @_message_id
    def change(message_id: int) -> output.Result:
        from provisioning import database
        from provisioning.messages import message as messages

        with database.transaction() as session:
            row = getattr(messages, verb)(session, message_id)
        return output.Result({"id": row.id, "state": row.state}, lambda: [f"message {row.id} is {row.state}"])


_add_verb("cancel", "Take a message out of the queue; refused once it has left.")


@message.command("retry", example="tollkeeper message retry 7", keys="retried (how many)")
@click.argument("message_id", metavar="[ID]", type=_ID, required=False)
@click.option("--all", "every", is_flag=True, help="All that have failed, or wait for their next try.")
def retry(message_id: int | None, every: bool) -> output.Result:
    """Try a message again that has failed, came back, was cancelled, or waits for its next try."""
    from provisioning import database
    from provisioning.messages import message as messages

    if (message_id is None) != every:
        raise BadInput("one message, or all", "Give an id, or --all.")
    with database.transaction() as session:
        if message_id is not None:
            messages.retry(session, message_id)
            number = 1
        else:
            number = messages.retry_all(session)
    return output.Result({"retried": number}, lambda: [f"{number:,} queued again"])


@message.command(
    "bounce",
    example="tollkeeper message bounce < report.eml",
    keys="id, state, action (failed|delayed|delivered|relayed|expanded), words",
)
@click.argument("file", default="-")
def bounce(file: str) -> output.Result:
    """Read a delivery report (RFC 3464) from a file or standard input, and mark the message that came back.

    Let the mail server hand it what arrives for the sender: in /etc/aliases, |"tollkeeper message bounce".
    """
    from provisioning import database
    from provisioning.messages import bounces

    octets = files.standard_input(bounces.LONGEST) if file == "-" else files.read(file, bounces.LONGEST)
    report = bounces.read(octets)
    with database.transaction() as session:
        row = bounces.mark(session, report)
    data = {"id": row.id, "state": row.state, "action": report.action, "words": report.words}
    return output.Result(data, lambda: [f"message {row.id} is {row.state}: {report.action} {report.words}"])


def _words(channel: Any, subject: str | None, body: str | None, file: str | None) -> "Wording":
    from provisioning.messages import sending

    if (body is None) == (file is None):
        raise BadInput("there is nothing to say, or twice", "Give --template, --body or --file.")
    words = files.text(file) if file is not None else body or ""
    return sending.written(channel, subject=subject or "", body=words)


def _customers(codes: tuple[str, ...], everybody: bool, saved: str | None, asked: dict[str, Any]) -> list[int]:
    """Return the ids of those who are meant, in exactly one way."""
    from provisioning import customer_list as customers
    from provisioning import reading
    from provisioning.errors import NotFound

    if bool(codes) + everybody + bool(saved or asked) != 1:
        raise BadInput("it is not said to whom, or in two ways", "Give account codes, the list's options, or --all.")
    with reading.look() as look:
        look.check_may_view("customer", "message")
        if codes:
            query = "SELECT code, id FROM customer WHERE code = ANY(%(codes)s) AND deleted_at IS NULL"
            found = dict(look.tuples(query, codes=[code.upper() for code in codes]))
            for code in codes:
                if code.upper() not in found:
                    raise NotFound(f"no customer is named {code!r}", "List them with: tollkeeper customer list.")
            return list(found.values())
        if saved is not None:
            from provisioning import saved_filter

            asked = saved_filter.find(look, saved)["options"] | asked
        return customers.ids(look, customer_list.wanted_by(asked))


def _keep(session: "Session", file: str) -> "File":
    from provisioning import attachment, rows
    from provisioning.messages.outbox import File

    limit, name = files.limit_octets(), Path(file).name
    rows.check_text(name, "the file's name")
    kept = attachment.keep(session, files.read(file, limit), store=files.store(), limit_octets=limit)
    return File(kept[0], name, kept[1])


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _told(done: "Sending") -> output.Result:
    data = vars(done) | {"first": [one._asdict() for one in done.first]}
    shown = done.first if intent.current().dry_run or done.messages == 1 else []

    def lines() -> Iterable[str]:
        for one in shown:
            yield f"to\t{one.recipient}\t{output.human('', one.not_before)}"
            yield from [f"subject\t{one.subject}"] if one.subject else []
            yield from ["", *one.body.splitlines(), ""]
        yield f"messages\t{done.messages}"
        yield f"customers\t{done.customers}"
        yield from [f"SMS to pay for\t{done.sms_parts}"] if done.sms_parts else []
        if done.unreached:
            yield f"cannot be reached\t{done.unreached}\t{', '.join(done.unreached_codes)}"

    return output.Result(data, lines)
