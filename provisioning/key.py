"""The installation's key, which seals passwords and secrets, and the home of this node that it is found in."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.errors import BadInput

if TYPE_CHECKING:
    from vault.sealed import Seal


def key_file() -> Path:
    """Return the key that seals passwords and secrets: TOLLKEEPER_KEY_FILE, or `secrets/password.key` in the home."""
    return Path(os.environ.get("TOLLKEEPER_KEY_FILE") or home() / "secrets" / "password.key")


def home() -> Path:
    """Return TOLLKEEPER_HOME, by default `var` beside the code."""
    return Path(os.environ.get("TOLLKEEPER_HOME") or Path(__file__).resolve().parents[1] / "var")


def open_seal() -> "Seal":
    """Return what seals and opens with the installation's key; raise `BadInput` where there is none."""
    from vault import sealed

    try:
        return sealed.read_seal(key_file())
    except sealed.UnusableKey as exc:
        raise BadInput(str(exc), "Set TOLLKEEPER_KEY_FILE to the installation's key; bin/up makes one.") from exc
