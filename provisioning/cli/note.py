"""tollkeeper note: what somebody wrote down about a customer."""

import sys

import click

from provisioning.cli import belongings, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

_COLUMNS = ("id", "created_at", "author", "kind", "text")
_KEYS = "id, customer, kind (note|popup|debtor), text, author, created_at, removed_at"
_MOST_OCTETS = 100_000


@click.group(cls=LazyGroup)
def note() -> None:
    """Notes about customers, with author and time. Known by an id."""


@note.command(
    "add", example="tollkeeper note add FRI001 'the dog is loose, ring first' --popup", keys=f"note ({_KEYS})"
)
@click.argument("code")
@click.argument("text")
@click.option("--popup", is_flag=True, help="To be shown first, whenever the customer is looked at.")
@click.option("--debtor", is_flag=True, help="About money owed.")
def add(code: str, text: str, popup: bool, debtor: bool) -> output.Result:
    """Add a note; its TEXT may be - for standard input, of several lines."""
    from provisioning import note as notes

    if popup and debtor:
        raise BadInput("a note is of one kind", "Choose --popup or --debtor.")
    kind: notes.Kind = "popup" if popup else "debtor" if debtor else "note"
    words = _stdin() if text == "-" else text
    return belongings.added("note", code, lambda session, owner: notes.add(session, owner, words, kind=kind))


@note.command("list", example="tollkeeper note list FRI001", keys=f"a list of ({_KEYS})")
@click.argument("code")
@click.option("--removed", is_flag=True, help="Those that were removed.")
def listing(code: str, removed: bool) -> output.Result:
    """List a customer's notes, the latest first."""
    from provisioning import note as notes

    return belongings.listed(code, lambda session, owner: notes.listing(session, owner.id, removed=removed), _COLUMNS)


@note.command("remove", example="tollkeeper note remove 7", keys="removed")
@click.argument("note_id", metavar="ID", type=types.NUMBER)
def remove(note_id: int) -> output.Result:
    """Take a note out of sight; `note list --removed` has it still."""
    from provisioning import note as notes

    return belongings.removed("note", note_id, notes)


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read(_MOST_OCTETS).decode()
    except UnicodeDecodeError as exc:
        raise BadInput("the note is not UTF-8", "Write it in UTF-8.") from exc
