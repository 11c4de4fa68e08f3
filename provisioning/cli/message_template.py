"""tollkeeper message template: the words of notices and messages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import files, output
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.messages.wording import Wording

_KEYS = "name, language, channel, subject, body, html, category, own (else it comes with Tollkeeper)"
_COLUMNS = ("name", "language", "channel", "own", "category", "subject")
_name = click.argument("name")
_language = click.option("--language", default="en", show_default=True, help="Letters of ISO 639: en, af, pt.")
_channel = click.option("--channel", type=click.Choice(["email", "sms"]), default="email", show_default=True)


@click.group(cls=LazyGroup)
def template() -> None:
    """The words of notices and messages, by name, language and channel.

    \b
    A template has fields in it, in Jinja2's way, which are asked for where they may be missing:
      Dear {{ customer }}, invoice {{ invoice }} is due{% if due_on %} since {{ due_on }}{% endif %}.
    Of a customer: customer, title, first_name, last_name, code, provider, balance, today.
    Of a notice: invoice, due_on, days, owed, suspends_on, pays_on, account, percent, used, data,
      left, period_start, ends_on, expires_at.
    Of the report: report.first_day, last_day, total, download, upload; lists report.accounts
      (account, package, total, download, upload), report.days (day, total, width).
    Filters: upper, lower, title, capitalize, trim, default, length, first, last, join, urlencode.

    Notices look for the template of their kind in the customer's language, the provider's, English: overdue,
    second_notice, suspended, unsuspended, promise_broken, usage, topup, topup_expired, report.
    """


@template.command("list", example="tollkeeper message template list", keys=f"a list of ({_KEYS})")
def listing() -> output.Result:
    """List templates: the provider's own, and those that come with Tollkeeper."""
    from provisioning import database
    from provisioning.messages import template as templates

    with database.transaction() as session:
        found = [one._asdict() | {"own": own} for one, own in templates.listing(session)]
    return output.Listing(found, _COLUMNS).result()


@template.command("show", example="tollkeeper message template show overdue --language af", keys=_KEYS)
@_name
@_language
@_channel
@click.option("--html", "as_html", is_flag=True, help="Print the HTML of an e-mail instead of its text.")
def show(name: str, language: str, channel: Any, as_html: bool) -> output.Result:
    """Show a template as it is used."""
    from provisioning import database
    from provisioning.messages import template as templates

    with database.transaction() as session:
        found = templates.find(session, name, language=language, channel=channel)
    lines = (found.html or "") if as_html else f"Subject: {found.subject}\n\n{found.body}"
    if channel == "sms":
        lines = found.body
    own = bool(found.category) or found not in _built_in()
    return output.Result(found._asdict() | {"own": own}, lines.splitlines)


@template.command(
    "set",
    example="tollkeeper message template set overdue --subject 'Please pay {{ invoice }}' --file overdue.txt",
    keys=f"template ({_KEYS})",
)
@_name
@_language
@_channel
@click.option("--subject", default="", help="Of an e-mail.")
@click.option("--body", help="The words.")
@click.option("--file", help="The words, from a file; - for standard input.")
@click.option("--html-file", help="The same in HTML, beside the text of an e-mail.")
@click.option("--category", help="Under which messages are logged: marketing, maintenance.")
def put(
    name: str,
    language: str,
    channel: Any,
    subject: str,
    body: str | None,
    file: str | None,
    html_file: str | None,
    category: str | None,
) -> output.Result:
    """Set the provider's own words, in place of those that come with Tollkeeper or under a new name."""
    from provisioning import database
    from provisioning.messages import template as templates
    from provisioning.messages.wording import Wording

    if (body is None) == (file is None):
        raise BadInput("there is nothing to say, or twice", "Give --body or --file.")
    words = files.text(file) if file is not None else body or ""
    html = None if html_file is None else files.text(html_file)
    with database.transaction() as session:
        done = templates.put(session, Wording(name, language, channel, subject, words, html, category))
    view = done._asdict() | {"own": True}
    return output.Result({"template": view}, lambda: [f"template {name} is set in {done.language} for {channel}"])


@template.command("remove", example="tollkeeper message template remove overdue", keys="removed")
@_name
@_language
@_channel
def remove(name: str, language: str, channel: Any) -> output.Result:
    """Remove the provider's own words; those that come with Tollkeeper are used again."""
    from provisioning import database
    from provisioning.messages import template as templates

    with database.transaction() as session:
        templates.remove(session, name, language=language, channel=channel)
    return output.removed("template", name)


@template.command(
    "preview",
    changes=False,
    example="tollkeeper message template preview overdue FRI001 --language af",
    keys="subject, body, html",
)
@_name
@click.argument("code")
@_language
@_channel
@click.option("--out", metavar="FILE", help="Write the HTML into this new file.")
def preview(name: str, code: str, language: str, channel: Any, out: str | None) -> output.Result:
    """Show what a customer would read, with invented particulars of a notice."""
    from provisioning import database
    from provisioning.messages import template as templates

    with database.transaction() as session:
        words = templates.find(session, name, language=language, channel=channel)
        done = templates.preview(session, words, code)
    if out is not None:
        if done.html is None:
            raise BadInput(f"template {name!r} has no HTML", "Leave out --out.")
        files.write_new(out, done.html.encode())

    def lines() -> Iterable[str]:
        yield from [f"subject\t{done.subject}", ""] if done.subject else []
        yield from done.body.splitlines()

    return output.Result(done._asdict(), lines)


def _built_in() -> "Iterable[Wording]":
    from provisioning.messages import wording

    return wording.built_in().values()
