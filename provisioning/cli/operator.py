"""tollkeeper operator: who acts."""

from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, secrets, types
from provisioning.cli.command import LazyGroup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Operator

_KEYS = "id, name, role, reseller (name; null: the provider's), full_name, email, enabled, version, created_at"
_COLUMNS = ("name", "role", "reseller", "enabled", "full_name", "email")
_CHANGED = f"operator ({_KEYS}), changed (column: [before, after])"
_OPTIONS: list[types.Spec] = [
    ("--full-name", "full_name", types.TEXT, "Of the person."),
    ("--email", "email", types.TEXT, "Where the person is reached."),
]


@click.group(cls=LazyGroup)
def operator() -> None:
    """Operators: who acts. Each logs in to PostgreSQL by its own name: PGUSER=anna tollkeeper customer list."""


@operator.command(
    "add",
    example="tollkeeper operator add anna --role support --full-name 'Anna Botha' --generate",
    keys=f"operator ({_KEYS}), password (where generated)",
)
@click.argument("name")
@click.option("--role", required=True, help="What it may do: tollkeeper role list.")
@click.option("--reseller", help="Whose it is; without it, the provider's, or of the same reseller as who adds it.")
@types.columns(_OPTIONS, clears=False)
@secrets.password_options("a password")
def add(
    name: str,
    role: str,
    reseller: str | None,
    generate: bool,
    password_stdin: bool,
    password_file: str | None,
    **columns: Any,
) -> output.Result:
    """Add an operator and its login. Names are in lower case. The password is asked for, unless an option says more."""
    from provisioning import database
    from provisioning import operator as operators
    from provisioning import reseller as resellers

    password, generated = secrets.password(file=password_file, stdin=password_stdin, generate=generate)
    values = types.given(columns)
    with database.transaction() as session:
        if reseller is not None:
            values["reseller_id"] = resellers.find(session, reseller).id
        row = operators.add(session, name, role=role, password=password, **values)
        view = _view(session, row)
    return output.added("operator", name, view, **({"password": password} if generated else {}))


@operator.command("list", example="tollkeeper operator list --reseller Karoo", keys=f"a list of ({_KEYS})")
@click.option("--reseller", help="Only of this reseller.")
@click.option("--role", help="Only with this role.")
@types.paging("operator's name")
def listing(reseller: str | None, role: str | None, after: str | None, limit: int, offset: int) -> output.Result:
    """List operators by name."""
    from provisioning import operator as operators
    from provisioning import reading

    with reading.look() as look:
        found = operators.listing(look, reseller=reseller, role=role, after=after or "", limit=limit, offset=offset)
    return output.Listing(found, _COLUMNS).result()


@operator.command("show", example="tollkeeper operator show anna", keys=_KEYS)
@click.argument("name")
def show(name: str) -> output.Result:
    """Show all there is to know of an operator."""
    from provisioning import database
    from provisioning import operator as operators

    with database.transaction() as session:
        return output.shown(_view(session, operators.find(session, name)))


@operator.command(
    "whoami",
    changes=False,
    example="tollkeeper operator whoami",
    keys="name, owner (of the schema: may do everything), role, full_name, reseller, acting_as, permissions (area:"
    " view|edit)",
)
def whoami() -> output.Result:
    """Say who you are to the database, and what you may see and change."""
    from provisioning import intent, reading
    from provisioning import operator as operators

    with reading.look() as look:
        found = operators.whoami(look)
    permissions = found.pop("permissions")
    view = {**found, "acting_as": intent.current().act_as, "permissions": permissions}
    words = ", ".join(f"{area}={permission}" for area, permission in permissions.items())
    return output.shown(view, words={"permissions": words})


@operator.command("edit", example="tollkeeper operator edit anna --role finance", keys=_CHANGED)
@click.argument("name")
@click.option("--role", help="Another role.")
@click.option("--reseller", type=types.TEXT.clearing(), help="Whose it is to be; none: the provider's.")
@types.columns(_OPTIONS, clears=True)
def edit(name: str, role: str | None, reseller: Any, **columns: Any) -> output.Result:
    """Change an operator, from its next command on. `none` clears an option. It keeps its name."""
    from provisioning import database
    from provisioning import operator as operators
    from provisioning import reseller as resellers
    from provisioning.cli import views

    values = types.given({"role": role, "reseller_id": reseller, **columns})
    with database.transaction() as session:
        row = operators.find(session, name)
        before = _view(session, row)
        if values.get("reseller_id") is not None:
            values["reseller_id"] = resellers.find(session, reseller).id
        changes = operators.edit(session, row, **values)
        view = _view(session, row)
    return output.changed("operator", name, view, views.named(changes, before, view))


@operator.command("disable", example="tollkeeper operator disable anna", keys=_CHANGED)
@click.argument("name")
def disable(name: str) -> output.Result:
    """Let an operator do nothing any more, nor log in."""
    return _switch(name, "disable")


@operator.command("enable", example="tollkeeper operator enable anna", keys=_CHANGED)
@click.argument("name")
def enable(name: str) -> output.Result:
    """Let a disabled operator in again."""
    return _switch(name, "enable")


@operator.command("passwd", example="tollkeeper operator passwd anna --generate", keys="operator, password")
@click.argument("name", required=False)
@secrets.password_options("a password")
def passwd(name: str | None, generate: bool, password_stdin: bool, password_file: str | None) -> output.Result:
    """Give an operator another password; without a name, yourself."""
    from provisioning import database
    from provisioning import operator as operators

    password, generated = secrets.password(file=password_file, stdin=password_stdin, generate=generate)
    with database.transaction() as session:
        row = operators.find(session, name) if name is not None else operators.oneself(session)
        operators.passwd(session, row, password=password)
    shown_once = {"password": password} if generated else {}

    def lines() -> list[str]:
        return [f"operator {row.name}: password changed", *(f"{key}\t{value}" for key, value in shown_once.items())]

    return output.Result({"operator": row.name, **shown_once}, lines)


@operator.command("remove", example="tollkeeper operator remove anna", keys="removed")
@click.argument("name")
def remove(name: str) -> output.Result:
    """Remove an operator and its login. What it has done stays in the audit."""
    from provisioning import database
    from provisioning import operator as operators

    with database.transaction() as session:
        operators.remove(session, operators.find(session, name))
    return output.removed("operator", name)


def _switch(name: str, verb: str) -> output.Result:
    from provisioning import database
    from provisioning import operator as operators

    with database.transaction() as session:
        row = operators.find(session, name)
        changes = getattr(operators, verb)(session, row)
        view = _view(session, row)
    return output.changed("operator", name, view, changes)


def _view(session: "Session", row: "Operator") -> dict[str, Any]:
    from provisioning.models import Reseller

    reseller = session.get(Reseller, row.reseller_id) if row.reseller_id is not None else None
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "reseller": reseller.name if reseller else None,
        "full_name": row.full_name,
        "email": row.email,
        "enabled": row.enabled,
        "version": row.version,
        "created_at": row.created_at,
    }
