"""What a file is, by its content."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import media_type
from provisioning.errors import BadInput

ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def archive(*names, mimetype=None):
    """Return a zip archive with these members, perhaps a `mimetype` first."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as zipped:
        if mimetype is not None:
            zipped.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        for name in names:
            zipped.writestr(zipfile.ZipInfo(name), "x", compress_type=zipfile.ZIP_DEFLATED)  # without the time
    return octets.getvalue()


# signatures from: PDF 1.7 7.5.2; PNG (RFC 2083) 3.1; JFIF 1.02; GIF89a 17; RFC 9649 2.4; TIFF 6.0 section 2
TAKEN = {
    "application/pdf": [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n%%EOF\n", b"%PDF-1.4\nonly ASCII\n%%EOF\n"],
    "image/png": [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)],
    "image/jpeg": [b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20), b"\xff\xd8\xff\xe1\0\x10Exif\0\0" + bytes(20)],
    "image/gif": [b"GIF89a" + bytes(20), b"GIF87a" + bytes(20)],
    "image/webp": [b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20)],
    "image/tiff": [b"II*\0" + bytes(20), b"MM\0*" + bytes(20)],
    DOCX: [archive("[Content_Types].xml", "word/document.xml")],
    XLSX: [archive("[Content_Types].xml", "xl/workbook.xml")],
    ODT: [archive("content.xml", mimetype=ODT)],
    "text/plain": [b"hello\n", "grüß Gott".encode(), b"\xef\xbb\xbfwith a mark", b"BM is no picture here"],
    "text/csv": [b"day,octets\n2026-11-01,7\n", b"a;b;c\r\n1;2;3\r\n"],
}


@pytest.mark.parametrize("told", TAKEN)
def test_what_is_taken(told):
    """Each kind that is taken is told by its content."""
    assert [media_type.told(octets) for octets in TAKEN[told]] == [told] * len(TAKEN[told])


NOT_TAKEN = {
    "nothing": b"",
    "a program of Linux": b"\x7fELF\x02\x01\x01" + bytes(60),
    "a program of Windows": b"MZ\x90\0" + bytes(60),
    "a shell script": b"#!/bin/sh\nrm -rf /\n",
    "a page": b"<!DOCTYPE html><p>hello",
    "a page with a script": b"  <HTML><script>x()</script>",
    "SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "a sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
    "another picture": b"BM" + bytes(60),
    "Latin-1": b"Latin-1: \xe4",
    "text with a NUL": b"a line\0another",
    "what a terminal obeys": b"\x1b]0;title\x07",
    "an archive": archive("anything.exe"),
    "a presentation": archive("[Content_Types].xml", "ppt/presentation.xml"),
    "what says that it is a program": archive("content.xml", mimetype="application/x-msdownload"),
    "macros of Word": archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "macros of LibreOffice": archive("content.xml", "Basic/Standard/script-lb.xml", mimetype=ODT),
    "half an archive": archive("[Content_Types].xml", "word/document.xml")[:-10],
    "the head of an archive": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_is_not_taken(name):
    """Programs, scripts, pages, archives, macros, other pictures, and what is damaged are refused."""
    with pytest.raises(BadInput):
        media_type.told(NOT_TAKEN[name])


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"PK\x03\x04" + rest))
def test_any_content_is_told_or_refused(octets):
    """Whatever is in a file: one of the kinds that are taken, or BadInput."""
    with suppress(BadInput):
        assert media_type.told(octets)
