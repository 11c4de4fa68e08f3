"""The tab key: a real bash with the script that tollkeeper completion prints; zsh and fish by what they are given."""

import json
import os
import shlex
import subprocess

import pytest

from tests.terminal import TOLLKEEPER

# what bash does when the tab key is pressed behind a line
_TAB = r"""
eval "$SCRIPT"
COMP_LINE=$1 COMP_POINT=${#1}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_tollkeeper_completion
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def environ(town_database, town):
    """Return the environment of a shell, with the script of bash in SCRIPT."""
    script = {"PATH": os.environ["PATH"], "SCRIPT": town.do("completion", "bash")}
    return {**script, **town_database.environ, "PGCONNECT_TIMEOUT": "30"}


def press_tab(line, *words, environ):
    """Return what bash is offered behind a line; `words` as bash splits it."""
    arguments = ["bash", "--norc", "-c", _TAB, "bash", line, *words]
    done = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "words", "offered"),
    [
        ("tollkeeper custo", ["tollkeeper", "custo"], ["customer"]),
        ("tollkeeper customer un", ["tollkeeper", "customer", "un"], ["unsuspend", "undelete"]),
        ("tollkeeper customer list --own", ["tollkeeper", "customer", "list", "--own"], [""]),
        ("tollkeeper customer list --owe", ["tollkeeper", "customer", "list", "--owe"], ["--owes-more-than"]),
        (
            "tollkeeper customer list --state d",
            ["tollkeeper", "customer", "list", "--state", "d"],
            ["disabled", "deleted"],
        ),
        ("tollkeeper customer show f", ["tollkeeper", "customer", "show", "f"], ["FRI001"]),
        (
            "tollkeeper customer list --package ",
            ["tollkeeper", "customer", "list", "--package", ""],
            [r"Home\ 10", r"Home\ 50"],
        ),
        (r"tollkeeper package show Home\ 5", ["tollkeeper", "package", "show", r"Home\ 5"], [r"Home\ 50"]),
        ("tollkeeper package show 'Home 5", ["tollkeeper", "package", "show", "'Home 5"], ["Home 50"]),
        ("tollkeeper account show frikkie@ex", ["tollkeeper", "account", "show", "frikkie", "@", "ex"], ["example"]),
        ("tollkeeper nas add ed", ["tollkeeper", "nas", "add", "ed"], [""]),
        (
            "tollkeeper customer list --reseller Karoo",
            ["tollkeeper", "customer", "list", "--reseller", "Karoo"],
            [r"Karoo\ Net", r"Karoo\ West"],
        ),
    ],
)
def test_bash(environ, line, words, offered):
    """Nouns, verbs, options, words and names are offered, names in bash's quotes, behind its own ends of words."""
    assert press_tab(line, *words, environ=environ) == offered


def test_without_a_database_nothing_is_offered(environ):
    """Where no database answers, names are silently none; commands are completed all the same."""
    away = {**environ, "PGHOST": "/nonexistent"}
    assert press_tab("tollkeeper customer show f", "tollkeeper", "customer", "show", "f", environ=away) == [""]
    assert press_tab("tollkeeper custo", "tollkeeper", "custo", environ=away) == ["customer"]


@pytest.mark.parametrize(("shell", "offered"), [("zsh", "plain\nFRI001\n_\n"), ("fish", "plain,FRI001\n")])
def test_other_shells(environ, shell, offered):
    """zsh and fish are offered the same in their own forms."""
    words = {"COMP_WORDS": "tollkeeper customer show FR", "COMP_CWORD": "3" if shell == "zsh" else "FR"}
    done = subprocess.run(
        [TOLLKEEPER],
        env={**environ, **words, "_TOLLKEEPER_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (offered, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_this_program(town, shell):
    """The script calls this very program by its path, so that an alias is completed too."""
    shown = town.json("completion", shell)
    assert (shown["shell"], shlex.quote(str(TOLLKEEPER)) in shown["script"]) == (shell, True)
    assert town.do("completion", shell) == shown["script"]
    assert json.dumps(shown)


def test_an_operator_is_offered_its_own(environ, logins):
    """Row-level security holds for what is offered."""
    own = {**environ, "PGUSER": "town_karoo", "PGPASSWORD": "x"}
    words = ["tollkeeper", "customer", "show", ""]
    assert press_tab("tollkeeper customer show ", *words, environ=own) == ["KAR001", "WES001"]
