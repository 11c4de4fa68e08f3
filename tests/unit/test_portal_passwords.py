"""Passwords of the customer portal: argon2id, the same work for nobody's."""

import pytest

from provisioning import portal_passwords
from provisioning.errors import BadInput


def test_a_password_is_right_or_not():
    """A password fits its own hash only; two hashes of it differ; none fits where there is no hash."""
    hashed = portal_passwords.hash_password("dogs bark at night")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashed != portal_passwords.hash_password("dogs bark at night")
    assert portal_passwords.is_right("dogs bark at night", hashed)
    assert not portal_passwords.is_right("dogs bark", hashed)
    assert not portal_passwords.is_right("dogs bark", None)
    assert not portal_passwords.is_right("dogs bark", "no hash")


def test_nobodys_hash_has_todays_parameters():
    """Who guesses at a user name that nobody has waits as long: the hash in its place takes the same work."""
    assert not portal_passwords.is_outdated(portal_passwords.NOBODYS)
    assert portal_passwords.is_outdated(portal_passwords.NOBODYS.replace("t=3", "t=2"))


@pytest.mark.parametrize("password", ["", "short", "x" * 129, "with\nlines in it", "with \u202e in it"])
def test_what_is_no_password(password):
    """What is short, endless, or cannot be printed is refused, and not repeated."""
    with pytest.raises(BadInput) as refused:
        portal_passwords.hash_password(password)
    assert not password or password not in refused.value.message + refused.value.hint
