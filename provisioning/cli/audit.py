"""tollkeeper audit: who did what, when, and what each row was before and after."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, progress, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from provisioning.audit import Verdict

_POSITION = click.IntRange(1, 2**63 - 1)
_KEYS = "position, at, operator, act, detail (a comment, whom it acted as), program"
_ENTRY_KEYS = f"{_KEYS}, previous_hash, hash, changes (relation, key, before: null if added, after: null if removed)"
_COLUMNS = ("position", "at", "operator", "act", "what", "detail")


@click.group(cls=LazyGroup)
def audit() -> None:
    """The audit: every act, by whatever program, with each row before and after. A chain of hashes, only added to."""


@audit.command(
    "list",
    example="tollkeeper audit list --customer FRI001 --since 2026-11-01",
    keys=f"a list of ({_KEYS}, rows: how many it changed, what: the first of them)",
)
@click.option("--customer", help="Only what concerns this customer, by account code.")
@click.option("--operator", help="Only by this operator.")
@click.option("--act", help="Only this act: 'customer suspend'.")
@click.option("--noun", help="Only changes of this kind of row: customer, account, package.")
@click.option("--key", help="Only changes of rows of this name: FRI001, frikkie@example.")
@click.option("--since", type=types.TIME, help="Only from this time on.")
@click.option("--until", type=types.TIME, help="Only before this time.")
@click.option("--after", type=_POSITION, help="Start behind this position: fast at any depth.")
@click.option("--limit", type=click.IntRange(1, 10**5), default=100, show_default=True)
def listing(limit: int, **wanted: Any) -> output.Result:
    """List acts, the newest first."""
    from provisioning import audit as audits
    from provisioning import reading

    with reading.look() as look:
        found = audits.listing(look, audits.Wanted(**wanted), limit=limit)
    printed = [{**view, "what": _what(view)} for view in found]
    lines = output.Listing(printed, _COLUMNS).result()
    return output.Result(found, lines.lines, lines.draw)


@audit.command("show", example="tollkeeper audit show 42", keys=_ENTRY_KEYS)
@click.argument("position", type=_POSITION)
def show(position: int) -> output.Result:
    """Show an act: who, when, and every row before and after."""
    from provisioning import audit as audits
    from provisioning import reading

    with reading.look() as look:
        view = audits.find(look, position)
    head = output.shown({key: value for key, value in view.items() if key != "changes"})
    lines = [line for change in view["changes"] for line in _change(change)]
    return output.Result(
        view, lambda: [*head.lines(), *lines], lambda: [*(head.draw() if head.draw else ()), *map(output.escape, lines)]
    )


def _parse_head(typed: str) -> tuple[int, str]:
    from provisioning import audit as audits

    return audits.parse_head(typed)


@audit.command(
    "verify",
    example="tollkeeper audit verify --json",
    keys="whole, entries, position, head (POSITION:HASH), flaws (position, flaw)",
)
@click.option("--head", type=types.Parsed("HEAD", _parse_head), help="POSITION:HASH as noted at an earlier time.")
def verify(head: tuple[int, str] | None) -> output.Result:
    """Recompute the chain of hashes; exit 1 if an entry was edited, is missing, or was put in.

    Note the head that it prints somewhere outside of the database: with --head, a chain that somebody has made anew,
    or whose end was cut off, shows too.
    """
    from provisioning import audit as audits
    from provisioning import reading

    with reading.look() as look, progress.told("entries") as tell:
        verdict = audits.verify(look, head=head, tell=tell)
    data = {
        "whole": not verdict.flaws,
        "entries": verdict.entries,
        "position": verdict.position,
        "head": verdict.head,
        "flaws": [{"position": position, "flaw": flaw} for position, flaw in verdict.flaws],
    }
    return output.Result(data, lambda: _verdict(verdict), exit_status=1 if verdict.flaws else 0)


@audit.command(
    "export",
    example="tollkeeper audit export --after 41000 > audit.jsonl",
    keys=f"a line an entry, with or without --json ({_ENTRY_KEYS})",
)
@click.option("--after", type=click.IntRange(0, 2**63 - 1), default=0, help="Only those behind this position.")
def export(after: int) -> output.Result:
    """Print every act as a line of JSON, the oldest first, to be kept elsewhere."""
    return _Export(None, lambda: _exported(after))


class _Export(output.Result):
    """JSON lines, printed as they are read."""

    def print(self, *, as_json: bool) -> None:
        """Print a line an entry."""
        for line in self.lines():
            click.echo(line)


def _exported(after: int) -> Iterator[str]:
    from provisioning import audit as audits
    from provisioning import reading

    with reading.look() as look:
        for entry in audits.export(look, after=after):
            yield json.dumps(entry, default=str, ensure_ascii=False)


def _what(view: Mapping[str, Any]) -> str:
    more = f" and {view['rows'] - 1:,} more" if view["rows"] > 1 else ""
    return f"{view['what'] or '-'}{more}"


def _change(change: Mapping[str, Any]) -> Iterable[str]:
    name, before, after = f"{change['relation']} {change['key']}", change["before"], change["after"]
    if before is None or after is None:
        yield f"{name}: {'added' if before is None else 'removed'}"
        for key, value in (after or before or {}).items():
            yield f"  {output.heading(key)} {output.human(key, value)}"
        return
    yield f"{name}: changed"
    for key in before | after:
        yield f"  {output.heading(key)} {output.human(key, before.get(key))} -> {output.human(key, after.get(key))}"


def _verdict(verdict: "Verdict") -> Iterable[str]:
    for position, flaw in verdict.flaws:
        yield f"flaw\t{position if position is not None else '-'}\t{flaw}"
    word = f"{len(verdict.flaws):,} flaws" if verdict.flaws else "whole"
    yield f"{verdict.entries:,} {'entry' if verdict.entries == 1 else 'entries'} checked: {word}"
    yield f"head\t{verdict.head}"
