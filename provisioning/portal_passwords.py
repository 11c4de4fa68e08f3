"""Passwords of the customer portal, one-way: argon2id.

Three passes over 64 MiB with four lanes, a salt of 16 octets and a tag of 32: the second recommended option of RFC
9106, section 4. A guess costs an attacker that memory too, and 0.22 s of processor (2-core test machine). Where these
numbers grow, a hash made with the old ones is made anew at the next login.

Unlike RADIUS passwords (provisioning/passwords.py) nobody needs them back, and nobody logs in a thousand times a
second.
"""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from provisioning.errors import BadInput

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
# of a password that nobody knows, with these parameters: what is compared where there is no user of a name
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$9vWpfQMKFmJSjE+Q253sGw$BRDhDWDHJhsu9cWzqhX258gxYR8vBLB53EJHRnR5ojA"
_SHORTEST = 10
_LONGEST = 128


def hash_password(password: str) -> str:
    """Return a password's hash; raise `BadInput` for one that is too short, or cannot be typed."""
    if not password.isprintable():
        raise BadInput("the password has a character that cannot be printed", "Leave out control characters.")
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise BadInput(
            f"a portal password is {_SHORTEST} to {_LONGEST} characters long", "A few words do, or --generate."
        )
    return _HASHER.hash(password)


def is_right(password: str, hashed: str | None) -> bool:
    """Return whether this is the password; without a hash it takes the same time to say no."""
    try:
        return _HASHER.verify(hashed or NOBODYS, password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)
