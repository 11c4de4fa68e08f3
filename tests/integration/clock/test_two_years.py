"""Two years in three time zones, a scheduler that is killed, cut off and away for days: all happens once, in time."""

from collections import Counter

from tests.integration.clock import oracle, playing, world

SEED = 20270101
KINDS = ("overdue", "second_notice", "suspended", "promise_broken", "usage", "topup", "topup_expired")

_NOTICES = """
    SELECT notice.kind, code, about, noticed_at, composed_at, (SELECT count(*) FROM message WHERE notice_id = notice.id)
    FROM notice JOIN customer ON customer.id = customer_id
"""
_PROMISES = "SELECT code, outcome, pays_on, ended_at FROM promise JOIN customer ON customer.id = customer_id"
_CHANGES = """
    SELECT user_name, name, applied_at FROM package_change
    JOIN account ON account.id = account_id JOIN package ON package.id = package_change.package_id
"""


def test_every_moment_of_two_years(database):
    """What happened is, to the second, what the rules say; no run failed, none was counted twice, all were told."""
    lived = world.make(SEED)
    expected = oracle.Oracle(lived).run()
    player, clockwork = playing.play(lived, database, SEED)

    caps = [event for event in expected if event[0] in ("opened", "reached", "lifted")]
    expected = [event for event in expected if event not in caps]
    happened = sorted(events(player.cursor), key=str)
    assert [event for event in happened if event not in expected] == []
    assert [event for event in expected if event not in happened] == []
    assert len(happened) == len(expected)
    assert player.failures == []
    assert player.caps == capped(caps)
    assert_counted(player, expected)
    assert_told(player.cursor)
    assert clockwork.killed == len(lived.downtimes)
    assert clockwork.cut_off > 20
    player.close()


def events(cursor):
    """Yield what happened, as the oracle has it."""
    cursor.execute(_NOTICES)
    for kind, code, about, noticed_at, _, messages in cursor.fetchall():
        match kind:
            case "suspended" | "promise_broken" | "topup" | "topup_expired":
                yield kind, code, noticed_at
            case "usage":
                _, period, percent = about.split()
                yield kind, code, period, int(percent), noticed_at, messages == 1
            case "unsuspended":  # told with the real clock, about the suspension that it ends
                cursor.execute("SELECT CAST(%s AS timestamptz)", [about])
                yield kind, code, cursor.fetchone()[0]
            case _:
                yield kind, code, about, noticed_at
    cursor.execute(_PROMISES)
    yield from (("promise", *row) for row in cursor.fetchall() if row[3] is not None)
    cursor.execute(_CHANGES)
    yield from (("change", *row) for row in cursor.fetchall())


def capped(caps):
    """Return by moment how many periods began, caps were reached, and lifted by a period, not by a top-up."""
    counts = {at: Counter(verb for verb, when, _ in caps if when == at) for _, at, _ in caps}
    return [(at, *(counts[at][verb] for verb in ("opened", "reached", "lifted"))) for at in sorted(counts)]


def assert_counted(player, expected):
    """What the runs say that they did adds up to what happened: nothing was done and taken back, or done twice."""
    kinds = Counter(event[0] for event in expected)
    outcomes = Counter(event[2] for event in expected if event[0] == "promise")
    assert player.counts["overdue"] == kinds["overdue"] > 50
    assert player.counts["second_notice"] == kinds["second_notice"] > 20
    assert player.counts["suspended"] == kinds["suspended"] > 20
    assert player.counts["promises_kept"] == outcomes["kept"] > 5
    assert player.counts["promises_broken"] == outcomes["broken"] > 5
    assert player.counts["applied"] == sum(1 for event in expected if event[0] == "change" and event[3]) > 50
    assert kinds["topup_expired"] > 5
    assert sum(1 for event in expected if event[0] == "usage" and event[3] == 100) > 20
    assert player.counts["reports"] == kinds["report"] > 100


def assert_told(cursor):
    """Every notice was written once, at its moment, a report an hour after."""
    cursor.execute(_NOTICES)
    rows = cursor.fetchall()
    assert [row for row in rows if row[4] is None or row[5] > 1 or (row[5] == 0 and row[0] != "usage")] == []
    late = {(kind, (composed - noticed).total_seconds()) for kind, _, _, noticed, composed, _ in rows}
    assert {one for one in late if one[0] != "unsuspended"} == {
        *((kind, 0.0) for kind in KINDS),
        ("report", 3600.0),
    }
