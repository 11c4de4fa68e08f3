"""Upload and download as bars beside each other, on one scale, in any width of terminal. Pure.

Two colours, and two arrows for whoever has none (NO_COLOR, a pipe).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provisioning.cli import measured

UPLOAD, DOWNLOAD = "cyan", "magenta"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_TICKS = 4
_LEAST_BAR, _AMOUNT = 10, len("999 MB")


class Span(NamedTuple):
    """A piece of a line and its colour ('' for none)."""

    text: str
    style: str = ""


class Bar(NamedTuple):
    """One label with its octets."""

    label: str
    octets_in: int
    octets_out: int


Line = list[Span]


def draw(bars: Sequence[Bar], *, columns: int) -> Iterator[Line]:
    """Yield the lines of a chart that is `columns` wide: a legend, two lines a bar, and the scale they are on."""
    labels = max((len(bar.label) for bar in bars), default=0)
    width = max(_LEAST_BAR, columns - labels - len(" ↑ │") - _AMOUNT - 2)
    top = scale(max((max(bar.octets_in, bar.octets_out) for bar in bars), default=0))
    indent = " " * (labels + len(" ↑ "))
    yield [Span(indent), Span("↑ upload", UPLOAD), Span("  "), Span("↓ download", DOWNLOAD)]
    for bar in bars:
        yield _line(bar.label.ljust(labels), "↑", bar.octets_in, UPLOAD, width, top)
        yield _line(" " * labels, "↓", bar.octets_out, DOWNLOAD, width, top)
    yield [Span(f"{indent}└{_axis(width)}", "dim")]
    yield [Span(f"{indent}{_figures(width, top)}", "dim")]


def scale(most: int) -> int:
    """Return the least of 4, 8, 20, 40, 80, 200, ... that is no less: four ticks of it are round numbers."""
    unit = 1
    while True:
        for step in (4, 8, 20):
            if step * unit >= most:
                return step * unit
        unit *= 10


def _line(label: str, arrow: str, octets: int, style: str, width: int, top: int) -> Line:
    return [
        Span(f"{label} "),
        Span(arrow, style),
        Span(" │", "dim"),
        Span(_bar(octets, width, top), style),
        Span(f" {measured.octets(octets)}" if octets else " 0"),
    ]


def _bar(octets: int, width: int, top: int) -> str:
    """Return a bar; what is not nothing is an eighth of a character at least."""
    eighths = octets * width * 8 // top
    whole, rest = divmod(max(eighths, 1 if octets else 0), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _axis(width: int) -> str:
    marks = {width * tick // _TICKS for tick in range(1, _TICKS + 1)}
    return "".join("┴" if at in marks else "─" for at in range(1, width + 1))


def _figures(width: int, top: int) -> str:
    """Return the figures of the scale, each ending below its tick."""
    text = "0"
    for tick in range(1, _TICKS + 1):
        figure, at = measured.octets(top * tick // _TICKS), width * tick // _TICKS + 1
        if at - len(figure) > len(text):
            text += figure.rjust(at - len(text))
    return text
