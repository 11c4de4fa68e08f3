"""E-mail addresses, phone numbers, countries, languages and labels as operators type them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import particulars
from provisioning.errors import BadInput


@pytest.mark.parametrize(
    ("read", "text", "usual"),
    [
        (particulars.email, "Ann@EXAMPLE.net", "Ann@example.net"),
        (particulars.email, "ann@exämple.net", "ann@exämple.net"),
        (particulars.phone, "+27215550100", "+27 21 555 0100"),
        (particulars.phone, " +1 (202) 555-0100", "+1 202-555-0100"),
        (particulars.phone, "021 555 0100 ", "021 555 0100"),
        (particulars.country, "za", "ZA"),
        (particulars.country, "South Africa", "ZA"),
        (particulars.language, "EN", "en"),
        (particulars.language, "eng", "en"),
        (particulars.language, "Afrikaans", "af"),
        (particulars.language, "nso", "nso"),
        (particulars.label, "  pays   late ", "pays late"),
    ],
)
def test_usual_writing(read, text, usual):
    """What is typed comes out in its usual writing."""
    assert read(text) == usual


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *(
            (particulars.email, text)
            for text in ("ann", "ann@localhost", "a b@example.net", "ann@[192.0.2.1]", "a@b@c.net")
        ),
        *((particulars.phone, text) for text in ("+", "+27 1", "+999 123 456 789", "+27 21 555 0100 ext 5")),
        *((particulars.country, text) for text in ("", "XX", "Utopia")),
        *((particulars.language, text) for text in ("", "xx", "Klingonese")),
        *((particulars.label, text) for text in ("", " ", "a,b", "x" * 41)),
    ],
)
def test_what_is_none_is_refused(read, text):
    """What is no address, number, country, language or label is refused by name."""
    with pytest.raises(BadInput, match="is not a"):
        read(text)


def test_a_number_without_plus_is_of_the_country():
    """A number is of the country that is said with it, else of the customer's; letters are no digits."""
    assert particulars.checked({"phone": "021 555 0100"}, region="ZA") == {"phone": "+27 21 555 0100"}
    assert particulars.checked({"phone": "061 123 456", "country": "Namibia"}, region="ZA") == {
        "phone": "+264 61 123 456",
        "country": "NA",
    }
    with pytest.raises(BadInput):
        particulars.checked({"phone": "0800 CALL ME"}, region="ZA")


def test_columns_are_stripped_and_cleared_ones_stay_cleared():
    """Blanks around a text go; what is to be cleared stays so; labels are in order, each once."""
    columns = {"first_name": " Ann ", "email": None, "labels": ["b", "a", "b"], "billing_day": 7}
    assert particulars.checked(columns, region=None) == {**columns, "first_name": "Ann", "labels": ["a", "b"]}


@given(st.text(max_size=60), st.sampled_from([None, "ZA", "US"]))
def test_any_text_is_read_or_refused(text, region):
    """Whatever is typed: a usual writing that is read back as itself, or BadInput."""
    for read in (particulars.email, particulars.country, particulars.language, particulars.label):
        with suppress(BadInput):
            assert read(read(text)) == read(text)
    with suppress(BadInput):
        number = particulars.phone(text, region)
        assert particulars.phone(number, region) == number
