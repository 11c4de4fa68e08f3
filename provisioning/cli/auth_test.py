"""tollkeeper auth-test: a real Access-Request, and what comes back."""

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, secrets, types
from provisioning.cli.command import Command
from provisioning.errors import BadInput, NotFound, Unreachable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Nas
    from provisioning.radclient import Answer
    from vault.sealed import Seal

_KEYS = "answer (Access-Accept|Access-Reject|Access-Challenge), attributes ([name, value]), milliseconds, server, nas"
_LOCAL = "127.0.0.1"


@click.command(
    "auth-test",
    cls=Command,
    example="tollkeeper auth-test frikkie@example --method mschap",
    keys=_KEYS,
    changes=False,
)
@click.argument("user_name")
@click.option("--method", type=click.Choice(["pap", "chap", "mschap"]), default="pap", show_default=True)
@click.option("--nas", help="As this NAS, whose address this machine must have; without it, the one at 127.0.0.1.")
@click.option("--mac", type=types.MAC, help="As from this device.")
@click.option(
    "--server",
    callback=lambda _context, _option, value: checked_server(value),
    help="HOST:PORT; without it, 127.0.0.1 and TOLLKEEPER_AUTH_PORT (1812).",
)
@click.option("--password-file", metavar="FILE", help="Read the password from a file, its first line.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, its first line.")
def auth_test(
    user_name: str, method: str, nas: str | None, mac: str | None, server: str | None, **password: Any
) -> output.Result:
    """Send a real, signed Access-Request; exit 0 if accepted, 1 if rejected, 3 if nothing answers.

    The account's own password is sent, opened from the vault, unless one is handed over. An accept of an account with
    a session limit holds one of its sessions for half a minute.
    """
    from provisioning import asking, database, radclient
    from provisioning import nas as routers

    asking.check_account(user_name)
    typed = secrets.handed_over(file=password["password_file"], stdin=password["password_stdin"])
    seal = secrets.open_seal()
    with database.transaction() as session:
        router = find_nas(session, nas)
        secret = routers.open_secret(router, seal)
        stored = _stored_password(session, user_name, seal) if typed is None else typed
    clear = secrets.ask(new=False) if stored is None else stored
    pairs = [
        radclient.source(router.address),
        ("User-Name", radclient.quoted(user_name)),
        (radclient.METHODS[method], radclient.quoted(clear)),
        # a place of its own: asked again, it takes the slot that it held, and not one more of the account's
        ("Calling-Station-Id", radclient.quoted(mac)) if mac else ("NAS-Port-Id", radclient.quoted("auth-test")),
        radclient.SIGNED,
    ]
    target = server or local_server()
    return _told(radclient.send(target, "auth", secret=secret, pairs=pairs), server=target, nas=router.name)


def local_server() -> str:
    """Return this node's host and port: 127.0.0.1 and TOLLKEEPER_AUTH_PORT, 1812 unless set."""
    return f"{_LOCAL}:{os.environ.get('TOLLKEEPER_AUTH_PORT') or '1812'}"


def local_accounting_server() -> str:
    """Return where this node takes accounting: 127.0.0.1 and TOLLKEEPER_ACCT_PORT, 1813 unless set."""
    return f"{_LOCAL}:{os.environ.get('TOLLKEEPER_ACCT_PORT') or '1813'}"


def find_nas(session: "Session", name: str | None) -> "Nas":
    """Return the NAS of this name, or the one that this machine itself is."""
    from provisioning import nas as routers

    if name is not None:
        return routers.find(session, name)
    found = routers.find_by_address(session, _LOCAL)
    if found is None:
        raise NotFound(
            f"no NAS has the address {_LOCAL}", f"Add one: tollkeeper nas add localhost {_LOCAL}; or say which: --nas."
        )
    return found


def checked_server(server: str | None) -> str | None:
    """Return a server written as HOST:PORT; raise `BadInput`."""
    if server is not None and re.fullmatch(r"[A-Za-z0-9.\[\]:][A-Za-z0-9.\[\]:-]*:[0-9]{1,5}", server) is None:
        raise BadInput(f"{server!r} is not a server", "Write it as HOST:PORT, such as 192.0.2.1:1812.")
    return server


def _stored_password(session: "Session", user_name: str, seal: "Seal") -> str | None:
    """Return the account's own password, None where it is one-way or absent and has to be asked for."""
    from provisioning import account as accounts

    account = accounts.find(session, user_name)
    return None if account.password is None else accounts.open_password(account, seal)


def _told(answer: "Answer", *, server: str, nas: str) -> output.Result:
    if answer.code is None:
        cause = f": {answer.complaint}" if answer.complaint else ""
        raise Unreachable(
            f"no answer from {server} to NAS {nas}{cause}", "See: tollkeeper status. A wrong secret is not answered."
        )
    data = {
        "answer": answer.code,
        "attributes": [list(pair) for pair in answer.attributes],
        "milliseconds": answer.milliseconds,
        "server": server,
        "nas": nas,
    }

    def lines() -> Iterable[str]:
        yield f"{answer.code}\t{answer.milliseconds} ms"
        yield from (f"{name}\t{value}" for name, value in answer.attributes)

    def draw() -> Iterable[Any]:
        colour = "green" if answer.code == "Access-Accept" else "red"
        yield f"\n[bold {colour}]{answer.code}[/]  from {server} in {answer.milliseconds} ms"
        attributes = output.table("attribute", "value")
        for pair in answer.attributes:
            attributes.add_row(*map(output.escape, pair))
        yield attributes

    return output.Result(data, lines, draw, exit_status=0 if answer.code == "Access-Accept" else 1)
