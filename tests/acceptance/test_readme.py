"""Every command in the README, run as it stands there."""

import re
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from demo import schema
from demo.cluster import Cluster
from demo.settings import REPOSITORY
from radiusd.accounting import accountingd
from tests.acceptance.conftest import AccountingProvider, Provider
from tests.fix_waiting import Eventually
from tests.old_radius import OldRadius
from tests.simulated_nas import SimulatedNas

pytestmark = pytest.mark.acceptance

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def section(title: str) -> list[str]:
    """Return the shell blocks of a section."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def pasted(block: str, environ: dict[str, str]) -> str:
    """Run a block as if pasted into a shell in the repository; return what it prints."""
    script = f"set -e\nshopt -s expand_aliases\nalias tollkeeper=bin/tollkeeper\n{block}"
    result = subprocess.run(
        ["/bin/bash", "-c", script], cwd=REPOSITORY, env=environ, check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_no_block_is_left_out() -> None:
    """Every shell block of the README is in a section that is run here, or is the two commands themselves."""
    titles = ("A first session", "The customer record", "Trying it first", "Who is online, and what was used")
    titles += ("Pointing a MikroTik at it", "Moving from FreeRADIUS SQL or daloRADIUS")
    titles += ("Operators, resellers, the audit", "Money, as far as access depends on it", "Files of customers")
    titles += ("Finding and seeing",)
    titles += ("What time brings", "Suspension for debt", "Data caps and top-ups", "Telling customers")
    titles += ("Telling routers",)
    tested = [block for title in titles for block in section(title)]
    tested += section("On a real FreeRADIUS")
    (set_up,) = section("Two commands")

    assert re.findall(r"^bin/\S+(?: --\S+)*", set_up, re.MULTILINE) == ["bin/up --detach", "bin/test"]  # see test_up.py
    assert sorted([*tested, set_up]) == sorted(re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE))


def test_the_first_session(accounting_provider: AccountingProvider) -> None:
    """The ten lines, pasted: the new account is accepted, then blocked, and says why."""
    (session,) = section("A first session")
    accounting_provider.fold.start()

    printed = pasted(session, accounting_provider.environ)

    assert len(session.splitlines()) == 10
    assert "Access-Accept" in printed
    assert "account_blocked" in printed


def test_the_customer_record(provider: Provider) -> None:
    """A company with its shop is entered, with all that belongs to it."""
    (block,) = section("The customer record")

    printed = pasted(block, provider.environ)

    assert "  ACM002\tAcme Shop\tactive\n" in printed
    assert "https://portal.example/reset?token=" in printed


def test_money(provider: Provider) -> None:
    """What the customer of the section before owes, is paid in part, and shown."""
    (record,), (block,) = section("The customer record"), section("Money, as far as access depends on it")

    printed = pasted(record + block, provider.environ)

    assert "balance\t149.50 ZAR\n" in printed
    assert "INV-1001\tACM001" in printed


def test_suspension_for_debt(provider: Provider) -> None:
    """The customer of the sections before will be suspended, is let go for a while, and is not for its promise."""
    titles = ("The customer record", "Money, as far as access depends on it", "Suspension for debt")

    printed = pasted("".join(section(title)[0] for title in titles), provider.environ)

    assert "customer ACM001 pays by 20" in printed
    assert "promise\tpays by 20" in printed


def test_data_caps(provider: Provider) -> None:
    """The demo's capped subscriber is throttled, has a top-up, is prepaid for a while, and has what is left told."""
    (block,) = section("Data caps and top-ups")

    printed = pasted(block, provider.environ)

    assert "capped: 0 B left until 20" in printed
    assert "account capped is valid until 20" in printed
    assert "topup 2 cancelled: 5.00 GB were left" in printed
    assert "capped: 10.0 GB left until 20" in printed


def test_telling_customers(provider: Provider) -> None:
    """A customer of the sections before is told in words that are shown first, and wants a report."""
    record, telling = section("The customer record"), section("Telling customers")

    printed = pasted("".join([*record, *telling]), provider.environ)

    assert "subject\tInvoice INV-1001 is overdue\n" in printed
    assert "to\tann@acme.example\t" in printed
    assert "Your usage from " in printed


def test_finding_and_seeing(provider: Provider) -> None:
    """Who was entered in the sections before is found, listed as a debtor, and shown with what is owed."""
    titles = ("The customer record", "Money, as far as access depends on it", "Finding and seeing")
    blocks = [section(title)[0] for title in titles]

    printed = pasted("".join(blocks), provider.environ).split("INV-1001\tACM001")[1]

    assert "contact\tAnn Visser\tACM001\tAcme Farms\t" in printed
    assert "ACM001\tAcme Farms\t" in printed
    assert "\n# invoices\n" in printed


def test_files(provider: Provider) -> None:
    """A customer with an account is planned, imported, lets its user in, is exported, and is nothing new then."""
    (block,) = section("Files of customers")

    printed = pasted(block, provider.environ)

    assert printed.startswith("1 create, 0 change, 0 nothing, 0 error\nline 2: create ANN001\n")
    assert re.search(r"\n0 create, 0 change, \d+ nothing, 0 error\n$", printed)
    assert provider.authenticate("anna@example", "change-me").code == "Access-Accept"


def test_trying_it_first(provider: Provider) -> None:
    """What was tried is told and not done; what was scheduled is listed."""
    (block,) = section("Trying it first")

    printed = pasted(block, provider.environ)

    assert "group home: enabled yes -> no\n" in printed
    assert "asked by phone" in printed
    assert provider.authenticate("active", "active-password").code == "Access-Accept"


def test_operators(provider: Provider) -> None:
    """An operator of a reseller is made, its password printed once, and the audit is whole."""
    (block,) = section("Operators, resellers, the audit")

    printed = pasted(block, provider.environ)

    assert re.search(r"password\t\w{16}\n", printed)
    assert "anna\thelpdesk\tKaroo\tyes" in printed
    assert " checked: whole\n" in printed


def test_what_time_brings(provider: Provider) -> None:
    """The provider's hours are set, and jobs are listed, tried, switched off and on."""
    (block,) = section("What time brings")
    environ = provider.environ
    pasted("tollkeeper job run changes; tollkeeper job run upkeep", environ)
    with closing(provider.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO job (name, done_until) VALUES ('delivery', now())")  # as a scheduler does

    printed = pasted(block, environ)

    assert "no cut weekdays - -> fri,sat,sun" in printed
    assert "\nchanges\tyes\t" in printed
    assert "\njob delivery disabled\njob delivery enabled\n" in printed


def test_who_is_online(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """A session that reports is shown, its usage is drawn, and the balance holds."""
    accounting_provider.fold.start()
    session = {"User_Name": "active", "Acct_Session_Id": "readme", "Framed_IP_Address": "192.0.2.77"}
    accounting_provider.account("Start", **session)
    counters = {"Acct_Session_Time": 60, "Acct_Input_Octets": 1_000_000, "Acct_Output_Octets": 9_000_000}
    accounting_provider.account("Interim-Update", **session, **counters)
    (block,) = section("Who is online, and what was used")

    def shown() -> None:
        printed = pasted(block, accounting_provider.environ)
        assert "192.0.2.77" in printed
        assert "9000000" in printed

    eventually(shown)


def test_telling_routers(accounting_provider: AccountingProvider, eventually: Eventually) -> None:
    """Nothing has drifted; a session is ended by hand, as its router says, and that can be looked up."""
    provider = accounting_provider
    provider.fold.start()
    session = {"User_Name": "active", "Acct_Session_Id": "readme"}
    provider.account("Start", **session)
    (block,) = section("Telling routers")
    with (
        SimulatedNas(
            "127.0.0.1", provider.secret.encode(), on_ack=lambda _: provider.account("Stop", **session)
        ) as nas,
        closing(provider.database.connect()) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE nas SET coa_port = %s WHERE address = '127.0.0.1'", (nas.port,))

        def is_online() -> None:
            cursor.execute("SELECT FROM session WHERE user_name = 'active'")
            assert cursor.rowcount

        eventually(is_online)
        printed = pasted(block, provider.environ)
        assert "of active on localhost: the router has ended it" in printed
        assert "\tdisconnect\tordered\t" in pasted("tollkeeper enforcement attempts", provider.environ)


def test_a_router_is_added(provider: Provider) -> None:
    """The router's secret is printed, once."""
    (block,) = section("Pointing a MikroTik at it")

    assert re.search(r"[A-Za-z0-9]{32}", pasted(block, provider.environ))


def test_moving(provider: Provider, cluster: Cluster, tmp_path: Path) -> None:
    """An old database is taken over, and what was recorded there is answered the same here."""
    (block,) = section("Moving from FreeRADIUS SQL or daloRADIUS")
    recorded = f"\tPacket-Type = Access-{{}}\n\tUser-Name = moved\n\tTimestamp = {int(time.time())}\n\n"
    (tmp_path / "127.0.0.1").mkdir()
    (tmp_path / "127.0.0.1" / "detail").write_text(recorded.format("Request") + recorded.format("Accept"))
    with OldRadius.fresh(cluster) as old:
        old.user("moved")
        block, replaced = re.subn(r"^OLD=.*\n", f"OLD='{old.dsn}' RECORDED={tmp_path}\n", block)
        assert replaced == 1

        printed = pasted(block, provider.environ)

    assert "1 customers added" in printed
    assert "1 compared, 1 agree\n" in printed


def test_installing_for_real(provider: Provider, tmp_path: Path) -> None:
    """Code, database, key and configuration are put in place, and FreeRADIUS takes them."""
    install, check = section("On a real FreeRADIUS")
    places = f"CODE={tmp_path}/code CONF={tmp_path}/conf HOME_DIR={tmp_path}/home\n"
    install, replaced = re.subn(r"^CODE=.*\n", places, install)
    assert replaced == 1
    environ = {**provider.environ, **_empty_database(provider)}

    pasted(install, environ)

    home = tmp_path / "home"
    environ |= {
        "TOLLKEEPER_HOME": str(home),
        "TOLLKEEPER_CODE": str(tmp_path / "code"),
        "TOLLKEEPER_CONF": str(tmp_path / "conf"),
        "TOLLKEEPER_SITE_PACKAGES": str(tmp_path / "code/.venv/lib/python3.11/site-packages"),
        "TOLLKEEPER_KEY_FILE": str(home / "secrets/password.key"),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PGUSER": schema.HOOK,
    }
    assert pasted(places + check.replace("-C ", "-CX "), environ).count("Configuration appears to be OK") == 2
    for secret in ("password.key", "accountingd.conf"):
        assert (home / "secrets" / secret).stat().st_mode & 0o777 == 0o600
    assert len(accountingd.read_token(home / "secrets/accountingd.conf")) == 64


def _empty_database(provider: Provider) -> dict[str, str]:
    cluster = provider.database.cluster
    with closing(cluster.connect()) as connection, connection.cursor() as cur:
        cur.execute("DROP DATABASE IF EXISTS installed")
        cur.execute(f"CREATE DATABASE installed OWNER {schema.OWNER}")
    return cluster.environ(role=schema.OWNER, database="installed")


def test_every_file_that_it_names_is_there() -> None:
    """The map and the walks lead somewhere."""
    names = set(
        re.findall(r"`((?:policies|radiusd|provisioning|vault|demo|bin|tests|freeradius-conf)/[\w./-]*)`", README)
    )

    assert len(names) > 20
    assert [name for name in sorted(names) if not (REPOSITORY / name).exists()] == []
