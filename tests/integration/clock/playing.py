"""A world is lived: its acts are done to a database, while a scheduler ticks, is killed, cut off and left alone."""

import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import datetime
from threading import Timer
from typing import Any

from sqlalchemy.orm import Session

from demo.settings import REPOSITORY
from provisioning import database as operations
from provisioning.allowances import topup
from provisioning.dunning import suspension
from provisioning.models import Account, Customer
from tests.fix_database import Database
from tests.integration.clock import world
from tests.integration.clock.world import Act, World

_CUT_OFF = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tollkeeper scheduler'
"""
_COUNTS = "SELECT id, job, ran_for, outcome, error, counts FROM job_run WHERE id > %s ORDER BY id"
CAPPED = "-data"  # ends the name of an account with a cap


class Clockwork:
    """A scheduler in a process of its own, that may be killed at any time, and is started again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._process: subprocess.Popen[str] | None = None
        self._was_struck = False
        self.killed = self.cut_off = 0

    def tick(self, now: datetime, *, harm: str = "", after: float = 0.0) -> None:
        """Have all done that is due by a moment; so many seconds after it was asked to, or then, it comes to harm."""
        self._process = self._process or self._start()
        strike = {"": lambda: None, "kill": self._kill, "cut": self._cut}[harm]
        timer = Timer(after, strike)  # amid the tick, if that takes long enough
        timer.start()
        answer = self._ask(self._process, now)
        timer.cancel()
        timer.join()
        if harm and not self._was_struck:  # it was done sooner: then between two ticks
            strike()
        self._was_struck = False
        if harm == "kill":
            self.stop()
        if answer != "done\n":
            self.stop()
            self.tick(now)

    def _ask(self, process: "subprocess.Popen[str]", now: datetime) -> str:
        """Return what the process answers; nothing where it is killed before."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{now.isoformat()}\n")
            process.stdin.flush()
            return process.stdout.readline()
        except BrokenPipeError:
            return ""

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.integration.clock.worker", self._database.dsn]
        log = (self._database.home / "log" / "worker.log").open("ab")
        with log:
            return subprocess.Popen(
                command, cwd=REPOSITORY, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )

    def _kill(self) -> None:
        if self._process is not None:
            self._was_struck = True
            self._process.send_signal(signal.SIGKILL)
            self.killed += 1

    def _cut(self) -> None:
        self._was_struck = True
        with closing(self._database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_CUT_OFF)
            self.cut_off += cursor.rowcount


class Player:
    """Does what the world's people do, with a clock that is not the real one."""

    def __init__(self, database: Database) -> None:
        self._engine = operations.make_engine(database.dsn)
        self._connection = database.connect()
        self.cursor = self._connection.cursor()
        self.counts: Counter[str] = Counter()
        self.failures: list[Any] = []
        self.caps: list[tuple[datetime, int, int, int]] = []  # when, periods opened, caps reached, caps lifted
        self._seen = 0

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def furnish(self, lived: World) -> None:
        """Enter the provider, packages, groups, customers and accounts."""
        days = sum(1 << weekday for weekday in world.NO_CUT_WEEKDAYS)
        self._sql(
            "UPDATE installation SET time_zone = %s, dunning_minute = %s, debt_ignored_cents = %s,"
            " no_cut_weekdays = %s, cut_from_minute = %s, cut_until_minute = %s, brake_percent = 100",
            *(world.ZONES[0], world.DUNNING_MINUTE, world.DEBT_IGNORED_CENTS, days, *world.CUT_MINUTES),
        )
        for day in world.NO_CUT_DAYS:
            self._sql("INSERT INTO no_cut_day VALUES (%s)", day)
        for name in world.PACKAGES:
            self._sql("INSERT INTO package (name) VALUES (%s)", name)
        self._sql("INSERT INTO package (name, cap_octets) VALUES ('Capped', %s)", world.CAP_OCTETS)
        for name, stages in world.GROUPS.items():
            self._sql(
                "INSERT INTO customer_group (name, overdue_days, second_notice_days, suspension_days)"
                " VALUES (%s, %s, %s, %s)",
                *(name, *stages),
            )
        for one in lived.customers:
            zone = None if one.zone == world.ZONES[0] else one.zone  # the provider's own
            self._sql(
                "INSERT INTO customer (code, group_id, first_name, email, time_zone, overdue_days, second_notice_days,"
                " suspension_days, billing_day, suspension_exempt, cycle_report, rollover_months, topup_months)"
                " SELECT %s, id, %s, 'a@example.net', %s, %s, %s, %s, %s, %s, %s, %s, %s"
                " FROM customer_group WHERE name = %s",
                *(one.code, one.code, zone, *one.own, one.billing_day, one.exempt, one.cycle_report),
                *(one.rollover_months, one.topup_months, one.group),
            )
            if one.is_capped:
                self._sql(
                    "INSERT INTO account (customer_id, package_id, user_name)"
                    " SELECT customer.id, package.id, %s FROM customer, package WHERE code = %s AND cap_octets > 0",
                    *(one.code + CAPPED, one.code),
                )
            self._sql(
                "INSERT INTO account (customer_id, package_id, user_name)"
                " SELECT customer.id, package.id, code FROM customer, package WHERE code = %s AND package.name = %s",
                *(one.code, world.PACKAGES[0]),
            )

    def do(self, act: Act) -> None:
        """Do what somebody does."""
        getattr(self, f"_{act.verb}")(act)

    def count(self) -> None:
        """Add up what the runs say that they did, since this was last asked."""
        self.cursor.execute(_COUNTS, [self._seen])
        for run_id, job, at, outcome, error, counts in self.cursor:
            self._seen = run_id
            self.counts.update(counts)
            done = [counts.get(name, 0) for name in ("periods_opened", "caps_reached", "caps_lifted")]
            if job == "allowances" and any(done):
                self.caps.append((at, *done))
            if outcome == "failed":
                self.failures.append(error)

    def _sql(self, statement: str, *values: object) -> None:
        self.cursor.execute(statement, values)

    def _invoice(self, act: Act) -> None:
        self._sql(
            "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
            " SELECT id, %s, %s, %s, %s FROM customer WHERE code = %s",
            *(act.name, act.day, act.day, act.cents, act.code),
        )

    def _pay(self, act: Act) -> None:
        self._sql(
            "WITH paid AS (INSERT INTO payment (customer_id, receipt, received_on, amount_cents)"
            " SELECT customer_id, %s, %s, amount_cents FROM invoice WHERE number = %s RETURNING *)"
            " INSERT INTO allocation (customer_id, invoice_id, payment_id, amount_cents)"
            " SELECT paid.customer_id, invoice.id, paid.id, paid.amount_cents FROM paid, invoice WHERE number = %s",
            *(act.name, act.at.date(), act.name, act.name),
        )

    def _promise(self, act: Act) -> None:
        self._sql(
            "SELECT FROM promise JOIN customer ON customer.id = customer_id WHERE code = %s AND ended_at IS NULL",
            act.code,
        )
        if self.cursor.rowcount == 0:
            with Session(self._engine) as session, session.begin():
                suspension.promise(session, _customer(session, act), pays_on=act.day, at=act.at)

    def _lift(self, act: Act) -> None:
        if act.until > act.at:
            with Session(self._engine) as session, session.begin():
                suspension.lift(session, _customer(session, act), until=act.until, at=act.at)

    def _change(self, act: Act) -> None:
        if act.until > act.at:
            self._sql(
                "INSERT INTO package_change (account_id, package_id, activates_at)"
                " SELECT account.id, package.id, %s FROM account, package WHERE user_name = %s AND name = %s",
                *(act.until, act.code, act.name),
            )

    def _use(self, act: Act) -> None:
        """Add to the ledger as the fold does."""
        self._sql(
            "WITH used AS (SELECT account.id, billing_day, local_day(%s, zone) AS day"
            "              FROM account JOIN customer ON customer.id = customer_id CROSS JOIN installation,"
            "              LATERAL (SELECT coalesce(customer.time_zone, installation.time_zone) AS zone) AS place"
            "              WHERE user_name = %s),"
            " due AS (INSERT INTO allowance_due (account_id) SELECT id FROM used)"
            " INSERT INTO usage_day SELECT id, day, billing_period_start(day, billing_day), %s, 0 FROM used"
            " ON CONFLICT (account_id, day, period_start) DO UPDATE"
            " SET octets_in = usage_day.octets_in + excluded.octets_in",
            *(act.at, act.code + CAPPED, act.octets),
        )

    def _buy(self, act: Act) -> None:
        with Session(self._engine) as session, session.begin():
            account = session.query(Account).filter_by(user_name=act.code + CAPPED).one()
            topup.add(session, account, octets=act.octets, price_cents=0, at=act.at)


def _customer(session: Session, act: Act) -> Customer:
    return session.query(Customer).filter_by(code=act.code).one()


def play(lived: World, database: Database, seed: int) -> tuple[Player, Clockwork]:
    """Live a world to its end."""
    dice, player, clockwork = random.Random(seed), Player(database), Clockwork(database)
    player.furnish(lived)
    clockwork.tick(world.START)
    wakings = {ends: "" for _, ends in lived.downtimes}
    acts = {act.at: act for act in lived.acts}
    for number, now in enumerate(sorted({*acts, *wakings, world.END})):
        after_downtime = now in wakings
        harm = "kill" if after_downtime else "cut" if dice.random() < 0.05 else ""
        clockwork.tick(now, harm=harm, after=dice.random() * (0.2 if after_downtime else 0.02))
        if now in acts:
            player.do(acts[now])
            if acts[now].verb in ("pay", "use", "buy"):  # what that brings about is done at once
                clockwork.tick(now)
        if number % 20 == 0:
            player.count()
    player.count()
    clockwork.stop()
    return player, clockwork
