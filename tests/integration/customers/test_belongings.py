"""Contacts, addresses, notes and external ids on the command line."""

import pytest

from provisioning import customer, database, note


def test_contacts_have_a_life(operator):
    """A contact is added with a number of the customer's country, listed, edited, and removed."""
    operator.do("customer", "edit", "FRI001", "--country", "ZA")
    added = operator.json("contact", "add", "FRI001", "Ann Visser", "--phone", "021 555 0100", "--purpose", "technical")
    contact = added["contact"]
    assert (contact["phone"], contact["purposes"], contact["customer"]) == ("+27 21 555 0100", ["technical"], "FRI001")
    number = str(contact["id"])
    changed = operator.json("contact", "edit", number, "--email", "ann@example.net", "--phone", "none", "--no-purpose")
    assert set(changed["changed"]) == {"email", "phone", "purposes"}
    assert operator.do("contact", "list", "FRI001") == (
        f"id\tname\tpurposes\tphone\temail\n{number}\tAnn Visser\t\t\tann@example.net\n"
    )
    cause = "a contact needs a phone number or an e-mail address"
    assert operator.refused("contact", "edit", number, "--email", "none") == cause
    assert operator.do("contact", "remove", number) == f"contact {number} removed\n"
    assert operator.refused("contact", "remove", number) == f"no contact has the id {number}"


def test_addresses_have_a_life(operator):
    """An address is added with what is known of it, listed, edited, and removed."""
    added = operator.json("address", "add", "FRI001", "7 Kerk Street", "--city", "Carnarvon", "--country", "Namibia")
    address = added["address"]
    assert (address["kind"], address["country"], address["latitude"]) == ("install", "NA", None)
    number = str(address["id"])
    assert operator.refused("address", "edit", number, "--latitude", "-30.97") == "coordinates come in pairs"
    assert operator.refused("address", "edit", number, "--latitude", "NaN").startswith("--latitude: 'NaN'")
    changed = operator.json(
        "address", "edit", number, "--latitude", "-30.97", "--longitude", "22.13", "--kind", "postal"
    )
    assert changed["changed"] == {
        "kind": ["install", "postal"],
        "latitude": [None, -30.97],
        "longitude": [None, 22.13],
    }
    assert [row["street"] for row in operator.json("address", "list", "FRI001")] == ["7 Kerk Street"]
    operator.do("address", "remove", number)
    assert operator.json("address", "list", "FRI001") == []


def test_notes_are_kept_when_they_are_removed(operator, database):
    """A note has its author and time and may have lines; pop-ups are told apart; a removed one is out of sight."""
    operator.do("note", "add", "FRI001", "-", stdin="called\nnobody there\n")
    popup = operator.json("note", "add", "FRI001", "the dog is loose", "--popup")["note"]
    assert (popup["kind"], popup["author"], popup["removed_at"]) == ("popup", "tollkeeper", None)
    shown = operator.do("note", "list", "FRI001").splitlines()
    assert [line.split("\t")[-1] for line in shown] == ["text", "the dog is loose", "called nobody there"]
    assert popups(database) == ["the dog is loose"]

    operator.do("note", "remove", str(popup["id"]))
    assert popups(database) == []
    assert [row["text"] for row in operator.json("note", "list", "FRI001")] == ["called\nnobody there"]
    (removed,) = operator.json("note", "list", "FRI001", "--removed")
    assert (removed["id"], removed["removed_at"] is None) == (popup["id"], False)
    assert operator.refused("note", "remove", str(popup["id"])) == f"no note has the id {popup['id']}"
    assert operator.refused("note", "add", "FRI001", "x", "--popup", "--debtor") == "a note is of one kind"
    assert operator.refused("note", "add", "FRI001", "-", stdin="\x1b[2J").startswith("the note has a character")
    assert operator.refused("note", "add", "FRI001", "-", stdin=" \n") == "a note needs a text"


def popups(a_database):
    """Return the texts of the pop-up notes of FRI001."""
    with database.transaction(a_database.dsn) as session:
        return [one.text for one in note.popups(session, customer.find(session, "FRI001").id)]


@pytest.fixture
def known(operator):
    """Return the operator at FRI001, which sage calls C-10442."""
    operator.do("external-id", "add", "FRI001", "Sage", " C-10442")
    return operator


def test_external_ids_are_looked_up_both_ways(known):
    """A customer is found by what another system calls it, and that by the customer; nobody else has it there."""
    assert known.json("external-id", "list", "FRI001") == [{"system": "sage", "value": "C-10442", "customer": "FRI001"}]
    assert known.json("external-id", "find", "sage", "C-10442")["name"] == "Frikkie Visser"
    assert (
        known.refused("external-id", "add", "FRI001", "sage", "2") == "the customer has a name in that system already"
    )
    known.do("customer", "add", "--group", "Homes", "--first-name", "Ann")
    cause = "a customer is known there as sage, C-10442 already"
    assert known.refused("external-id", "add", "ANN001", "sage", "C-10442") == cause
    assert known.do("external-id", "remove", "FRI001", "sage") == "external id sage C-10442 removed\n"
    assert known.refused("external-id", "find", "sage", "C-10442") == "no customer is known to 'sage' as 'C-10442'"


def test_the_audit_has_what_was_removed(known, database):
    """What is removed for good is in the audit as it was, under the act's name and the customer."""
    known.do("external-id", "remove", "FRI001", "sage")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT act, relation, key, before ->> 'value', after FROM audit_change"
            " JOIN audit_entry ON audit_entry.id = entry_id ORDER BY audit_change.id DESC LIMIT 1"
        )
        assert cursor.fetchone() == ("external id remove", "external id", "FRI001", "C-10442", None)
