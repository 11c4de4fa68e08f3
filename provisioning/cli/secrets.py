"""Where passwords and secrets come from: a file, standard input, a prompt, a generator; never from argv.

Everybody on the machine can read argv, so an option never holds one.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from provisioning.errors import BadInput
from provisioning.key import home as home
from provisioning.key import key_file as key_file
from provisioning.key import open_seal as open_seal

_MOST_OCTETS = 4096
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def password_options(generated: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator for --password-file, --password-stdin and --generate."""

    def decorate(function: Decorated) -> Decorated:
        for option in (
            click.option("--generate", is_flag=True, help=f"Generate {generated}, shown this once."),
            click.option("--password-stdin", is_flag=True, help="Read it from standard input, its first line."),
            click.option("--password-file", metavar="FILE", help="Read it from a file, its first line."),
        ):
            function = option(function)
        return function

    return decorate


def secret_options(function: Decorated) -> Decorated:
    """Decorate with --secret-file, --secret-stdin, and --secret - for the latter."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input, its first line."),
        click.option("--secret-file", metavar="FILE", help="Read the secret from a file, its first line."),
        click.option("--secret", "secret_dash", metavar="-", help="Only `-`: the same as --secret-stdin."),
    )
    for option in options:
        function = option(function)
    return function


def typed_secret(*, secret_dash: str | None, secret_file: str | None, secret_stdin: bool) -> str | None:
    """Return the secret that was handed over, None for none."""
    dash = secret_dash == "-"  # noqa: S105 - the dash that stands for standard input
    if secret_dash is not None and not dash:
        raise BadInput(
            "a secret on the command line can be read by everybody on this machine",
            "Use --secret-file, --secret-stdin, or leave it out to have one generated.",
        )
    return handed_over(file=secret_file, stdin=secret_stdin or dash)


def handed_over(*, file: str | None, stdin: bool) -> str | None:
    """Return the first line of a file or of standard input, None where neither was asked for."""
    if file is not None and stdin:
        raise BadInput("two sources for one secret", "Choose the file or standard input.")
    if file is not None:
        return _first_line(_read_file(file))
    return _first_line(sys.stdin.buffer.read(_MOST_OCTETS)) if stdin else None


def password(*, file: str | None, stdin: bool, generate: bool) -> tuple[str, bool]:
    """Return a password and whether it was generated; ask for it on a terminal where no option says more."""
    if generate:
        from provisioning import passwords

        return passwords.generate_password(), True
    typed = handed_over(file=file, stdin=stdin)
    return (ask() if typed is None else typed), False


def ask(*, new: bool = True) -> str:
    """Ask for a password on the terminal, twice for a new one."""
    if not sys.stdin.isatty():
        ways = "--password-stdin, --password-file or --generate" if new else "--password-stdin or --password-file"
        raise BadInput("no password was given", f"Use {ways}.")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=new, err=True)
    return answer


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_OCTETS)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise BadInput(f"file {path} cannot be read: {reason}", "Check its name and its owner.") from exc


def _first_line(octets: bytes) -> str:
    try:
        return octets.partition(b"\n")[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError as exc:
        raise BadInput("the secret is not UTF-8", "Write the file in UTF-8.") from exc
