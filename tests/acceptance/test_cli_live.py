"""explain, auth-test and status at a running provider: real FreeRADIUS, real hook, real PostgreSQL."""

import json
import os

import pytest
from click.testing import CliRunner

from provisioning.cli.root import tollkeeper
from tests.terminal import on_terminal

pytestmark = pytest.mark.acceptance

TERMINAL = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "140", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


def run(provider, *arguments, stdin=None):
    """Run a command line at a provider."""
    return CliRunner(env=provider.environ).invoke(tollkeeper, arguments, input=stdin)


def test_status_of_a_running_node(accounting_provider):
    """Every part is up, with versions, age of the state and rows loaded; drawn on a terminal too."""
    accounting_provider.fold.start()

    result = run(accounting_provider, "status", "--json")
    status, shown = on_terminal("status", environ={**TERMINAL, **accounting_provider.environ})

    assert (result.exit_code, status) == (0, 0), result.output
    parts = {part["part"]: part for part in json.loads(result.stdout)["parts"]}
    assert [*parts] == ["postgresql", "hook", "freeradius", "freeradius accounting", "accountingd", "fold"]
    assert all(part["up"] for part in parts.values())
    assert parts["hook"]["details"]["phase"] == "serving"
    assert parts["hook"]["details"]["accounts"] > 0
    for words in ("PostgreSQL 15", "serving from the database", "answers in", "behind"):
        assert words in shown


def test_status_of_a_node_without_accounting(standing_provider):
    """What is down is said to be down, and the exit status says so too."""
    result = run(standing_provider, "status", "--json")
    assert result.exit_code == 1
    up = {part["part"]: part["up"] for part in json.loads(result.stdout)["parts"]}
    assert (up["postgresql"], up["hook"], up["freeradius"], up["accountingd"]) == (True, True, True, False)


@pytest.mark.parametrize("method", ["pap", "chap", "mschap"])
def test_auth_test_of_an_active_account(standing_provider, method):
    """The account's own password is sent by each method, accepted, and never shown."""
    result = run(standing_provider, "auth-test", "active", "--method", method, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["answer"] == "Access-Accept"
    assert "active-password" not in result.output


def test_auth_test_of_an_expired_account(standing_provider):
    """A rejected account ends with 1, and its reply is shown."""
    result = run(standing_provider, "auth-test", "expired")
    assert result.exit_code == 1
    assert result.stdout.startswith("Access-Reject\t")
    assert "Reply-Message\tThis account has expired." in result.stdout


@pytest.mark.parametrize(("password", "status"), [("onlypap-password", 0), ("wrong", 1)])
def test_one_way_passwords_are_verified_by_rlm_pap(standing_provider, password, status):
    """FreeRADIUS accepts the password of a {X-PBKDF2} account and rejects another."""
    result = run(standing_provider, "auth-test", "onlypap", "--password-stdin", stdin=password)
    assert result.exit_code == status, result.output


def test_one_way_passwords_have_to_be_typed(standing_provider):
    """A one-way password cannot be opened, so it is asked for."""
    result = run(standing_provider, "auth-test", "onlypap")
    assert result.exit_code == 2
    assert result.stderr == "no password was given\nHINT: Use --password-stdin or --password-file.\n"


def test_auth_test_with_a_name_full_of_quotes(provider, eventually):
    """Quotes, backslashes, hashes and expansions in names and passwords arrive as they are."""
    name, password = 'it\'s \\ "q" #%{User-Name}', "p'a\\s\"s {}$x;#"
    account = ("account", "add", name, "--customer", "ACT001", "--package", "Home", "--password-stdin")
    assert run(provider, *account, stdin=password).exit_code == 0

    def accepted():
        assert run(provider, "auth-test", name).exit_code == 0

    eventually(accepted)


def test_auth_test_without_an_answer(standing_provider):
    """Where nobody listens, or the NAS is another, it ends with 3 or says that it cannot be sent."""
    result = run(standing_provider, "auth-test", "active", "--server", "127.0.0.1:9")
    assert result.exit_code == 3
    assert result.stderr.startswith("no answer from 127.0.0.1:9 to NAS localhost")
    assert run(standing_provider, "auth-test", "active", "--server", "-x").exit_code == 2


@pytest.mark.parametrize(
    ("user_name", "outcome", "reason"),
    [("active", "accept", "accepted"), ("expired", "reject", "expired"), ("nobody", "reject", "unknown_user")],
)
def test_explain(standing_provider, user_name, outcome, reason):
    """Outcome, reason, and exactly one rule that applies to what is refused."""
    result = run(standing_provider, "explain", user_name, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["outcome"], told["reason"]) == (outcome, reason)
    for key in told:
        assert f" {key}" in run(standing_provider, "explain", "--help").stdout
    assert [step["rule"] for step in told["rules"] if step["verdict"] == "applies"] == [reason] * (outcome == "reject")


def test_explain_at_another_time(standing_provider):
    """Before it expired an account would have been accepted; a bare date is the provider's."""
    assert run(standing_provider, "explain", "expired").stdout.startswith("outcome\treject\n")
    assert run(standing_provider, "explain", "expired", "--at", "2020-01-01").stdout.startswith("outcome\taccept\n")


def test_a_block_is_obeyed(provider, eventually):
    """What is blocked on the command line is rejected by FreeRADIUS, and accepted again once unblocked."""
    for verb, status in (("block", 1), ("unblock", 0)):
        assert run(provider, "account", verb, "active").exit_code == 0

        def obeyed(status=status):
            assert run(provider, "auth-test", "active").exit_code == status

        eventually(obeyed)


@pytest.mark.parametrize(
    ("arguments", "exit_status", "drawn"),
    [
        (["explain", "expired"], 0, ["REJECT", "expired: This account has expired.", "→", "Reply-Message", "s old"]),
        (["explain", "active"], 0, ["ACCEPT", "✓", "Mikrotik-Rate-Limit", "2M/10M"]),
        (["auth-test", "active"], 0, ["Access-Accept", "Mikrotik-Rate-Limit", "2M/10M"]),
        (["auth-test", "expired"], 1, ["Access-Reject", "Reply-Message", "This account has expired."]),
    ],
)
def test_drawn_on_a_terminal(standing_provider, arguments, exit_status, drawn):
    """On a terminal each of these is drawn, the deciding rule marked."""
    status, shown = on_terminal(*arguments, environ={**TERMINAL, **standing_provider.environ})
    assert status == exit_status
    for words in drawn:
        assert words in shown


def test_asked_again_it_is_the_same_session(standing_provider):
    """An account of one session at a time can be tried as often as one likes."""
    tried = [run(standing_provider, "auth-test", "single").exit_code for _ in range(3)]
    assert tried == [0, 0, 0]
