"""tollkeeper attachment: files of customers."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from provisioning import units
from provisioning.cli import belongings, files, output, types
from provisioning.cli.command import LazyGroup
from provisioning.errors import BadInput

_COLUMNS = ("id", "file_name", "media_type", "octets", "author", "created_at", "description")
_KEYS = "id, customer, file_name, media_type, octets, sha256, description, author, created_at, removed_at"
_attachment_id = click.argument("attachment_id", metavar="ID", type=types.NUMBER)


@dataclass(frozen=True)
class _Content(output.Result):
    """Octets for standard output, as they are."""

    octets: bytes = b""

    def print(self, *, as_json: bool) -> None:
        """Write the octets, whatever else was asked for."""
        sys.stdout.buffer.write(self.octets)
        sys.stdout.buffer.flush()


@click.group(cls=LazyGroup)
def attachment() -> None:
    """Files of customers, kept by their content: contracts, photos, letters. Known by an id.

    PDF, PNG, JPEG, GIF, WebP, TIFF, docx, xlsx, odt, ods, UTF-8 text and CSV, told by their content. Up to 20 MiB, or
    TOLLKEEPER_ATTACHMENT_OCTETS.
    """


@attachment.command(
    "add",
    example="tollkeeper attachment add FRI001 contract.pdf --description 'signed contract'",
    keys=f"attachment ({_KEYS})",
)
@click.argument("code")
@click.argument("file")
@click.option("--description", help="What it is.")
def add(code: str, file: str, description: str | None) -> output.Result:
    """Keep a file of a customer."""
    from provisioning import attachment as attachments

    limit = files.limit_octets()
    octets = files.read(file, limit)
    return belongings.added(
        "attachment",
        code,
        lambda session, owner: attachments.add(
            *(session, owner, octets),
            file_name=Path(file).name,
            store=files.store(),
            limit_octets=limit,
            description=description,
        ),
    )


@attachment.command("list", example="tollkeeper attachment list FRI001", keys=f"a list of ({_KEYS})")
@click.argument("code")
def listing(code: str) -> output.Result:
    """List a customer's attachments."""
    from provisioning import attachment as attachments

    return belongings.listed(code, attachments.listing, _COLUMNS)


@attachment.command("show", example="tollkeeper attachment show 7", keys=f"{_KEYS}, preview (the first lines, of text)")
@_attachment_id
def show(attachment_id: int) -> output.Result:
    """Show what an attachment is; of a text, its first lines."""
    from provisioning import attachment as attachments
    from provisioning import database

    with database.transaction() as session:
        row = attachments.find(session, attachment_id)
        view = belongings.of(session, row)
        preview = attachments.preview(row, files.store())
    shown = output.shown(view)

    def draw() -> Iterable[Any]:
        yield from shown.draw() if shown.draw else ()
        yield from map(output.escape, preview)

    return output.Result({**view, "preview": preview}, lambda: [*shown.lines(), *preview], draw)


@attachment.command(
    "get", changes=False, example="tollkeeper attachment get 7 --output contract.pdf", keys="id, file, octets"
)
@_attachment_id
@click.option("-o", "--output", "file", help="Into this new file; without it, to standard output.")
def get(attachment_id: int, file: str | None) -> output.Result:
    """Take out the file of an attachment; one that is damaged or missing is told."""
    from provisioning import attachment as attachments
    from provisioning import database

    with database.transaction() as session:
        row = attachments.find(session, attachment_id)
        octets = files.store().get(row.sha256)
    if file is None:
        if sys.stdout.isatty() and not row.media_type.startswith("text/"):
            raise BadInput("the file is none for a terminal", f"Give it a name: --output {row.file_name}.")
        return _Content({}, lambda: (), octets=octets)
    files.write_new(file, octets)
    data = {"id": row.id, "file": file, "octets": len(octets)}
    return output.Result(data, lambda: [f"attachment {row.id} is in {file}"])


@attachment.command("remove", example="tollkeeper attachment remove 7", keys="removed")
@_attachment_id
def remove(attachment_id: int) -> output.Result:
    """Remove an attachment; its file goes with the next `verify --sweep`."""
    from provisioning import attachment as attachments

    return belongings.removed("attachment", attachment_id, attachments)


@attachment.command(
    "verify",
    example="tollkeeper attachment verify --sweep",
    keys="attachments, octets, flaws (a list of id, customer, file_name, flaw), swept (files; null: not asked for)",
)
@click.option("--sweep", is_flag=True, help="Remove files that no attachment has: removed ones, failed additions.")
def verify(sweep: bool) -> output.Result:
    """Read every file and compare its SHA-256; exit 1 where one is damaged or missing."""
    from provisioning import attachment as attachments
    from provisioning import database

    with database.transaction() as session:
        found = attachments.verify(session, files.store())
        flaws = [(belongings.of(session, row), flaw) for row, flaw in found.flaws]
        swept = attachments.sweep(session, files.store()) if sweep else None
    data = {
        "attachments": found.attachments,
        "octets": found.octets,
        "flaws": [{key: row[key] for key in ("id", "customer", "file_name")} | {"flaw": flaw} for row, flaw in flaws],
        "swept": swept,
    }

    def lines() -> Iterable[str]:
        yield from (f"attachment {row['id']} of customer {row['customer']}: {flaw}" for row, flaw in flaws)
        yield f"{found.attachments} read, {units.format_octets(found.octets)}, {len(flaws)} damaged or missing"
        if swept is not None:
            yield f"{swept} swept"

    return output.Result(data, lines, exit_status=1 if flaws else 0)
