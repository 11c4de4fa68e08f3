"""The customer record on the command line: every column, what is refused, who has changed it meanwhile."""

import threading
from contextlib import closing

import pytest

from provisioning import customer, database
from provisioning.errors import Conflict


def test_every_column_is_entered_and_changed(operator):
    """What is said of a customer is kept in one writing, shown, changed and cleared."""
    added = operator.json(
        *(
            "customer",
            "add",
            "--group",
            "Homes",
            "--type",
            "sole_proprietor",
            "--title",
            "Mrs",
            "--first-name",
            "Poeke",
        ),
        *("--last-name", "Smit", "--company-name", "Smit Plumbing", "--id-number", "7001014800087"),
        *("--country", "South Africa", "--phone", "021 555 0100", "--email", "Poeke@EXAMPLE.net"),
        *("--billing-email", "books@example.net", "--language", "Afrikaans", "--billing-group", "month end"),
        *("--payment-method", "debit order", "--credit-limit", "1500", "--category", "VIP", "--attitude", "friendly"),
        *("--registered-at", "2026-03-01", "--registered-ip", "2001:DB8::7", "--label", "fibre", "--label", "area 7"),
        *("--time-zone", "Africa/Johannesburg", "--billing-day", "25"),
    )["customer"]
    kept = {
        "code": "POE001",
        "country": "ZA",
        "phone": "+27 21 555 0100",
        "phone_verified_at": None,
        "email": "Poeke@example.net",
        "language": "af",
        "credit_limit_cents": 150000,
        "registered_at": "2026-02-28T22:00:00+00:00",
        "registered_ip": "2001:db8::7",
        "labels": ["area 7", "fibre"],
        "reseller": None,
        "version": 1,
    }
    assert {key: added[key] for key in kept} == kept

    operator.do("customer", "verify-phone", "POE001")
    changed = operator.json(
        *("customer", "edit", "poe001", "--unlabel", "fibre", "--label", "wireless", "--phone", "082 555 0100"),
        *("--credit-limit", "none", "--attitude", "none", "--language", "en"),
    )["changed"]
    assert changed.pop("phone_verified_at")[1] is None  # another number is not a verified one
    assert changed == {
        "labels": [["area 7", "fibre"], ["area 7", "wireless"]],
        "phone": ["+27 21 555 0100", "+27 82 555 0100"],
        "credit_limit_cents": [150000, None],
        "attitude": ["friendly", None],
        "language": ["af", "en"],
    }


def test_what_a_customer_cannot_be_is_refused(operator):
    """Words that are no e-mail address, phone, country, language, label or address are refused, and nothing changes."""
    before = operator.json("customer", "show", "FRI001")
    for arguments, cause in [
        (["--email", "frikkie"], "'frikkie' is not an e-mail address"),
        (["--phone", "+27 1"], "'+27 1' is not a phone number"),
        (["--phone", "0800 CALL ME"], "it is not a phone number"),
        (["--country", "Utopia"], "'Utopia' is not a country"),
        (["--language", "xx"], "'xx' is not a language"),
        (["--label", "a, b"], "'a, b' is not a label"),
        (["--registered-ip", "10.0.0.0/8"], "'10.0.0.0/8' is not an IP address"),
        (["--id-number", " "], "a word cannot be empty"),
        (["--kind", "residential", "--type", "sole_proprietor"], "a residential customer is an individual"),
    ]:
        assert operator.refused("customer", "edit", "FRI001", *arguments) == cause
    assert operator.refused("customer", "verify-phone", "FRI001") == "there is no phone number to be verified"
    assert operator.json("customer", "show", "FRI001") == before


def test_names_are_unique_but_for_namesakes(operator):
    """A name that a customer has, however it is written, is refused until it is said that there are two of it."""
    same = ("customer", "add", "--group", "Homes", "--first-name", "frikkie ", "--last-name", " VISSER")
    assert operator.refused(*same) == "the name frikkie visser is taken by another customer"
    assert operator.json(*same, "--namesake")["customer"]["code"] == "FRI002"
    operator.do("customer", "delete", "FRI001")
    other = operator.json(*same)["customer"]["code"]
    assert other == "FRI003"  # no gap by what was refused
    assert operator.refused("customer", "undelete", "FRI001") == "the name frikkie visser is taken by another customer"
    operator.do("customer", "edit", "FRI001", "--namesake")
    operator.do("customer", "undelete", "FRI001")


def test_residential_customers_take_a_limited_set_of_features(operator):
    """A residential customer has no sub-accounts and nothing static, whichever was there first."""
    operator.do("customer", "edit", "FRI001", "--kind", "residential")
    cause = "a residential customer has no sub-accounts"
    new = ("customer", "add", "--group", "Homes", "--first-name", "Ann")
    assert operator.refused(*new, "--parent", "FRI001") == cause
    static = "a residential customer takes no static address, route or VLAN"
    assert operator.refused("account", "edit", "frikkie", "--ipv4", "192.0.2.10") == static

    operator.do("customer", "edit", "FRI001", "--kind", "normal")
    operator.do("account", "edit", "frikkie", "--vlan", "100")
    assert operator.refused("customer", "edit", "FRI001", "--kind", "residential") == static
    operator.do("account", "edit", "frikkie", "--vlan", "none")
    operator.do(*new, "--parent", "FRI001")
    assert operator.refused("customer", "edit", "FRI001", "--kind", "residential") == cause


def test_an_edit_of_another_version_is_refused(operator):
    """Who says which version he has looked at is told when it is another by now."""
    operator.do("customer", "edit", "FRI001", "--category", "VIP", "--version", "1")
    cause = "somebody else has changed customer FRI001: it is of version 2 by now"
    assert operator.refused("customer", "edit", "FRI001", "--category", "none", "--version", "1") == cause
    assert operator.json("customer", "show", "FRI001")["category"] == "VIP"


def test_of_two_who_edit_at_once_one_is_told(operator, database_transaction):
    """Of two transactions that read the same row, the one that writes second is refused, and overwrites nothing."""
    outcomes = []

    def edit(category, has_read, may_write):
        try:
            with database_transaction() as session:
                row = customer.find(session, "FRI001")
                has_read.set()
                assert may_write.wait(30)
                customer.edit(session, row, category=category)
        except Conflict as exc:
            outcomes.append(exc.message)
        else:
            outcomes.append(category)

    reads, go = [threading.Event(), threading.Event()], threading.Event()
    editors = [threading.Thread(target=edit, args=(word, read, go)) for word, read in zip("AB", reads, strict=True)]
    for editor, read in zip(editors, reads, strict=True):
        editor.start()
        assert read.wait(30)
    go.set()
    for editor in editors:
        editor.join(30)

    refusal = "somebody else has changed it in the meantime, or it is not yours to change"
    assert refusal in outcomes
    (kept,) = set(outcomes) - {refusal}
    assert operator.json("customer", "show", "FRI001")["category"] == kept


@pytest.fixture
def database_transaction(database):
    """Return what begins a transaction at the test's database."""
    return lambda: transaction(database)


def transaction(a_database):
    """Return a transaction on the test's database."""
    return database.transaction(a_database.dsn)


def test_the_hook_knows_nothing_of_it(operator, database):
    """What the hook is told of a customer is what it was: none of the record's columns is in its view."""
    with closing(database.connect("tollkeeper_hook")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM hook_customer")
        columns = [column.name for column in cursor.description]
    operator.do("customer", "edit", "FRI001", "--phone", "+27 21 555 0100", "--label", "fibre")
    assert columns == [
        *("id", "group_id", "parent_id", "disabled", "deleted", "suspended", "expires_at", "inherits_state"),
        *("download_bps", "upload_bps", "time_zone"),
    ]
