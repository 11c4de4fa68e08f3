"""A FreeRADIUS SQL database is taken over: nothing is lost without a word, twice is once, and it can be taken back."""

import json

from tests.old_radius import DALORADIUS
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET

HOME = (("Mikrotik-Rate-Limit", ":=", "10M/50M"), ("Framed-Pool", "=", "pool1"), ("Acct-Interim-Interval", "=", "600"))


def remarks(said, kind):
    """Return what was remarked upon: attribute -> users."""
    return {one["attribute"]: one["users"] for one in said["remarks"] if one["kind"] == kind}


def test_a_user_in_a_group_has_its_package(migrate, old, rows, seal):
    """A user is a customer with an account, his group a package with the speed in bit/s as the customer sees it."""
    old.group("Home50", reply=HOME)
    old.user("frikkie", "Home50", password="pässword")

    said = migrate()

    assert said["counts"]["customers added"] == 1
    assert rows(
        "SELECT first_name, code, customer_group.name FROM customer JOIN customer_group ON group_id = customer_group.id"
    ) == [("frikkie", "FRI001", "Homes")]
    assert rows("SELECT name, download_bps, upload_bps, ipv4_pool, interim_seconds, reply_attributes FROM package") == [
        ("Home50", 50_000_000, 10_000_000, "pool1", 600, [])
    ]
    ((sealed,),) = rows("SELECT password FROM account WHERE user_name = 'frikkie'")
    assert seal.open(bytes(sealed), ACCOUNT_PASSWORD).decode() == "pässword"


def test_a_plan_changes_nothing(operator, old, rows):
    """Without --apply it is said what would be done, and nothing is there afterwards."""
    old.group("Home50", reply=HOME)
    old.user("frikkie", "Home50")

    said = operator.json("import", "radius", old.dsn, "--group", "Homes")

    assert said["counts"]["customers added"] == 1
    assert said["id"] is None
    assert rows(
        "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM package), (SELECT count(*) FROM"
        " import_run), (SELECT count(*) FROM customer_code_sequence)"
    ) == [(0, 0, 0, 0)]


def test_everything_of_an_account(migrate, old, rows):
    """States, limits, devices, bound routers, static addresses, VLAN and further attributes are the account's."""
    old.sql("INSERT INTO nas (nasname, shortname, type, secret) VALUES ('192.0.2.1', 'edge 1', 'other', 'short')")
    old.group("Home50", reply=HOME)
    old.check(
        "frikkie",
        ("Cleartext-Password", ":=", "x"),
        ("Expiration", ":=", "31 Dec 2026 12:00:00"),
        ("Simultaneous-Use", ":=", "2"),
        ("Calling-Station-Id", "==", "00-00-5E-00-53-01"),
        ("NAS-IP-Address", "==", "192.0.2.1"),
        ("Auth-Type", ":=", "Reject"),
    )
    old.reply(
        "frikkie",
        ("Framed-IP-Address", "=", "198.51.100.7"),
        ("Framed-IP-Netmask", "=", "255.255.255.255"),
        ("Framed-Route", "+=", "203.0.113.0/24 198.51.100.7 1"),
        ("Framed-IPv6-Prefix", "=", "2001:db8:1::/64"),
        ("Delegated-IPv6-Prefix", "=", "2001:db8:100::/56"),
        ("Tunnel-Type:1", "=", "VLAN"),
        ("Tunnel-Medium-Type:1", "=", "IEEE-802"),
        ("Tunnel-Private-Group-Id:1", "=", "42"),
        ("Filter-Id", "=", "a"),
        ("Filter-Id", "=", "b"),
    )
    old.join("frikkie", "Home50")

    migrate("--time-zone", "Africa/Johannesburg")

    assert rows(
        "SELECT blocked, expires_at AT TIME ZONE 'UTC' = '2026-12-31 10:00', sessions_allowed, lock_to_devices,"
        " host(ipv4_address), host(ipv4_netmask), routes, ipv6_prefix::text, delegated_ipv6_prefix::text, vlan_id,"
        " reply_attributes FROM account"
    ) == [
        (
            True,
            True,
            2,
            True,
            "198.51.100.7",
            "255.255.255.255",
            ["203.0.113.0/24 198.51.100.7 1"],
            "2001:db8:1::/64",
            "2001:db8:100::/56",
            42,
            [["Filter-Id", "=", "a"], ["Filter-Id", "+=", "b"]],
        )
    ]
    assert rows("SELECT mac::text, account_id IS NOT NULL FROM device") == [("00:00:5e:00:53:01", True)]
    assert rows("SELECT nas.name FROM account_nas JOIN nas ON nas.id = nas_id") == [("edge-1",)]


def test_routers(migrate, old, rows, seal):
    """Secrets are sealed, short ones too; the vendor is told or guessed; what is no single address is told."""
    old.group("Home50", reply=HOME)
    old.user("frikkie", "Home50")
    old.sql(
        "INSERT INTO nas (nasname, shortname, type, secret) VALUES ('192.0.2.1', 'edge', 'other', 'short'),"
        " ('192.0.2.2', 'edge', 'huawei', 'a-secret-of-enough-letters'), ('10.0.0.0/24', 'all', 'other', 'x'),"
        " ('router.example', 'name', 'other', 'x'), ('192.0.2.3', 'c', 'cisco', 'a-secret-of-enough-letters')"
    )

    said = migrate()

    found = rows("SELECT name, host(address), vendor, secret, requires_message_authenticator FROM nas ORDER BY address")
    assert [(name, address, vendor, signs) for name, address, vendor, _, signs in found] == [
        ("edge", "192.0.2.1", "mikrotik", False),
        ("edge-2", "192.0.2.2", "huawei", False),
        ("c", "192.0.2.3", "generic", False),
    ]
    assert seal.open(bytes(found[0][3]), NAS_SECRET) == b"short"
    assert remarks(said, "lost")["nas.nasname"] == 1
    assert {one["example"] for one in said["remarks"] if one["attribute"] == "nas.nasname"} == {
        "10.0.0.0/24",
        "router.example",
    }


def test_a_second_time_there_is_nothing_to_do(migrate, old, rows, operator):
    """Importing again changes nothing; after a change in the old database only that is done."""
    old.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('192.0.2.1', 'edge', 'short')")
    old.group("Home50", reply=HOME)
    old.user("frikkie", "Home50")
    old.user("ann", "Home50")
    old.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime)"
        " VALUES ('1', 'u', 'ann', '192.0.2.1', now(), now())"
    )
    migrate()
    before = rows("SELECT max(id), (SELECT max(id) FROM change_log) FROM import_run")

    said = migrate()

    assert said["id"] is None
    assert said["counts"]["as they were"] == 2
    assert rows("SELECT max(id), (SELECT max(id) FROM change_log) FROM import_run") == before

    operator.do("customer", "edit", "ANN001", "--first-name", "Anna")
    old.check("ann", ("Auth-Type", ":=", "Reject"))
    said = migrate()

    assert (said["counts"]["customers changed"], said["counts"]["as they were"]) == (1, 1)
    assert rows("SELECT user_name FROM account WHERE blocked") == [("ann",)]
    assert rows("SELECT first_name FROM customer WHERE code = 'ANN001'") == [("Anna",)]


def test_it_can_be_taken_back(migrate, old, rows, operator):
    """import undo leaves nothing of it."""
    old.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('192.0.2.1', 'edge', 'short')")
    old.sql(DALORADIUS)
    old.sql("INSERT INTO userinfo (username, firstname, notes, address) VALUES ('ann', 'Ann', 'a dog', '7 Kerk St')")
    old.group("Home50", reply=HOME)
    old.user("ann", "Home50")
    old.check("ann", ("NAS-IP-Address", "==", "192.0.2.1"), ("Calling-Station-Id", "==", "00:00:5e:00:53:01"))
    old.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime)"
        " VALUES ('1', 'u', 'ann', '192.0.2.1', now(), now())"
    )
    said = migrate()

    operator.do("import", "undo", str(said["id"]), "--yes")

    tables = ("customer", "account", "package", "nas", "device", "session", "note", "address", "account_nas")
    assert [rows(f"SELECT count(*) FROM {table}") for table in tables] == [[(0,)]] * len(tables)


def test_open_sessions_go_on_from_where_they_stood(migrate, old, rows):
    """A session is open with its counters and one point; a ghost and a stranger's are left, and told."""
    old.user("ann")
    old.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,"
        " acctinputoctets, acctoutputoctets, framedipaddress, callingstationid) VALUES"
        " ('1', 'u1', 'ann', '192.0.2.1', now() - interval '2h', now(), 5000000000, 7, '198.51.100.1', 'aa'),"
        " ('2', 'u2', 'ann', '192.0.2.1', now() - interval '9d', now() - interval '2d', 1, 1, NULL, ''),"
        " ('3', 'u3', 'nobody', '192.0.2.1', now(), now(), 1, 1, NULL, '')"
    )

    said = migrate()

    ((octets_in, octets_out, points, seconds),) = rows(
        "SELECT octets_in, octets_out, points, session_seconds FROM session"
    )
    assert (octets_in, octets_out, seconds) == (5_000_000_000, 7, 7200)
    assert [point[1:] for point in points] == [[5_000_000_000, 7, True]]
    assert rows("SELECT count(*) FROM usage_day") == [(0,)]
    assert sum(one["users"] for one in said["remarks"] if one["attribute"] == "radacct") == 2


def test_daloradius_tells_who_they_are(migrate, old, rows):
    """Names, company, e-mail, phone, address and price come along; what does not fit is kept as a note."""
    old.sql(DALORADIUS)
    old.user("ann")
    old.user("shop")
    old.user("twin")
    old.sql(
        "INSERT INTO userinfo (username, firstname, lastname, company, email, mobilephone, workphone, address, city,"
        " country, notes) VALUES ('ann', 'Ann', 'Visser', '', 'ann@example.net', '+27 82 555 0100', '021 555 0100',"
        " '7 Kerk St', 'Paarl', 'South Africa', 'a dog'), ('shop', '', '', 'Acme', 'no mail', '', '', '', '', '', ''),"
        " ('twin', 'ann', 'visser', '', '', '', '', '', '', '', ''), ('gone', 'G', '', '', '', '', '', '', '', '', '')"
    )
    old.sql("INSERT INTO billing_plans (planname, plancost) VALUES ('p', '499.00')")
    old.sql("INSERT INTO userbillinfo (username, planname) VALUES ('ann', 'p')")

    said = migrate()

    assert rows(
        "SELECT code, first_name, last_name, company_name, type::text, email, phone, country, namesake"
        " FROM customer ORDER BY code"
    ) == [
        ("ACM001", None, None, "Acme", "company", None, None, None, False),
        ("ANN001", "Ann", "Visser", None, "individual", "ann@example.net", "+27 82 555 0100", "ZA", True),
        ("ANN002", "ann", "visser", None, "individual", None, None, None, True),
    ]
    assert rows("SELECT street, city FROM address") == [("7 Kerk St", "Paarl")]
    assert rows("SELECT text FROM note ORDER BY id") == [
        ("daloRADIUS: workphone: 021 555 0100; notes: a dog",),
        ("daloRADIUS: email: no mail",),
    ]
    assert rows("SELECT price_cents FROM account WHERE user_name = 'ann'") == [(49900,)]
    assert remarks(said, "lost") == {"userinfo": 1}


def test_what_only_one_can_have_goes_to_the_first(migrate, old, rows):
    """Of two users with one address and one device, the second keeps the address as an attribute, and no lock."""
    for user in ("ann", "bob"):
        old.check(user, ("Cleartext-Password", ":=", "x"), ("Calling-Station-Id", "==", "00:00:5e:00:53:01"))
        old.reply(user, ("Framed-IP-Address", "=", "198.51.100.7"))

    said = migrate()

    assert rows("SELECT user_name, host(ipv4_address), lock_to_devices, reply_attributes FROM account ORDER BY id") == [
        ("ann", "198.51.100.7", True, []),
        ("bob", None, False, [["Framed-IP-Address", "=", "198.51.100.7"]]),
    ]
    assert remarks(said, "changed") == {"Framed-IP-Address": 1}
    assert remarks(said, "lost") == {"Calling-Station-Id": 1}


def test_overlapping_routes_and_shared_vlans_are_told_all_the_same(migrate, old, rows):
    """What is inside of another's route, and a VLAN of several, goes out as before; one's own may overlap."""
    vlan = (
        ("Tunnel-Type", "=", "VLAN"),
        ("Tunnel-Medium-Type", "=", "IEEE-802"),
        ("Tunnel-Private-Group-Id", "=", "7"),
    )
    for user, address in (("ann", "203.0.113.1"), ("bob", "203.0.113.9")):
        old.user(user)
        old.reply(user, ("Framed-IP-Address", "=", address), *vlan)
    old.reply("ann", ("Framed-Route", "+=", "203.0.113.0/24"))

    said = migrate()
    again = migrate()

    assert rows("SELECT host(ipv4_address), routes, vlan_id FROM account ORDER BY id") == [
        ("203.0.113.1", ["203.0.113.0/24"], 7),
        (None, [], None),
    ]
    assert rows("SELECT jsonb_array_length(reply_attributes) FROM account ORDER BY id") == [(0,), (4,)]
    assert remarks(said, "changed") == {"Framed-IP-Address": 1, "Tunnel-Private-Group-Id": 1}
    assert again["id"] is None


def test_who_cannot_be_taken_over_stops_it(operator, old, rows):
    """Unless it is said that the others may go without them; a plan says so and exits 1."""
    old.user("ann")
    old.user("b" * 300)
    command = ("import", "radius", old.dsn, "--group", "Homes", "--yes")

    assert operator.run(*command).exit_code == 1
    assert "cannot be taken over" in operator.refused(*command, "--apply")
    assert rows("SELECT count(*) FROM account") == [(0,)]
    said = operator.json(*command, "--apply", "--skip-errors")

    assert [user for user, _ in said["errors"]] == ["b" * 300]
    assert rows("SELECT user_name FROM account") == [("ann",)]


def test_different_results_of_a_group_are_different_packages(migrate, old, rows):
    """The result of the most users has the group's name; a user's own speed makes another package."""
    old.group("Home50", reply=HOME)
    for user in ("ann", "bob", "cecil"):
        old.user(user, "Home50")
    old.reply("cecil", ("Mikrotik-Rate-Limit", "=", "20M/100M"))
    old.sql("UPDATE radgroupreply SET op = '=' WHERE attribute = 'Mikrotik-Rate-Limit'")

    migrate()

    assert rows(
        "SELECT user_name, package.name, download_bps FROM account JOIN package ON package.id = package_id"
        " ORDER BY user_name"
    ) == [
        ("ann", "Home50", 50_000_000),
        ("bob", "Home50", 50_000_000),
        ("cecil", "Home50 100M/20M", 100_000_000),
    ]


def test_one_way_passwords_stay_so(migrate, old, rows):
    """A hash goes on behind its header; the report shows no password."""
    old.check("nt", ("NT-Password", ":=", "0x8846f7eaee8fb117ad06bdd830b7586c"))
    old.check("crypt", ("Crypt-Password", ":=", "$1$abc$BXBqpb9BZcZhXLgbee.0s/"))
    old.check("lm", ("LM-Password", ":=", "e52cac67419a9a224a3b108f3fa6cb6d"))

    said = migrate()

    assert rows("SELECT user_name, password_hash FROM account ORDER BY user_name") == [
        ("crypt", "{crypt}$1$abc$BXBqpb9BZcZhXLgbee.0s/"),
        ("lm", None),
        ("nt", "{nt}8846f7eaee8fb117ad06bdd830b7586c"),
    ]
    assert remarks(said, "lost") == {"LM-Password": 1}
    assert "e52cac67" not in json.dumps(said)


def test_bad_sources_are_refused(operator, database, tmp_path):
    """What is no such database is told in one line."""
    assert operator.refused("import", "radius", "mysql://root@db/radius") == "a MySQL database is not read directly"
    assert operator.refused("import", "radius", "a=b=c").startswith("this says no database")
    assert operator.refused("import", "radius", database.dsn) == "the database has no table radcheck"
    assert operator.run("import", "radius", "host=/nowhere dbname=x").exit_code == 3


def test_the_report_is_written(operator, old, tmp_path):
    """--report writes what is said, as JSON where the file is named so."""
    old.user("ann")
    old.check("ann", ("Login-Time", ":=", "Wk0800-1800"))
    file = tmp_path / "report.json"

    said = operator.json("import", "radius", old.dsn, "--group", "Homes", "--report", str(file))

    assert json.loads(file.read_text()) == said
    assert remarks(said, "lost") == {"Login-Time": 1}
