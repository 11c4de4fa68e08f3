"""bin/tollkeeper as a process: found from anywhere, quick to start, drawn on a terminal, quiet in a pipe."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import TOLLKEEPER, on_terminal

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def environ(database):
    """Return the environment of a command at a fresh database."""
    return {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "120", **database.environ}


def run(*arguments, environ, **options):
    """Run bin/tollkeeper and return what subprocess.run does."""
    return subprocess.run(
        [TOLLKEEPER, *arguments], env=environ, capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_runs_from_any_folder_and_by_any_link(environ, tmp_path):
    """The command finds its code by its own path, through links, and takes nothing from the current folder."""
    for trap in ("click.py", "provisioning.py", "json.py"):
        (tmp_path / trap).write_text("raise SystemExit('taken from the current folder')")
    link = tmp_path / "tk"
    link.symlink_to(TOLLKEEPER)
    done = subprocess.run([link, "group", "list", "--json"], env=environ, cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout) == []


_EVERY_HELP = """
import sys
import click
from click.testing import CliRunner
from provisioning.cli.root import tollkeeper

def ask(command, path):
    assert CliRunner().invoke(tollkeeper, [*path, '--help']).exit_code == 0, path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            ask(command.get_command(context, verb), [*path, verb])

ask(tollkeeper, [])
for line in ([], ['nas', 'add']):
    CliRunner().invoke(tollkeeper, line)
print({'sqlalchemy', 'psycopg2', 'cryptography', 'rich', 'phonenumbers', 'argon2', 'pyrad'} & set(sys.modules))
"""


def test_help_imports_nothing_heavy():
    """--help of any command imports neither SQLAlchemy, psycopg2, cryptography nor rich: it is there at once."""
    command = [sys.executable, "-c", _EVERY_HELP]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_looking_imports_no_sqlalchemy(environ):
    """A list, a search and a profile do without SQLAlchemy, which is most of the time of a short command."""
    for line in (
        ["group", "add", "Homes"],
        ["customer", "add", "--group", "Homes", "--first-name", "Ann"],
    ):
        run(*line, environ=environ)
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom provisioning.cli.root import tollkeeper\n"
        "for line in (['customer', 'list'], ['find', 'ann'], ['customer', 'show', 'ANN001'], ['filter', 'list']):\n"
        "    assert CliRunner().invoke(tollkeeper, line).exit_code == 0, line\n"
        "print('sqlalchemy' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_table_on_a_terminal(environ):
    """On a terminal a list is drawn in columns; what is off is grey, and NO_COLOR takes colours away."""
    run("group", "add", "Homes", environ=environ)
    run("group", "disable", "Homes", environ=environ)
    status, shown = on_terminal("group", "list", environ=environ)
    assert status == 0
    assert "\t" not in shown
    assert "───" in shown
    assert "\x1b[2m" in shown
    _, plain = on_terminal("group", "list", environ={**environ, "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[3\dm", plain)
    assert "Homes" in plain


def test_markup_in_names_is_only_text(environ):
    """A name that looks like rich's markup is printed as it is."""
    run("group", "add", "[red]Homes[/red] [link=x]", environ=environ)
    status, shown = on_terminal("group", "show", "[red]Homes[/red] [link=x]", environ=environ)
    assert (status, "[red]Homes[/red] [link=x]" in shown) == (0, True)


def test_a_password_is_asked_for_twice_and_not_shown(environ):
    """On a terminal a new password is typed twice, unseen; two different ones are asked for again."""
    for line in (
        ["group", "add", "Homes"],
        ["package", "add", "Home"],
        ["customer", "add", "--group", "Homes", "--first-name", "Ann"],
    ):
        run(*line, environ=environ)
    account = ("account", "add", "ann", "--customer", "ANN001", "--package", "Home")
    status, shown = on_terminal(*account, environ=environ, typed=["arctangent", "arctangent"])
    assert (status, "account ann added" in shown) == (0, True)
    assert "arctangent" not in shown
    assert json.loads(run("account", "show", "ann", "--json", environ=environ).stdout)["password_kind"] == "sealed"


def test_a_reader_who_leaves_is_no_error(environ):
    """A pipe that is closed early ends the command without a traceback."""
    process = subprocess.Popen(
        [TOLLKEEPER, "--help"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=30)
    assert complaint == ""


def test_usage_errors_are_in_the_house_form(environ):
    """A misspelt command, option or argument is one line of cause and one of hint, with exit 2."""
    for line in (["shwo"], ["nas", "list", "--colour"], ["nas", "show"], ["nas", "add", "a", "192.0.2.1", "b"]):
        done = run(*line, environ=environ)
        cause, hint = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (2, "")
        assert cause[0].islower()
        assert re.fullmatch(r"HINT: See: tollkeeper( \w+)* --help\.", hint)


def test_exit_statuses_are_documented(environ):
    """The root's help says what the exit statuses mean."""
    assert "Exit status: 0 done" in run("--help", environ=environ).stdout
