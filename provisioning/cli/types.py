"""Options and their types: what is typed is read by provisioning/units.py and its like, and refused with a hint."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provisioning import hours, units
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _Clear:
    """What an option holds that clears a column: None means that the option was not given."""


CLEAR = _Clear()


class Choice(click.Choice[str]):
    """One of some words; `none` clears, where that is allowed."""

    def __init__(self, words: Sequence[str], *, clears: bool = False) -> None:
        super().__init__(words)
        self._clears = clears

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word."""
        return CLEAR if self._clears and value in ("", "none") else super().convert(value, param, ctx)

    def clearing(self) -> "Choice":
        """Return the same choice, which `none` clears."""
        return Choice(self.choices, clears=True)


class Parsed(click.ParamType[Any]):
    """A value that a function reads, which raises `BadInput` where it cannot. `none` clears, where that is allowed."""

    def __init__(self, name: str, parse: Callable[[str], Any], *, clears: bool = False) -> None:
        self.name = name
        self._parse = parse
        self._clears = clears

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value read."""
        if not isinstance(value, str):
            return value
        if self._clears and value in ("", "none"):
            return CLEAR
        try:
            return self._parse(value)
        except BadInput as exc:
            option = param.opts[-1] if param is not None and param.param_type_name == "option" else self.name
            raise BadInput(f"{option}: {exc.message}", exc.hint) from exc

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[Any]]":
        """Return the names of things that the parameter may be, for a shell's tab key."""
        from provisioning.cli import completion

        return completion.names(ctx, param, incomplete)

    def clearing(self) -> "Parsed":
        """Return the same type, which `none` clears."""
        return Parsed(self.name, self._parse, clears=True)


def _read_time(text: str) -> datetime | date:
    return units.parse_time(text, datetime.now(UTC))


def _read_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadInput(f"{text!r} is not a number", "Write it in digits.")
    return int(text)


def _read_profile(text: str) -> tuple[str, tuple[str, str]]:
    vendor, equals, names = text.partition("=")
    download, slash, upload = names.partition("/")
    if not (vendor and equals and download and (upload or not slash)):
        raise BadInput(f"{text!r} is not a profile", "Write it as huawei=GOLD, or huawei=GOLD-DOWN/GOLD-UP.")
    return vendor, (download, upload or download)


def _read_reply(text: str) -> Any:
    from provisioning import reply_attributes

    return reply_attributes.parse(text)


TEXT = Parsed("TEXT", str)
NUMBER = Parsed("NUMBER", _read_number)
RATE = Parsed("RATE", units.parse_bps)
OCTETS = Parsed("DATA", units.parse_octets)
MONEY = Parsed("MONEY", units.parse_cents)
BALANCE = Parsed("MONEY", units.parse_balance)
PERCENT = Parsed("PERCENT", units.parse_percent)
DURATION = Parsed("DURATION", units.parse_seconds)
TIME = Parsed("TIME", _read_time)
DAY = Parsed("DAY", units.parse_day)
MAC = Parsed("MAC", units.parse_mac)
TIME_OR_NEVER = Parsed("WHEN", lambda text: CLEAR if text == "never" else _read_time(text))
ROUTE = Parsed("ROUTE", str, clears=True)
TIME_OF_DAY = Parsed("HH:MM", hours.parse_minute)
HOURS = Parsed("HOURS", hours.parse_hours)
WEEKDAYS = Parsed("DAYS", hours.parse_weekdays)
BAND = Parsed("BAND", hours.parse_band, clears=True)
PROFILE = Parsed("PROFILE", _read_profile, clears=True)
REPLY = Parsed("ATTRIBUTE", _read_reply, clears=True)

Spec = tuple[str, str, click.ParamType[Any], str]  # option, column, type, help


def columns(specs: Iterable[Spec], *, clears: bool) -> Callable[[Decorated], Decorated]:
    """Return a decorator that gives a command an option per column; where `clears`, `none` clears a column."""

    def decorate(function: Decorated) -> Decorated:
        for option, column, kind, text in reversed(list(specs)):
            allowed = kind.clearing() if clears and isinstance(kind, Parsed | Choice) else kind
            multiple = kind in (BAND, PROFILE, REPLY, ROUTE)
            function = click.option(option, column, type=allowed, multiple=multiple, help=text)(function)
        return function

    return decorate


def switch(column: str, on: str, off: str, text: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator for a yes-or-no column: one flag each, neither leaves it."""
    return click.option(f"--{on}/--{off}", column, default=None, help=text)


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given; cleared ones as None, repeated ones as a list, `none` as an empty one."""
    return {column: _value(value) for column, value in options.items() if value is not None and value != ()}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [item for item in value if item is not CLEAR]
    return None if value is CLEAR else value


def paging(after: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that gives a list its --limit, --offset and --after."""

    def decorate(function: Decorated) -> Decorated:
        for option in (
            click.option("--offset", type=click.IntRange(0, 10**9), default=0, help="Leave out the first so many."),
            click.option("--after", default=None, help=f"Start behind this {after}: fast at any depth."),
            click.option("--limit", type=click.IntRange(1, 10**6), default=100, show_default=True),
        ):
            function = option(function)
        return function

    return decorate
