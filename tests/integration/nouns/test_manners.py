"""What every noun of the command line does alike: lists, JSON, errors, a database that is none of ours."""

import json
import re

from provisioning.driver import SCHEMA_VERSION
from tests.command_line import Operator


def test_lists_are_tab_separated_in_a_pipe(provider):
    """In a pipe a list has a line of headings and a line a row, tabs between, nothing drawn."""
    assert provider.do("customer", "list", "--columns", "code,name,group,expires") == (
        "code\tname\tgroup\texpires at\nFRI001\tFrikkie Visser\tHomes\t\n"
    )
    assert "download\t50M\n" in provider.do("package", "show", "Home 50")


def test_keys_of_json_are_those_in_the_help(provider):
    """Every key that a row has in JSON is in the command's help, and no other."""
    provider.do("device", "add", "frikkie", "00:00:5e:00:53:01")
    provider.do("nas", "add", "edge1", "192.0.2.1")
    for noun, name in [
        ("group", "Homes"),
        ("package", "Home 50"),
        ("customer", "FRI001"),
        ("account", "frikkie"),
        ("nas", "edge1"),
    ]:
        assert documented(provider.do(noun, "show", "--help")) == set(provider.json(noun, "show", name))
    for noun in ("group", "package", "customer", "account", "nas", "device"):
        keys = documented(provider.do(noun, "list", "--help").replace("a list of (", "a list of ", 1))
        assert keys == set(provider.json(noun, "list")[0])


def test_keys_of_what_belongs_to_a_customer_are_those_in_the_help(provider, tmp_path):
    """Contacts, addresses, notes, attachments and external ids are listed with the keys that their help names."""
    (tmp_path / "file").write_text("hello")
    for noun, *arguments in [
        ("contact", "Ann", "--phone", "+27 21 555 0100"),
        ("address", "7 Kerk Street"),
        ("note", "the dog is loose"),
        ("attachment", str(tmp_path / "file")),
        ("external-id", "sage", "C-10442"),
    ]:
        provider.do(noun, "add", "FRI001", *arguments)
        keys = documented(provider.do(noun, "list", "--help").replace("a list of (", "a list of ", 1))
        assert keys == set(provider.json(noun, "list", "FRI001")[0])


def documented(text):
    """Return the keys that a help text names, without what is in brackets behind them."""
    keys = " ".join(text.split("JSON keys:")[1].split()).rstrip(".").removeprefix("a list of ")
    while "(" in keys:  # the innermost first
        keys = re.sub(r"\([^()]*\)", "", keys)
    return {key.strip(" )") for key in keys.split(",")}


def test_long_input_is_not_repeated_whole(operator):
    """A cause that quotes what was typed stays readable, whatever was typed."""
    cause = operator.refused("package", "add", "P", "--download", "x" * 5000)
    assert len(cause) <= 300
    assert cause.startswith("--download: 'xxx")
    assert cause.endswith("xxx' is not a rate")


def test_errors_are_json_where_asked_for(provider):
    """With --json a refusal is an object with error and hint, of usage errors too."""
    for arguments in (["customer", "show", "NONE"], ["customer", "show"], ["customer", "shwo"]):
        result = provider.run(*arguments, "--json")
        assert result.exit_code == 2
        assert set(json.loads(result.stdout)) == {"error", "hint"}
        assert result.stderr == ""


def test_the_database_is_named_when_it_does_not_answer(database):
    """Without a database a command ends with 3, one line and a hint."""
    result = Operator({**database.environ, "PGHOST": "/nonexistent"}).run("customer", "list")
    assert result.exit_code == 3
    cause, hint = result.stderr.splitlines()
    assert cause.startswith('database does not answer: connection to server on socket "/nonexistent/')
    assert hint.startswith("HINT: ")


def test_another_schema_version_is_refused(database, operator):
    """A database of another version is left alone."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE installation SET schema_version = 99")
    result = operator.run("group", "add", "Homes")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[0] == f"database has schema version 99, this program needs {SCHEMA_VERSION}"


def test_a_database_without_the_schema_is_refused(database):
    """A database that is not Tollkeeper's is left alone."""
    result = Operator({**database.environ, "PGDATABASE": "postgres"}).run("group", "list")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[0] == "database has no Tollkeeper schema"


def test_another_key_is_refused(provider, database, tmp_path):
    """Without its key nothing is sealed, and the hint says where to point."""
    operator = Operator({**database.environ, "TOLLKEEPER_KEY_FILE": str(tmp_path / "none")})
    assert "cannot be read" in operator.refused("account", "passwd", "frikkie", "--generate")
