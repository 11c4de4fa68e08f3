"""Account codes in a database: unique and without gaps, whoever adds customers at the same time."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from provisioning import customer, database, group
from provisioning.errors import BadInput, Conflict

NAMES = (
    {"company_name": "2D Consulting {}", "type": "company"},
    {"first_name": "Frikkie", "last_name": "Visser {}"},
    {"first_name": "Tannie Poeke", "last_name": "Smit {}"},
    {"first_name": "Dr. K", "last_name": "Retief {}"},
    {"company_name": "I @ U Consulting {}", "type": "company"},
    {"first_name": "G", "last_name": "Joubert {}"},
    {"first_name": "Frits", "last_name": "who is there once"},
)
ADDER = """
import json, sys
from contextlib import suppress
from provisioning import customer, database, errors, group
for names in json.loads(sys.argv[1]):
    with suppress(errors.Conflict), database.transaction() as session:
        homes = group.find(session, "Homes")
        print(customer.add(session, group_id=homes.id, **names).code, flush=True)
"""


@pytest.fixture
def homes(database):
    """Return the id of a customer group."""
    with transaction(database) as session:
        return group.add(session, "Homes").id


def transaction(a_database):
    """Return a transaction on the test's database."""
    return database.transaction(a_database.dsn)


def add(session, homes, **names):
    """Add a customer and return its account code."""
    return customer.add(session, group_id=homes, **names).code


def test_codes_count_up_per_prefix(database, homes):
    """Each prefix has its own sequence from 001."""
    with transaction(database) as session:
        codes = [add(session, homes, first_name=name, last_name="Smit") for name in ("Frikkie", "Friso", "Ann")]

    assert codes == ["FRI001", "FRI002", "ANN001"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"company_name": "2D Consulting", "type": "company"}, "2DC001"),
        ({"company_name": "I @ U Consulting", "type": "company", "first_name": "Ann"}, "IUC001"),
        ({"first_name": "Tannie Poeke", "last_name": "Smit"}, "POE001"),
        ({"title": "Dr.", "first_name": "K", "last_name": "Retief"}, "KRE001"),
        ({"first_name": "G", "last_name": "Joubert", "company_name": "Joubert Plumbing"}, "GJO001"),
        ({"company_name": "Joubert Plumbing", "type": "sole_proprietor"}, "JOU001"),
    ],
)
def test_people_and_companies(database, homes, names, code):
    """People go by their own name, companies by the company's, and who has only a company's name by that."""
    with transaction(database) as session:
        assert add(session, homes, **names) == code


def test_a_code_typed_in_is_kept_and_skipped(database, homes):
    """A typed code is taken as it is, in capitals, and the sequence goes round it."""
    with transaction(database) as session:
        assert add(session, homes, first_name="Frikkie", code="fri002") == "FRI002"
        assert [add(session, homes, first_name="Frikkie", last_name=name) for name in "AB"] == ["FRI001", "FRI003"]


def test_a_taken_code_is_refused(database, homes):
    """A typed code that somebody has is refused by name."""
    with transaction(database) as session:
        add(session, homes, first_name="Frikkie")
    with pytest.raises(Conflict, match="account code FRI001 is taken"), transaction(database) as session:
        add(session, homes, first_name="Frits", code="FRI001")


def test_a_rollback_leaves_no_gap(database, homes):
    """A code given in a transaction that failed is given again."""
    with suppress(ZeroDivisionError), transaction(database) as session:
        add(session, homes, first_name="Frikkie")
        raise ZeroDivisionError
    with transaction(database) as session:
        assert add(session, homes, first_name="Frikkie") == "FRI001"


def test_after_999_comes_1000(database, homes):
    """The number grows beyond three digits."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO customer_code_sequence VALUES ('FRI', 999)")
    with transaction(database) as session:
        assert add(session, homes, first_name="Frikkie") == "FRI1000"


def test_a_customer_without_a_name_is_refused(database, homes):
    """No name at all is refused, whether a code was typed or not."""
    with pytest.raises(BadInput), transaction(database) as session:
        add(session, homes)
    with pytest.raises(Conflict, match="needs a person's or a company's name"), transaction(database) as session:
        add(session, homes, code="ABC001")


def test_twenty_processes_at_once(database, homes):
    """Twenty processes that add customers of the same names get every number once, and none is left out.

    All but one of them are refused a customer whose name is taken: no gap by that.
    """

    def run(number):
        names = [{column: text.format(number) for column, text in one.items()} for one in NAMES]
        command = [sys.executable, "-c", ADDER, json.dumps(names)]
        done = subprocess.run(command, env=database.environ, capture_output=True, text=True, check=True)
        return done.stdout.split()

    with ThreadPoolExecutor(20) as pool:
        codes = [code for codes in pool.map(run, range(20)) for code in codes]

    expected = [f"{prefix}{number:03}" for prefix in ("2DC", "POE", "KRE", "IUC", "GJO") for number in range(1, 21)]
    assert sorted(codes) == sorted([*expected, *(f"FRI{number:03}" for number in range(1, 22))])


def test_a_code_being_typed_in_elsewhere_is_skipped(database, homes, eventually):
    """Where the next code is being typed in by a transaction not yet committed, the one behind it is given."""
    with ThreadPoolExecutor(1) as pool:
        with transaction(database) as session:
            add(session, homes, first_name="Frits", code="FRI001")
            session.flush()
            waiting = pool.submit(add_alone, database, homes)
            eventually(lambda: assert_somebody_waits(database))
        assert waiting.result(timeout=10) == "FRI002"


def add_alone(a_database, homes):
    """Add a customer in a transaction of its own; return the code."""
    with transaction(a_database) as session:
        return add(session, homes, first_name="Frikkie")


def assert_somebody_waits(a_database):
    """Assert that a connection to the database waits for another's lock."""
    with a_database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert cursor.fetchone() != (0,)
