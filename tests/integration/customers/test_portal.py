"""The customer portal's logins: user names, passwords, links."""

import hashlib
from contextlib import closing

import argon2
import pytest


@pytest.fixture
def member(operator):
    """Return the operator at FRI001, which has a portal login with the password `dogs bark at night`."""
    operator.do("portal", "set", "FRI001", "Frikkie@Example.net")
    operator.do("portal", "passwd", "FRI001", "--password-stdin", stdin="dogs bark at night\n")
    return operator


def outcome(operator, user_name, password):
    """Return the exit status and the customer of a check."""
    result = operator.run("portal", "check", user_name, "--password-stdin", stdin=f"{password}\n")
    return result.exit_code, result.stdout


def test_a_password_is_checked(member, database):
    """The right password is right in any writing of the user name, a wrong one and a user of nobody's are the same."""
    assert outcome(member, "FRIKKIE@example.net", "dogs bark at night") == (0, "right: customer FRI001\n")
    assert outcome(member, "frikkie@example.net", "dogs bark") == (1, "wrong\n")
    assert outcome(member, "nobody@example.net", "dogs bark at night") == (1, "wrong\n")
    assert hash_of(database).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    shown = member.do("customer", "show", "FRI001", "--json")
    assert "frikkie@example.net" in shown
    assert "argon2" not in shown

    member.do("customer", "delete", "FRI001")
    assert outcome(member, "frikkie@example.net", "dogs bark at night") == (1, "wrong\n")
    member.do("customer", "undelete", "FRI001")
    assert "argon2" not in member.do("portal", "remove", "FRI001")
    assert outcome(member, "frikkie@example.net", "dogs bark at night") == (1, "wrong\n")


def hash_of(a_database):
    """Return the stored hash of FRI001."""
    with closing(a_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT portal_password_hash FROM customer WHERE code = 'FRI001'")
        return cursor.fetchone()[0]


def test_a_hash_of_old_parameters_is_made_anew(member, database):
    """A hash that was made with less is replaced at the next right password, and only then."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("dogs bark at night")
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE customer SET portal_password_hash = %s", [old])
    assert outcome(member, "frikkie@example.net", "wrong") == (1, "wrong\n")
    assert hash_of(database) == old
    assert outcome(member, "frikkie@example.net", "dogs bark at night")[0] == 0
    assert hash_of(database).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert outcome(member, "frikkie@example.net", "dogs bark at night")[0] == 0


def test_a_link_works_once(member, database):
    """A link sets a password once; the database has only its SHA-256, and a newer one or another password voids it."""
    first = member.json("portal", "reset", "FRI001", "--url", "https://portal.example/")
    token = member.json("portal", "reset", "FRI001", "--hours", "1")["token"]
    assert first["link"] == f"https://portal.example/reset?token={first['token']}"
    assert len(token) == 43  # 32 octets
    assert hashes(database) == [hashlib.sha256(token.encode()).hexdigest()]

    gone = "the token is unknown, used or expired"
    assert redeem(member, first["token"]) == gone
    assert member.refused("portal", "redeem", "--password-stdin", stdin=f"{token}\nshort\n").startswith(
        "a portal password is"
    )
    done = member.do("portal", "redeem", "--password-stdin", stdin=f"{token}\ncats sleep all day\n")
    assert done == "customer FRI001 has another portal password\n"
    assert redeem(member, token) == gone
    assert outcome(member, "frikkie@example.net", "cats sleep all day")[0] == 0

    token = member.json("portal", "reset", "FRI001")["token"]
    generated = member.json("portal", "passwd", "FRI001", "--generate")["password"]
    assert redeem(member, token) == gone
    assert outcome(member, "frikkie@example.net", generated)[0] == 0


def test_a_link_expires(member, database):
    """After its hours a link works no more."""
    token = member.json("portal", "reset", "FRI001")["token"]
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE portal_reset SET expires_at = now() - interval '1 minute'")
    assert redeem(member, token) == "the token is unknown, used or expired"


def test_the_audit_knows_no_secret(member, database):
    """The audit says that a password and a link were made, and neither of them."""
    token = member.json("portal", "reset", "FRI001")["token"]
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') FROM audit_change"
        )
        (written,) = cursor.fetchone()
    assert "(secret)" in written
    for secret in ("argon2", token, hashlib.sha256(token.encode()).hexdigest()):
        assert secret not in written


def test_what_a_login_needs(operator):
    """A password and a link need a user name; a user name is one customer's; a password is not short."""
    cause = "customer FRI001 has no portal user name"
    assert operator.refused("portal", "passwd", "FRI001", "--generate") == cause
    assert operator.refused("portal", "reset", "FRI001") == cause
    assert (
        operator.refused("portal", "set", "FRI001", "a b") == "a portal user name is 3 to 100 characters without spaces"
    )
    operator.do("portal", "set", "FRI001", "frikkie")
    operator.do("customer", "add", "--group", "Homes", "--first-name", "Ann")
    assert operator.refused("portal", "set", "ANN001", "FRIKKIE") == "portal user name frikkie is taken"
    assert operator.refused("portal", "passwd", "FRI001", "--password-stdin", stdin="short\n").startswith(
        "a portal password"
    )
    assert operator.refused("portal", "reset", "FRI001", "--url", "portal").startswith("'portal' is not a web address")


def redeem(operator, token):
    """Return why a token is refused."""
    return operator.refused("portal", "redeem", "--generate", stdin=f"{token}\n")


def hashes(a_database):
    """Return what the database has of links."""
    with closing(a_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT token_sha256 FROM portal_reset")
        return [digest for (digest,) in cursor.fetchall()]
