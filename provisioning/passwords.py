"""RADIUS passwords and NAS secrets: made, checked, sealed, or kept one-way.

One-way (`--pap-only`) is `{X-PBKDF2}HMACSHA2+256:rounds:salt:hash`, each part base64, the rounds as four octets in
network order: Crypt::PBKDF2's LDAP format as FreeRADIUS 3.2.1's src/modules/rlm_pap/rlm_pap.c reads it from
Password-With-Header (header_names, pap_auth_pbkdf2, pap_auth_pbkdf2_parse).

Why this one: of the headers that rlm_pap knows it alone is slow on purpose. {SSHA512} is one round of SHA-512, of
which a graphics card does thousands of millions a second; {CRYPT} depends on the system's libcrypt. Why only 10,000
rounds, and not the 600,000 that portals use: every login costs them on the AAA node, and after a power cut all
customers log in at once. 10,000 rounds are 2.4 ms (one core of the 2-core test machine), 400 logins a second and core.
"""

import base64
import hashlib
import os
import secrets
import string

from provisioning.errors import BadInput
from vault.sealed import ACCOUNT_PASSWORD, NAS_SECRET, Seal

OTHER_KEY = "Set TOLLKEEPER_KEY_FILE to the key that sealed it."
_ROUNDS = 10_000
_SALT_OCTETS = 16
_LETTERS = string.ascii_letters + string.digits
_LONGEST_PASSWORD = 128  # octets of User-Password, RFC 2865 5.2
_GENERATED_PASSWORD = 16
_GENERATED_SECRET = 32
_SHORTEST_SECRET = 16  # RFC 2865 3: at least 16 octets
_LONGEST_SECRET = 128


def generate_password() -> str:
    """Return 16 random letters and digits: 95 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_GENERATED_PASSWORD))


def generate_secret() -> str:
    """Return a NAS secret of 32 random letters and digits, which every router's command line takes."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_GENERATED_SECRET))


def seal_password(password: str, seal: Seal) -> bytes:
    """Return a password sealed, to be had back for CHAP and MS-CHAP."""
    return seal.seal(_checked(password).encode(), ACCOUNT_PASSWORD)


def hash_password(password: str) -> str:
    """Return a password one-way, in the form that rlm_pap verifies; PAP only."""
    salt = os.urandom(_SALT_OCTETS)
    digest = hashlib.pbkdf2_hmac("sha256", _checked(password).encode(), salt, _ROUNDS)
    parts = (_ROUNDS.to_bytes(4, "big"), salt, digest)
    return "{X-PBKDF2}HMACSHA2+256:" + ":".join(base64.b64encode(part).decode() for part in parts)


def seal_secret(secret: str, seal: Seal) -> bytes:
    """Return a NAS secret sealed; raise `BadInput` for one that is short, or that a router could not be given."""
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise BadInput("the secret has characters other than printable ASCII", "Leave it out to have one generated.")
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise BadInput(
            f"the secret is not {_SHORTEST_SECRET} to {_LONGEST_SECRET} characters long",
            "Leave it out to have one of 32 characters generated.",
        )
    return seal.seal(secret.encode(), NAS_SECRET)


def _checked(password: str) -> str:
    if not password.isprintable():
        raise BadInput("the password has a character that cannot be printed", "Leave out control characters.")
    if not 1 <= len(password.encode()) <= _LONGEST_PASSWORD:
        raise BadInput(
            f"the password is not 1 to {_LONGEST_PASSWORD} octets long", "RFC 2865 5.2 has no room for more."
        )
    return password
