"""--dry-run: what would change and who of those online would notice, and nothing is written."""

import select
from contextlib import closing


def effects(operator, *arguments):
    """Return user name -> effect of a dry run."""
    return {one["user_name"]: one["effect"] for one in operator.json(*arguments, "--dry-run")["sessions"]}


def test_a_group_is_disabled_in_vain(operator, written):
    """The rows are told before and after, the sessions that would be cut by name, and nothing is written."""
    before = written()
    found = operator.json("group", "disable", "Homes", "--dry-run")

    assert found["dry_run"] is True
    assert found["changes"] == [
        {
            "relation": "group",
            "key": "Homes",
            "customer": None,
            "before": {"enabled": True},
            "after": {"enabled": False},
        }
    ]
    assert (found["customers"], found["unseen"]) == (2, [])
    assert found["counts"] == {"cut": 2, "walled_in": 0, "slowed": 0, "sped_up": 0, "freed": 0, "not_touched": 0}
    first = found["sessions"][0]
    assert (first["user_name"], first["customer"], first["nas"]) == ("ann", "ANN001", "edge1")
    assert first["before"] == {
        "outcome": "accept",
        "reason": "accepted",
        "download_bps": 100_000_000,
        "upload_bps": 20_000_000,
    }
    assert (first["after"]["outcome"], first["reason"]) == ("reject", "group_disabled")
    assert written() == before
    assert operator.json("group", "show", "Homes")["enabled"] is True


def test_it_is_told_in_words(operator):
    """In a pipe: rows, one line of counts, a line a session."""
    assert operator.do("group", "disable", "Homes", "--dry-run").splitlines() == [
        "would change:",
        "group Homes: enabled yes -> no",
        "concerns 2 customers; of 2 open sessions: 2 cut",
        "cut\tann\tANN001\tedge1\t2026-11-15T12:00:00+00:00\t100M/20M -> refused\tgroup_disabled",
        "cut\tfrikkie\tFRI001\tedge1\t2026-11-15T12:00:00+00:00\t50M/10M -> refused\tgroup_disabled",
    ]
    assert operator.do("group", "enable", "Homes", "--dry-run") == "nothing would change\n"


def test_nobody_is_woken(operator, database):
    """The hook gets no notification of what was only tried."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("LISTEN tollkeeper_change")
        operator.do("group", "disable", "Homes", "--dry-run")
        operator.do("group", "disable", "Shops")  # whatever was sent before has come when this one has
        assert select.select([connection], [], [], 30)[0]
        connection.poll()
        assert len(connection.notifies) == 1


NOTICED = {
    ("package", "edit", "Home 50", "--download", "5M"): {"frikkie": "slowed", "sub": "slowed"},
    ("package", "edit", "Home 50", "--download", "60M"): {"frikkie": "sped_up", "sub": "sped_up"},
    ("package", "edit", "Home 50", "--download", "60M", "--upload", "1M"): {"frikkie": "slowed", "sub": "slowed"},
    ("package", "edit", "Home 50", "--idle-limit", "5m"): {"frikkie": "not_touched", "sub": "not_touched"},
    ("package", "edit", "Home 50", "--name", "Home 51"): {},
    ("account", "edit", "frikkie", "--package", "Home 100"): {"frikkie": "sped_up"},
    ("account", "edit", "frikkie", "--user-name", "fritz"): {"frikkie": "not_touched"},
    ("account", "move", "frikkie", "ANN001"): {"ann": "not_touched", "frikkie": "not_touched"},
    ("account", "block", "frikkie"): {"frikkie": "cut"},
    ("account", "expire", "frikkie", "now"): {"frikkie": "cut"},
    ("account", "expire", "frikkie", "+30d"): {"frikkie": "not_touched"},
    ("customer", "suspend", "FRI001"): {"frikkie": "cut", "sub": "cut"},
    ("customer", "edit", "SUB001", "--group", "Homes"): {"sub": "not_touched"},
    ("customer", "edit", "ANN001", "--download", "1M", "--upload", "1M"): {"ann": "slowed"},
    ("device", "add", "ann", "00:00:5e:00:53:01", "--unauthorised"): {"ann": "not_touched"},
    ("account", "edit", "ann", "--lock-to-devices"): {"ann": "cut"},
    ("nas", "edit", "edge1", "--address", "192.0.2.9"): dict.fromkeys(("ann", "frikkie", "sub"), "cut"),
    ("nas", "remove", "edge1"): dict.fromkeys(("ann", "frikkie", "sub"), "cut"),
    ("group", "edit", "Homes", "--garden-pool", "x"): dict.fromkeys(("ann", "frikkie"), "not_touched"),
}


def test_what_those_online_notice(operator, written):
    """Each open session is decided as things are and as they would be."""
    before = written()
    assert {arguments: effects(operator, *arguments) for arguments in NOTICED} == NOTICED
    assert written() == before


def test_walled_in_and_freed(operator):
    """A garden walls in, and what ends it frees: the reason is the one that ended."""
    operator.do("group", "edit", "Homes", "--blocked", "garden", "--garden-pool", "pay")
    assert effects(operator, "account", "block", "ann") == {"ann": "walled_in"}
    operator.do("account", "block", "ann")
    freed = operator.json("account", "unblock", "ann", "--dry-run")["sessions"][0]
    assert (freed["effect"], freed["reason"], freed["before"]["outcome"]) == ("freed", "account_blocked", "garden")


def test_too_many_sessions(operator, accounting):
    """Where fewer are allowed, those that came last would be cut."""
    accounting.opened(user_name="ann", acct_session_id="2", calling_station_id="2", started_at="2026-11-15 13:00+00")
    sessions = operator.json("account", "edit", "ann", "--sessions", "1", "--dry-run")["sessions"]
    assert [(one["effect"], one["started_at"][:13]) for one in sessions] == [
        ("cut", "2026-11-15T13"),
        ("not_touched", "2026-11-15T12"),
    ]


def test_what_would_be_refused_is_refused(operator):
    """A dry run says what the act would say, also what the database checks at its end."""
    assert operator.refused("customer", "add", "--group", "None", "--first-name", "A", "--dry-run") == (
        "no group is named 'None'"
    )
    assert "rates come in pairs" in operator.refused("customer", "edit", "ANN001", "--download", "1M", "--dry-run")


def test_what_is_added_is_shown_and_not_kept(operator, written):
    """Of an added row all that it has is told; its code is given to the next one, and no password is made up."""
    before = written()
    told = operator.do("customer", "add", "--group", "Homes", "--first-name", "Nie", "--dry-run")
    assert "\ncustomer NIE001: added (kind normal, type individual, group Homes, first name Nie" in told
    told = operator.do(
        "account", "add", "new", "--customer", "ANN001", "--package", "Home 50", "--generate", "--dry-run"
    )
    assert "account new: added (" in told
    assert "(secret)" in told
    assert "payment R000001: added" in operator.do("payment", "add", "ANN001", "10", "--dry-run")
    assert written() == before
    assert operator.json("payment", "add", "ANN001", "10")["payment"]["receipt"] == "R000001"
    operator.json("payment", "add", "ANN001", "10", "--dry-run")
    assert operator.json("payment", "add", "ANN001", "10")["payment"]["receipt"] == "R000002"


def test_long_lists_are_cut_short(operator, accounting):
    """Twenty lines of sessions, then how many more; all of them with --json."""
    for number in range(30):
        accounting.opened(user_name="ann", acct_session_id=f"n{number}")
    lines = operator.do("account", "block", "ann", "--dry-run").splitlines()
    assert len([line for line in lines if line.startswith("cut\t")]) == 20
    assert lines[-1] == "and 11 more: --json"
    assert len(operator.json("account", "block", "ann", "--dry-run")["sessions"]) == 31
