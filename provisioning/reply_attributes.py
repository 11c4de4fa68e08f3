"""Further reply attributes of a package or an account, checked against FreeRADIUS's dictionaries when entered.

FreeRADIUS drops an attribute it does not know from the answer without a word, and up to 3.2.7 sends a value that does
not parse as 0 (FREERADIUS facts in the README): so nothing that its dictionaries do not have is stored.
"""

import functools
import os
from collections.abc import Iterable
from pathlib import Path

from policies import attribute, dictionary
from policies.facts import Pair
from provisioning.errors import BadInput

DICTIONARY = "/usr/share/freeradius/dictionary"  # TOLLKEEPER_DICTIONARY names another


def check(pairs: Iterable[Pair]) -> list[list[str]]:
    """Return the attributes as the column reply_attributes holds them; raise `BadInput` for the first bad one."""
    wanted = list(pairs)
    if wanted:
        dictionaries = known()
        for pair in wanted:
            _check_one(dictionaries, pair)
    return [list(pair) for pair in wanted]


def parse(text: str) -> Pair:
    """Return the attribute of `Name=value`, `Name:=value` or `Name+=value`."""
    left, equals, value = text.partition("=")
    operator = f"{left[-1:]}=" if left[-1:] in (":", "+") else "="
    name = left.removesuffix(operator[:-1]) if len(operator) > 1 else left
    if not equals or not name.strip() or not value.strip():
        raise BadInput(f"{text!r} is not a reply attribute", "Write it as Name=value, Name:=value or Name+=value.")
    return Pair(name.strip(), operator, value.strip())


@functools.cache
def known() -> dictionary.Dictionary:
    """Return what FreeRADIUS's dictionaries hold; raise `BadInput` where they cannot be read."""
    root = os.environ.get("TOLLKEEPER_DICTIONARY", DICTIONARY)
    try:
        return dictionary.parse(root, lambda path: Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, dictionary.InvalidDictionary) as exc:
        raise BadInput(
            f"FreeRADIUS's dictionaries cannot be read: {exc}", "Set TOLLKEEPER_DICTIONARY to their root file."
        ) from exc


def _check_one(known: dictionary.Dictionary, pair: Pair) -> None:
    try:
        attribute.check(known, *pair)
    except attribute.InvalidAttribute as exc:
        raise BadInput(str(exc), exc.hint) from exc
