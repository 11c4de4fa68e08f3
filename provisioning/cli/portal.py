"""tollkeeper portal: the logins of the customer portal."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from provisioning.cli import output, secrets
from provisioning.cli.command import LazyGroup
from provisioning.cli.customer_options import CHANGED
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Customer
    from provisioning.rows import Changes

_MOST_OCTETS = 4096


@click.group(cls=LazyGroup)
def portal() -> None:
    """Logins of the customer portal: user name, password, links to choose another password."""


@portal.command("set", example="tollkeeper portal set FRI001 frikkie@example.net", keys=CHANGED)
@click.argument("code")
@click.argument("user_name")
def set_user_name(code: str, user_name: str) -> output.Result:
    """Give a customer a portal login, or another user name."""
    from provisioning import portal as logins

    return _changed(code, lambda session, row: logins.set_user_name(session, row, user_name))


@portal.command(
    "passwd", example="tollkeeper portal passwd FRI001 --generate", keys=f"{CHANGED}, password (where generated)"
)
@click.argument("code")
@secrets.password_options("a password")
def passwd(code: str, password_file: str | None, password_stdin: bool, generate: bool) -> output.Result:
    """Set another portal password: asked for, unless an option says where it is."""
    from provisioning import portal as logins

    password, generated = secrets.password(file=password_file, stdin=password_stdin, generate=generate)
    once = {"password": password} if generated else {}
    return _changed(code, lambda session, row: logins.passwd(session, row, password=password), **once)


@portal.command("remove", example="tollkeeper portal remove FRI001", keys=CHANGED)
@click.argument("code")
def remove(code: str) -> output.Result:
    """Take a customer's portal login away."""
    from provisioning import portal as logins

    return _changed(code, logins.remove)


@portal.command(
    "reset",
    example="tollkeeper portal reset FRI001 --hours 24 --url https://portal.example",
    keys="customer, token, link (where the portal's address is known), expires_at",
)
@click.argument("code")
@click.option("--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="How long it works.")
@click.option("--url", envvar="TOLLKEEPER_PORTAL_URL", show_envvar=True, help="The portal's address.")
def reset(code: str, hours: int, url: str | None) -> output.Result:
    """Print a link with which the customer chooses another password, shown this once. Older ones are void.

    It works once. It is for the customer alone: whoever has it, has the login.
    """
    from provisioning import customer as customers
    from provisioning import database
    from provisioning import portal as logins

    if url is not None and not (url.startswith(("https://", "http://")) and " " not in url):
        raise BadInput(f"{url!r} is not a web address", "Write it as https://portal.example.")
    with database.transaction() as session:
        row = customers.find(session, code)
        token, expires_at = logins.reset(session, row, hours=hours)
    link = {"link": f"{url.rstrip('/')}/reset?token={token}"} if url else {}
    return output.shown({"customer": row.code, "token": token, **link, "expires_at": expires_at})


@portal.command(
    "redeem",
    example="tollkeeper portal redeem --generate < token",
    keys="customer, password (where generated)",
)
@click.option("--generate", is_flag=True, help="Generate a password, shown this once.")
@click.option("--password-stdin", is_flag=True, help="Read it from standard input, the line behind the token's.")
def redeem(generate: bool, password_stdin: bool) -> output.Result:
    """Set another password by a token, which is the first line of standard input."""
    from provisioning import database, passwords
    from provisioning import portal as logins

    if generate == password_stdin:
        raise BadInput("a password is generated, or read from standard input", "Give --generate or --password-stdin.")
    token, typed = _two_lines(wants_password=password_stdin)
    password = passwords.generate_password() if generate else typed
    with database.transaction() as session:
        code = logins.redeem(session, token, password=password).code
    once = {"password": password} if generate else {}
    return output.Result(
        {"customer": code, **once},
        lambda: [f"customer {code} has another portal password", *(f"password\t{one}" for one in once.values())],
    )


@portal.command(
    "check",
    changes=False,
    example="tollkeeper portal check frikkie@example.net --password-stdin < password",
    keys="right (true|false), customer (null: nobody's)",
)
@click.argument("user_name")
@click.option("--password-stdin", is_flag=True, help="Read it from standard input, its first line.")
@click.option("--password-file", metavar="FILE", help="Read it from a file, its first line.")
def check(user_name: str, password_stdin: bool, password_file: str | None) -> output.Result:
    """Check a portal password: exit 0 where it is right, 1 where it is not, whoever has that user name or nobody."""
    from provisioning import database
    from provisioning import portal as logins

    handed = secrets.handed_over(file=password_file, stdin=password_stdin)
    password = secrets.ask(new=False) if handed is None else handed
    with database.transaction() as session:
        found = logins.check(session, user_name, password=password)
    data = {"right": found is not None, "customer": found and found.code}
    words = f"right: customer {found.code}" if found else "wrong"
    return output.Result(data, lambda: [words], exit_status=0 if found else 1)


def _changed(code: str, operation: "Callable[[Session, Customer], Changes]", **shown_once: str) -> output.Result:
    from provisioning import customer as customers
    from provisioning import database
    from provisioning.cli import views

    with database.transaction() as session:
        row = customers.find(session, code)
        changes = operation(session, row)
        view = views.customers(session, [row])[0]
    return output.changed("customer", row.code, view, changes, **shown_once)


def _two_lines(*, wants_password: bool) -> tuple[str, str]:
    """Return the first two lines of standard input."""
    if sys.stdin.isatty():
        token: str = click.prompt("Token", hide_input=True, err=True)
        return token, secrets.ask() if wants_password else ""
    try:
        first, _, rest = sys.stdin.buffer.read(_MOST_OCTETS).decode().partition("\n")
    except UnicodeDecodeError as exc:
        raise BadInput("standard input is not UTF-8", "Write it in UTF-8.") from exc
    return first.rstrip("\r"), rest.partition("\n")[0].rstrip("\r")
