"""Passwords and secrets: generated, sealed, one-way, refused."""

import base64
import hashlib

import pytest

from provisioning import passwords
from provisioning.errors import BadInput
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, Seal

SEAL = Seal(bytes(32))


def test_generated_are_long_and_different():
    """A generated password has 16 characters, a generated secret 32, and no two are the same."""
    assert {len(passwords.generate_password()) for _ in range(50)} == {16}
    assert {len(passwords.generate_secret()) for _ in range(50)} == {32}
    assert len({passwords.generate_secret() for _ in range(50)}) == 50


@pytest.mark.parametrize("password", ["arctangent", "pä$$'\"\\wört", "x" * 128])
def test_sealed_passwords_come_back(password):
    """A sealed password opens to itself."""
    assert SEAL.open(passwords.seal_password(password, SEAL), ACCOUNT_PASSWORD).decode() == password


def test_one_way_form():
    """A one-way password is {X-PBKDF2}, digest, rounds in four octets, salt and hash, each base64, salted anew."""
    stored = passwords.hash_password("arctangent")
    digest, rounds, salt, hashed = stored.removeprefix("{X-PBKDF2}").split(":")

    assert digest == "HMACSHA2+256"
    assert int.from_bytes(base64.b64decode(rounds), "big") == 10_000
    assert base64.b64decode(hashed) == hashlib.pbkdf2_hmac("sha256", b"arctangent", base64.b64decode(salt), 10_000)
    assert passwords.hash_password("arctangent") != stored


@pytest.mark.parametrize("password", ["", "x" * 129, "ä" * 65, "a\nb", "a\0b", "\udcff"])
def test_refused_passwords(password):
    """Empty ones, longer than RADIUS has room for, and ones with control characters are refused."""
    for keep in (passwords.hash_password, lambda text: passwords.seal_password(text, SEAL)):
        with pytest.raises(BadInput):
            keep(password)


def test_sealed_secrets_come_back():
    """A sealed NAS secret of 16 characters opens to itself."""
    assert SEAL.open(passwords.seal_secret("x" * 16, SEAL), NAS_SECRET) == b"x" * 16


@pytest.mark.parametrize("secret", ["x" * 15, "x" * 129, "x" * 16 + " ", "ä" * 20, "x" * 16 + "\n", ""])
def test_refused_secrets(secret):
    """Short and long ones, and what not every router's command line takes, are refused without repeating them."""
    with pytest.raises(BadInput) as refusal:
        passwords.seal_secret(secret, SEAL)
    assert not secret or secret not in refusal.value.message
