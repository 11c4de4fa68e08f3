"""A reseller's operator types every command, with the names of another reseller's rows: he gets and changes nothing."""

import click
import pytest

from provisioning.cli.root import tollkeeper
from tests.integration.operators.hidden import hidden
from tests.integration.operators.market import MARK, NORTH, SOUTH

# parameters that name rows of somebody: by name of the parameter, of a noun's where it is the same for all
NAMES = {
    "name": {
        "reseller": "reseller",
        "group": "group",
        "package": "package",
        "operator": "operator",
        "usage": "customer",
    },
    "code": "customer",
    "codes": "customer",
    "customer": "customer",
    "parent": {"customer": "customer", "reseller": "reseller"},
    "group": "group",
    "package": "package",
    "default_package_id": "package",
    "reseller": "reseller",
    "user_name": {"portal": "portal", "": "account"},
    "account": "account",
    "mac": "mac",
    "words": "mac",
    "ip": "ipv4",
    "number": "invoice",
    "receipt": "receipt",
    "operator": "operator",
    "key": "customer",
    "after": {"customer": "customer", "account": "account", "usage": "customer"},
    "value": "external",
    "query": "customer",
    "anything": "customer",
}
# rows that are known by their numbers
NUMBERS = {
    "contact_id": "SELECT contact.id FROM contact JOIN customer ON customer.id = customer_id WHERE code = %s",
    "address_id": "SELECT address.id FROM address JOIN customer ON customer.id = customer_id WHERE code = %s",
    "note_id": "SELECT note.id FROM note JOIN customer ON customer.id = customer_id WHERE code = %s",
    "attachment_id": "SELECT attachment.id FROM attachment JOIN customer ON customer.id = customer_id WHERE code = %s",
    "session_id": "SELECT session.id FROM session JOIN account ON account.id = account_id"
    " JOIN customer ON customer.id = customer_id WHERE code = %s",
    "change_id": "SELECT package_change.id FROM package_change JOIN account ON account.id = account_id"
    " JOIN customer ON customer.id = customer_id WHERE code = %s",
    "topup_id": "SELECT topup.id FROM topup JOIN account ON account.id = account_id"
    " JOIN customer ON customer.id = customer_id WHERE code = %s",
    "message_id": "SELECT message.id FROM message JOIN customer ON customer.id = customer_id WHERE code = %s LIMIT 1",
    "run_id": "SELECT import_run.id FROM import_run JOIN customer USING (reseller_id) WHERE code = %s LIMIT 1",
    "position": "SELECT max(position) FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_change"
    " JOIN customer ON customer.id = customer_id WHERE code = %s)",
}
# what else is needed for a command to get that far
FILLERS = {
    "when": "never",
    "amount": "1",
    "octets": "1GB",
    "street": "1 High Street",
    "system": "sage",
    "parts": f"{NORTH.invoice}=1",
    "file": "customers.csv",
    "url": "https://portal.example/",
    "address": "192.0.2.99",
    "role": "reseller",
    "user_name": "new-name",
    "name": "new name",
    "number": "NEW-1",
    "text": "words",
    "value": "NEW-1",
    "new_user_name": "new-name",
    "record_id": "1",
    "kind": "note",
    "company_name": "Nova",
    "channel": "email",
    "recipient": "nova@example.net",
}


def commands(group=tollkeeper, path=()):
    """Yield every command with its path."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def kind_of(path, param):
    """Return what a parameter names, as `market.Names` calls it; None for what names nobody's row."""
    found = NAMES.get(param.name)
    return found.get(path[0], found.get("")) if isinstance(found, dict) else found


def word(market, path, param, names):
    """Return what to type for a parameter that names a row of one reseller; None where it names none."""
    if param.name in NUMBERS:
        return str(market.id(NUMBERS[param.name], names.customer))
    kind = kind_of(path, param)
    return None if kind is None else getattr(names, kind)


def lines(market, path, command):
    """Yield command lines: one's own rows named (tried only), then one parameter after the other naming the other's."""
    params = [param for param in command.params if not getattr(param, "is_flag", False)]
    tried = ["--dry-run"] if getattr(command, "changes", False) else []
    yield None, [*line(market, path, command, params, None), *tried]
    for param in params:
        if word(market, path, param, SOUTH) is not None:
            yield param, line(market, path, command, params, param)


def line(market, path, command, params, others):
    """Return a command line in which one parameter, if any, names the other's row, and those required one's own."""
    typed = list(path)
    flags = {flag for param in command.params for flag in param.opts}
    if "--generate" in flags:
        typed.append("--generate")
    if "--yes" in flags:
        typed.append("--yes")
    arguments = []
    for param in params:
        if param is others:
            value = word(market, path, param, SOUTH)
        elif param.required or isinstance(param, click.Argument):
            own = (
                None
                if path[-1] == "add" and param.name in ("name", "number", "user_name")
                else word(market, path, param, NORTH)
            )
            value = own or FILLERS.get(param.name) or "1"
        else:
            continue
        arguments += [value] if isinstance(param, click.Argument) else [param.opts[0], value]
    if path[-2:] == ("customer", "add"):
        arguments += ["--first-name", "Nova"]
    return [*typed, *arguments]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Stand in a folder where files may come and go."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.csv").write_text(f"code,first_name\n{SOUTH.customer},Mine\n")


@pytest.mark.usefixtures("here")
def test_no_command_gets_at_anothers(market):
    """Nothing of the other's is printed that was not typed; what changes something is refused; nothing has changed."""
    nora, leaks, done = market.operator("nora"), [], []
    before = hidden(market, "nora")
    for path, command in commands():
        for param, typed in lines(market, path, command):
            result = nora.run(*typed)
            if tells(result.output, typed):
                leaks.append((typed, result.output))
            if param is not None and getattr(command, "changes", False) and result.exit_code == 0:
                done.append((typed, result.output))
            assert result.exit_code in (0, 1, 2, 3), (typed, result.exception)

    assert leaks == []
    assert done == []
    assert hidden(market, "nora") == before


def tells(output, typed):
    """Return what an output has of the other's that was not typed."""
    said = " ".join(typed)
    found = {key for key in SOUTH.keys if key in output and key not in said}
    return found | ({MARK} if MARK in output.lower() else set())
