"""The letters of account codes, from names as operators type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import code
from provisioning.errors import BadInput


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["2D Consulting"], "2DC"),
        (["Frikkie", "Visser"], "FRI"),
        (["Tannie Poeke", "Smit"], "POE"),
        (["Dr. K", "Retief"], "KRE"),
        (["K", "Retief"], "KRE"),
        (["I @ U Consulting"], "IUC"),
        (["G", "Joubert"], "GJO"),
    ],
)
def test_examples_of_the_rule(names, letters):
    """The rule's own examples come out as it says."""
    assert code.prefix(*names) == letters


@pytest.mark.parametrize("name", ["Frikkie Visser", "Tannie Poeke Smit", "Dr. K Retief", "G Joubert"])
def test_a_name_in_one_piece_is_the_same(name):
    """A first name and surname typed into one field give the same letters."""
    first_name, _, last_name = name.rpartition(" ")
    assert code.prefix(name) == code.prefix(first_name, last_name)


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["Prof. Dr. Ann", "Lee"], "ANN"),
        (["MRS Ann"], "ANN"),
        ([None, "Mr Retief"], "RET"),
        (["Oom"], "OOM"),
        (["Dr", None], "DR"),
    ],
)
def test_titles_are_ignored(names, letters):
    """Leading titles are left out, with or without their full stop, unless there is nothing else."""
    assert code.prefix(*names) == letters


@pytest.mark.parametrize(
    ("names", "letters"),
    [(["José"], "JOS"), (["Zoë"], "ZOE"), (["O'Neil"], "ONE"), (["Jo", "Smit"], "JOS"), (["X"], "X"), (["ﬁn"], "FIN")],
)
def test_special_characters_are_dropped(names, letters):
    """Accents go, their letters stay; what is too short is filled from the surname, or stays short."""
    assert code.prefix(*names) == letters


@pytest.mark.parametrize("names", [["@@@"], ["Ольга"], [""], [None], [], ["李"]])
def test_nothing_to_make_a_code_of(names):
    """A name without a Latin letter or digit is refused with a hint to type the code in."""
    with pytest.raises(BadInput) as refusal:
        code.prefix(*names)

    assert "--code" in refusal.value.hint


@given(st.lists(st.one_of(st.none(), st.text()), max_size=3))
def test_any_name_gives_letters_or_a_refusal(names):
    """Whatever the name, there come one to three capital letters or digits, or a refusal."""
    try:
        letters = code.prefix(*names)
    except BadInput:
        return
    assert 1 <= len(letters) <= 3
    assert all(letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" for letter in letters)
