"""Sealing text and bytes with AES-256-GCM (NIST SP 800-38D).

A sealed value is a 12-octet random nonce followed by ciphertext and tag. What the value is for (`ACCOUNT_PASSWORD`,
`NAS_SECRET`, ...) is authenticated with it, so that one kind cannot be passed off as another.

Known weakness: random nonces should seal at most 2**32 values with one key, far more than any provider has passwords.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ACCOUNT_PASSWORD = b"account.password"
NAS_SECRET = b"nas.secret"
GATEWAY_SECRET = b"message_gateway.secret"

KEY_OCTETS = 32
_NONCE_OCTETS = 12


class UnusableKey(Exception):
    """the key file cannot be used"""


class NotOurs(Exception):
    """a sealed value does not open with this key"""


class Seal:
    """Seals and opens with one key (32 octets)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, clear: bytes, purpose: bytes) -> bytes:
        """Return nonce, ciphertext and tag in one."""
        nonce = os.urandom(_NONCE_OCTETS)
        return nonce + self._cipher.encrypt(nonce, clear, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Return the clear octets; raise `NotOurs` if the key or the purpose is another, or a bit has changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:], purpose)
        except (InvalidTag, ValueError) as exc:
            raise NotOurs("a sealed value does not open with this key") from exc


def read_seal(path: Path) -> Seal:
    """Read the key (64 hexadecimal digits) from its file; raise `UnusableKey` saying why it cannot be used."""
    try:
        text = path.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except (OSError, ValueError) as exc:
        raise UnusableKey(f"key file {path} cannot be read: {exc}") from exc
    if len(key) != KEY_OCTETS:
        raise UnusableKey(f"key file {path} holds {len(key)} octets instead of {KEY_OCTETS}")
    return Seal(key)


def make_key(path: Path) -> None:
    """Write a new random key, readable by its owner only; an existing file is left alone (FileExistsError)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(KEY_OCTETS).hex() + "\n")
