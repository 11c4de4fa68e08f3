"""tollkeeper provider: when customers are suspended, and when they are told."""

import pytest

from tests.command_line import Operator

PASSWORD = "a-long-enough-one"
EDIT = [
    *("--name", "Karoo Net", "--language", "Afrikaans", "--dunning-time", "09:30", "--debt-ignored", "50"),
    *("--no-cut-weekdays", "fri-sun", "--cut-hours", "08:00-16:00", "--brake-percent", "3.5", "--brake-customers", "0"),
    *("--quiet-hours", "20:00-07:00"),
]
COLUMNS = {
    "name": "Karoo Net",
    "language": "af",
    "dunning_minute": 570,
    "debt_ignored_cents": 5000,
    "no_cut_weekdays": 112,
    "cut_from_minute": 480,
    "cut_until_minute": 960,
    "brake_percent": 3.5,
    "brake_customers": 0,
    "quiet_from_minute": 1200,
    "quiet_until_minute": 420,
}


@pytest.fixture
def operator(database):
    """Return an operator at an empty database."""
    return Operator(database.environ)


def test_all_of_it_is_edited(operator, accounting):
    """Every option ends in its column, and is shown as it was typed."""
    operator.do("provider", "edit", *EDIT)

    written = accounting.sql("SELECT to_jsonb(installation) FROM installation")
    assert {column: written[column] for column in COLUMNS} == COLUMNS
    shown = operator.json("provider", "show")
    assert (shown["dunning_time"], shown["no_cut_weekdays"]) == ("09:30", "fri,sat,sun")
    assert (shown["cut_hours"], shown["quiet_hours"]) == ("08:00-16:00", "20:00-07:00")


def test_hours_and_days_are_cleared(operator):
    """None means: on every day, at any hour, no quiet hours. It is told as a change of what is shown."""
    operator.do("provider", "edit", *EDIT)

    cleared = ["--no-cut-weekdays", "none", "--cut-hours", "none", "--quiet-hours", "none"]
    assert operator.json("provider", "edit", *cleared)["changed"] == {
        "no_cut_weekdays": ["fri,sat,sun", None],
        "cut_hours": ["08:00-16:00", None],
        "quiet_hours": ["20:00-07:00", None],
    }


@pytest.mark.parametrize(
    ("option", "value", "cause"),
    [
        ("--cut-hours", "16:00-08:00", "the hours of suspension end before they begin"),
        ("--quiet-hours", "08:00-24:00", "a time of day is 00:00 to 23:59"),
        ("--dunning-time", "24:00", "--dunning-time: '24:00' is not a time of day"),
        ("--no-cut-weekdays", "daily", "there has to be a day on which customers are suspended"),
        ("--no-cut-weekdays", "funday", "--no-cut-weekdays: 'funday' is not a weekday"),
        ("--brake-percent", "101", "a percentage is 0 to 100"),
        ("--language", "Klingonese", "'Klingonese' is not a language"),
        ("--name", " ", "a word cannot be empty"),
    ],
)
def test_what_cannot_be(operator, option, value, cause):
    """What makes no sense is refused in a line, and nothing is changed."""
    before = operator.json("provider", "show")
    assert operator.refused("provider", "edit", option, value) == cause
    assert operator.json("provider", "show") == before


def test_an_operator_may_edit_what_he_may(operator, database):
    """An administrator who is not the owner edits all of it; one of support nothing."""
    for name, role in (("anna", "administrator"), ("sam", "support")):
        operator.do("operator", "add", name, "--role", role, "--password-stdin", stdin=f"{PASSWORD}\n")
    anna, sam = (Operator({**database.environ, "PGUSER": name, "PGPASSWORD": PASSWORD}) for name in ("anna", "sam"))

    anna.do("provider", "edit", *EDIT)

    assert sam.refused("provider", "edit", *EDIT) == "operator sam may not change what is of the area node"
