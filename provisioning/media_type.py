"""What a file is, told by its content and never by its name. Pure.

Rules: images and PDF by their signature (puremagic); office documents by what is inside their zip archive; what else is
UTF-8 without control characters is text. Nothing else is taken, and nothing that runs: no programs, no HTML or SVG,
no scripts, no documents with macros, no archives, of which nobody knows what is in them.
"""

import io
import zipfile

from provisioning.errors import BadInput

_SIGNED = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff"})
_OPEN_XML = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OPEN_DOCUMENT = frozenset(
    {"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"}
)
_MACRO_FOLDERS = ("basic/", "scripts/")
_MACRO_FILES = ("vbaproject.bin", "activex1.bin")
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<script", b"<?xml", b"<?php", b"<body", b"<iframe")
_LONGEST_MIMETYPE = 100
_TEXT_CONTROLS = b"\t\n\r\f"

_HINT = "PDF, PNG, JPEG, GIF, WebP, TIFF, docx, xlsx, odt, ods, UTF-8 text and CSV are taken."


def told(octets: bytes) -> str:
    """Return the media type of a file's content; raise `BadInput` for what is not taken."""
    if not octets:
        raise BadInput("the file is empty", _HINT)
    found = _signed(octets) or _zipped(octets) or _text(octets)
    if found is None:
        raise BadInput("the file is none that is taken", _HINT)
    return found


def _signed(octets: bytes) -> str | None:
    import puremagic

    try:
        best = puremagic.magic_string(octets)[0].mime_type
    except (puremagic.PureError, ValueError, IndexError):
        return None
    return best if best in _SIGNED else None


def _zipped(octets: bytes) -> str | None:
    """Return the type of an office document."""
    if not octets.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            names = [name.lower() for name in archive.namelist()]
            found = _open_document(archive) or _open_xml(names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as exc:
        raise BadInput("the file is a damaged archive", _HINT) from exc
    if found is not None and any(name.startswith(_MACRO_FOLDERS) or name.endswith(_MACRO_FILES) for name in names):
        raise BadInput("the document has macros", "Save it without them, or as PDF.")
    return found


def _open_xml(names: list[str]) -> str | None:
    if "[content_types].xml" not in names:
        return None
    return next((kind for name, kind in _OPEN_XML.items() if name in names), None)


def _open_document(archive: zipfile.ZipFile) -> str | None:
    """Return what the member `mimetype` says: the first, not compressed (OpenDocument 1.3, part 2, section 3.3)."""
    first = archive.infolist()[:1]
    if not first or first[0].filename != "mimetype" or first[0].compress_type != zipfile.ZIP_STORED:
        return None
    if first[0].file_size > _LONGEST_MIMETYPE:
        return None
    said = archive.read(first[0]).decode("ascii", "replace")
    return said if said in _OPEN_DOCUMENT else None


def _text(octets: bytes) -> str | None:
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    controls = octets.translate(None, delete=_TEXT_CONTROLS)
    if any(octet < 0x20 or octet == 0x7F for octet in controls):
        return None
    lower = octets.lower()
    if octets.startswith(b"#!") or any(word in lower for word in _MARKUP):
        raise BadInput("the file is a script or a page with markup", _HINT)
    return "text/csv" if _is_table(text) else "text/plain"


def _is_table(text: str) -> bool:
    """Return whether every line has the same number of one of CSV's separators."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and any(
        lines[0].count(separator) > 0 and len({line.count(separator) for line in lines}) == 1 for separator in ",;\t"
    )
