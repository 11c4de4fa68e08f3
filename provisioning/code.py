"""Account codes: three letters of the customer's name and a number, unique and without gaps.

Rules: the words of the name, first name before surname, without leading titles; of their letters and digits the
first three, in capitals; then a number of at least three digits from 001. So `Frikkie Visser` is FRI001, and a bare
initial is followed by the surname: `G Joubert` is GJO001. Companies go by the company's name.

The number comes from the prefix's row in customer_code_sequence (schema.sql, next_customer_codes), which stays locked
until the transaction ends: a rollback gives the number back, so there are no gaps, and two customers of the same prefix
are added one after the other. A number whose code was typed in by hand is skipped.

Known weakness: a company whose name begins with a title is cut as well (`Mr Price` becomes PRI); letters with no
Latin base (Cyrillic, Chinese) count as special characters, and a name of nothing else needs a code typed in.
"""

import re
import unicodedata

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from provisioning.errors import BadInput
from provisioning.models import Customer

LETTERS = 3

# English, Afrikaans and Dutch forms of address, as they are met in customer lists
_TITLES_TEXT = """
    adv advocate brother capt captain col colonel dame dominee dr ds eng father gen general hon juffrou lady lt lord
    madam major me mej mejuffrou meneer mev mevrou mevrouw mister miss mnr mr mrs ms oom pastor prof professor rabbi rev
    reverend sen sergeant sgt sir sister tannie tant tante
"""
TITLES = frozenset(_TITLES_TEXT.split())


def prefix(*names: str | None) -> str:
    """Return the letters of an account code from names in order: first name and surname, or the company's name."""
    words = [word for name in names if name for word in name.split()]
    letters = "".join(_letters(word) for word in _without_titles(words))[:LETTERS]
    if not letters:
        raise BadInput("the name has no letter or digit to make an account code of", "Type a code in: --code ABC001.")
    return letters


def take(session: Session, letters: str, number: int = 1) -> list[str]:
    """Return the next free account codes with these letters, in order, and hold them until the transaction ends."""
    query = text("SELECT * FROM next_customer_codes(:letters, :number)")
    return list(session.scalars(query, {"letters": letters, "number": number}))


def is_taken(session: Session, code: str) -> bool:
    """Return whether a customer has this account code, as far as other transactions have committed."""
    return bool(session.scalar(select(exists().where(Customer.code == code))))


def _without_titles(words: list[str]) -> list[str]:
    for at, word in enumerate(words):
        if word.rstrip(".").lower() not in TITLES and _letters(word):
            return words[at:]
    return words  # a name of nothing but titles: somebody is called that


def _letters(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]", "", plain.upper())
