"""tollkeeper shadow: what another RADIUS server answers, beside what we would."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioning.cli import output, types
from provisioning.cli.command import Command
from provisioning.errors import BadInput

if TYPE_CHECKING:
    from provisioning.shadow.exchange import Answer, Exchange, Packet

_KEYS = (
    "compared, agreed, challenges, kinds (kind of difference: number), reasons (ours: number), examples (kind: at,"
    " user, source, kind, old, ours), unsure (not compared: their answers are not known),"
    " unanswered, differences (with -v)"
)
_POLL_SECONDS = 0.5


@click.command(
    "shadow",
    cls=Command,
    changes=False,
    example="tollkeeper shadow auth-detail-20270131 reply-detail-20270131",
    keys=_KEYS,
)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=types.TEXT)
@click.option("--live", is_flag=True, help="Follow a folder of detail files; or with --old, ask both servers.")
@click.option("--at", type=types.TIME, help="As if the requests came at this time; each at its own, unless said.")
@click.option("--old", metavar="HOST:PORT", help="Ask this server, and ours.")
@click.option("--secret-file", metavar="FILE", help="The old server's secret for this machine, the first line.")
@click.option("--users", metavar="FILE", help="Whom to ask about: USER, or USER,PASSWORD, a line each.")
@click.option("--server", metavar="HOST:PORT", help="Ours; 127.0.0.1 and TOLLKEEPER_AUTH_PORT, unless said.")
@click.option("--nas", help="As this NAS of ours; the one at 127.0.0.1, unless said.")
@click.option("--tolerance", type=types.DURATION, default=60, help="By how much a Session-Timeout may differ.")
@click.option("--from-start", is_flag=True, help="With --live: what is written already too.")
@click.option("--seconds", type=types.DURATION, help="With --live: end after so long; else with Ctrl-C.")
@click.option("-v", "--verbose", is_flag=True, help="Each difference, not only examples.")
def shadow(files: tuple[str, ...], live: bool, old: str | None, verbose: bool, **options: Any) -> output.Result:
    """Compare what the old server answered with what we would; exit 1 where they differ.

    \b
    FILE: FreeRADIUS's detail files of requests and replies (auth_log, reply_log), or JSON lines.
    Passwords are not in them: they are taken for right, so one that was wrong shows as "rejected there, accepted
    here". With --old both servers are asked, and the accounts' own passwords are sent where the file has none.
    """
    shadowing = _Shadowing(options["tolerance"], verbose, _epoch(options["at"]))
    if old is not None:
        _no_files(files)
        _ask_both(shadowing, old, options)
    elif live:
        if len(files) != 1:
            raise BadInput("one folder is followed", "Write it as: shadow --live /var/log/freeradius/radacct.")
        _follow(shadowing, Path(files[0]), options["from_start"], options["seconds"])
    else:
        if not files:
            raise BadInput("there is nothing to compare", "Name a recording, or give --live with a folder.")
        shadowing.replay([Path(file) for file in files])
    return shadowing.result()


def _no_files(files: Sequence[str]) -> None:
    if files:
        raise BadInput("with --old nothing is read but --users", "Leave the files out.")


def _epoch(at: date | None) -> float | None:
    if at is None:
        return None
    if isinstance(at, datetime):
        return at.timestamp()
    from provisioning import database, moments

    with database.transaction() as session:
        return moments.resolve(session, at).timestamp()


class _Shadowing:
    """Compares, counts, and says what it found."""

    def __init__(self, tolerance_seconds: int, verbose: bool, at: float | None) -> None:
        from provisioning.shadow.pairing import Pairing
        from provisioning.shadow.totals import Totals

        self.totals: Totals = Totals()
        self.pairing = Pairing()
        self._tolerance_seconds, self._verbose, self._at = tolerance_seconds, verbose, at
        self._found: list[dict[str, Any]] = []

    def replay(self, paths: Sequence[Path]) -> None:
        """Go through recordings."""
        from provisioning.shadow import recording

        exchanges: list[Exchange] = []
        packets: list[Packet] = []
        for path in paths:
            if recording.is_json(path):
                exchanges += recording.read_json(path)
            else:
                packets += recording.read_packets(path)
        exchanges += self.pairing.take(packets)
        self.pairing.give_up(float("inf"))
        self.judge(sorted(exchanges, key=lambda one: one.at))

    def judge(self, exchanges: Iterable["Exchange"]) -> list[dict[str, Any]]:
        """Compare with what the database says now; return the differences."""
        from provisioning import database
        from provisioning.shadow.judging import Judge

        some = [exchange for exchange in exchanges if not self.totals.skips(exchange)]
        if not some:
            return []
        with database.transaction() as session:
            return self.compare(zip(some, Judge(session).answers(some, self._at), strict=True))

    def compare(self, pairs: Iterable[tuple["Exchange", "Answer"]]) -> list[dict[str, Any]]:
        """Compare answers; return the differences."""
        from provisioning.shadow import comparing

        found = []
        for exchange, ours in pairs:
            differences = comparing.compare(exchange.answer, ours, tolerance_seconds=self._tolerance_seconds)
            found += self.totals.add(exchange, ours, differences)
        if self._verbose:
            self._found += found
        return found

    def result(self) -> output.Result:
        """Return what was found."""
        totals = self.totals
        data = totals.data() | {"unsure": self.pairing.unsure, "unanswered": self.pairing.unanswered}
        if self._verbose:
            data["differences"] = self._found
        differs = bool(totals.kinds)
        return output.Result(data, lambda: self._lines(data), exit_status=1 if differs else 0)

    def _lines(self, data: dict[str, Any]) -> Iterator[str]:
        yield from map(_words, self._found)
        yield f"{data['compared']:,} compared, {data['agreed']:,} agree"
        for key, words in (
            ("challenges", "rounds of EAP passed over"),
            ("unanswered", "requests without an answer"),
            ("unsure", 'requests not compared, as it is not plain which answer is whose (header = "%t id=%I")'),
        ):
            if data[key]:
                yield f"{data[key]:,} {words}"
        for kind, number in data["kinds"].items():
            yield f"{number:,} differ: {kind}"
            yield from (f"  {_words(row)}" for row in data["examples"][kind])


def _words(row: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(row["at"], UTC).isoformat(timespec="seconds")
    return f"{at}\t{row['user']}\t{row['source']}\t{row['kind']}\t{row['old']} -> {row['ours']}"


def _follow(shadowing: _Shadowing, folder: Path, from_start: bool, seconds: int | None) -> None:
    """Compare what is being written, until the time is over or the operator has seen enough."""
    from provisioning.shadow.following import Follower

    follower = Follower(folder, from_start)
    ends_at = None if seconds is None else time.monotonic() + seconds
    try:
        while True:
            for row in shadowing.judge(shadowing.pairing.take(follower.read())):
                click.echo(_words(row), err=True)
            shadowing.pairing.give_up(time.time())
            if ends_at is not None and time.monotonic() >= ends_at:
                return
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return
    finally:
        follower.close()


def _ask_both(shadowing: _Shadowing, old: str, options: dict[str, Any]) -> None:
    from provisioning import database
    from provisioning import nas as routers
    from provisioning.cli import auth_test, secrets
    from provisioning.shadow import asking, both

    if options["users"] is None or options["secret_file"] is None:
        raise BadInput("asking needs users and the old server's secret", "Give --users FILE and --secret-file FILE.")
    server = options["server"] or auth_test.local_server()
    for one in (old, server):
        auth_test.checked_server(one)
    secret = secrets.handed_over(file=options["secret_file"], stdin=False)
    listed = both.read_users(Path(options["users"]))
    seal = secrets.open_seal()
    with database.transaction() as session:
        router = auth_test.find_nas(session, options["nas"])
        our_secret, source = routers.open_secret(router, seal), router.address
        logins = both.with_passwords(session, listed, seal)
    requests = [both.request(source, *login) for login in logins]
    answers = asking.ask(old, secret or "", requests), asking.ask(server, our_secret, requests)
    shadowing.pairing.unanswered += sum(None in pair for pair in zip(*answers, strict=True))
    shadowing.compare(both.exchanges(source, logins, *answers, now=time.time()))
