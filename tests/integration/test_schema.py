"""schema.sql is the truth: the models mirror it, every rule has its sentence, the hook reads and does not write."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects import postgresql

from policies import rows
from provisioning import constraints
from provisioning.models import Base

TABLES = Base.metadata.tables
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
VIEWS = {
    "hook_group": rows.GROUP,
    "hook_customer": rows.CUSTOMER,
    "hook_package": rows.PACKAGE,
    "hook_nas": rows.NAS,
    "hook_account": rows.ACCOUNT,
    "hook_device": rows.DEVICE,
    "hook_session": rows.SESSION,
}
READABLE = {"installation", "change_log", "change_log_floor", *VIEWS}


@pytest.fixture
def query(database):
    """Return a function that runs a query on a fresh database and returns its rows."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:

        def run(statement, *arguments):
            cursor.execute(statement, arguments)
            return cursor.fetchall()

        yield run


@pytest.fixture
def hook(database) -> Iterator[psycopg2.extensions.cursor]:
    """Return a cursor of the role tollkeeper_hook."""
    with closing(database.connect("tollkeeper_hook")) as connection, connection.cursor() as cursor:
        yield cursor


def relations(query, kind):
    """Return the names of all relations of some kinds; partitions are their parent's affair."""
    found = query(
        'SELECT relname FROM pg_class WHERE relkind = ANY(%s::"char"[]) AND NOT relispartition'
        " AND relnamespace = 'public'::regnamespace",
        list(kind),
    )
    return {name for (name,) in found}


def test_every_table_has_a_model_and_every_model_a_table(query):
    """The tables of the database are those of the models."""
    assert relations(query, "rp") == set(TABLES)


def test_columns_agree(query):
    """Name, type, nullability and presence of a default are the same for every column of every table."""
    expected = query(
        "SELECT relname, attname, replace(format_type(atttypid, atttypmod), ',', ', '),"
        " NOT attnotnull, atthasdef OR attidentity <> ''"
        " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relkind IN ('r', 'p')"
        " AND NOT relispartition AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped"
    )
    actual = [
        (table.name, column.name, column.type.compile(DIALECT).lower(), column.nullable, bool(column.server_default))
        for table in TABLES.values()
        for column in table.columns
    ]
    assert sorted(expected) == sorted(actual)


def test_keys_agree(query):
    """PRIMARY KEY, UNIQUE and FOREIGN KEY have the same names, columns, targets and ON DELETE."""
    expected = query(
        "SELECT conrelid::regclass::text, conname, contype::text,"
        " (SELECT array_agg(attname::text ORDER BY at.position) FROM unnest(conkey) WITH ORDINALITY AS"
        "  at (number, position) JOIN pg_attribute ON attrelid = conrelid AND attnum = number),"
        " nullif(confrelid, 0)::regclass::text, confdeltype = 'c'"
        " FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid AND NOT relispartition"
        " WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')"
    )
    assert sorted(expected) == sorted(describe_key(key) for table in TABLES.values() for key in table.constraints)


def describe_key(key):
    """Return a model's key as test_keys_agree asks the database for it."""
    kind = {PrimaryKeyConstraint: "p", UniqueConstraint: "u", ForeignKeyConstraint: "f"}[type(key)]
    target = key.referred_table.name if kind == "f" else None
    return key.table.name, str(key.name), kind, key.columns.keys(), target, kind == "f" and key.ondelete == "CASCADE"


def test_enumerations_agree(query):
    """An enumerated type has the same words in the same order."""
    expected = dict(
        query(
            "SELECT typname::text, array_agg(enumlabel::text ORDER BY enumsortorder)"
            " FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY 1"
        )
    )
    columns = (column for table in TABLES.values() for column in table.columns)
    actual = {column.type.name: column.type.enums for column in columns if hasattr(column.type, "enums")}
    assert expected == actual


def test_indexes_agree(query):
    """Every index that is no constraint's has its model, with columns, uniqueness and WHERE."""
    expected = query(
        "SELECT relname::text, indrelid::regclass::text, indisunique,"
        " (SELECT array_agg(attname::text ORDER BY position) FROM unnest(indkey::int[]) WITH ORDINALITY AS at"
        " (number, position) JOIN pg_attribute ON attrelid = indrelid AND attnum = number),"
        " pg_get_expr(indpred, indrelid)"
        " FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relnamespace = 'public'::regnamespace AND NOT relispartition"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))"
    )
    actual = [
        (index.name, table.name, index.unique, [column.name for column in index.columns], where(index))
        for table in TABLES.values()
        for index in table.indexes
    ]
    assert sorted((*row[:4], plain(row[4])) for row in expected) == sorted(actual)


def where(index):
    """Return a model's index predicate without brackets."""
    predicate = index.dialect_options["postgresql"]["where"]
    return plain(None if predicate is None else str(predicate))


def plain(predicate):
    """Return a predicate without brackets, or '' for none."""
    return (predicate or "").replace("(", "").replace(")", "")


def test_every_rule_has_its_sentence(query):
    """Each CHECK, UNIQUE, PRIMARY KEY, FOREIGN KEY, unique index and raised constraint has a sentence, no other has."""
    named = query(
        "SELECT conname FROM pg_constraint LEFT JOIN pg_class ON pg_class.oid = conrelid"
        " WHERE connamespace = 'public'::regnamespace AND relispartition IS NOT TRUE"
    )
    indexes = query(
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indisunique AND NOT relispartition AND relnamespace = 'public'::regnamespace"
    )
    raised = query(
        "SELECT (regexp_matches(prosrc, 'CONSTRAINT = ''(\\w+)''', 'g'))[1] FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace UNION"
        " SELECT (regexp_matches(prosrc, '''([a-z]+(?:_[a-z]+){3,})''', 'g'))[1] FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosrc ~ 'CONSTRAINT = refused' UNION"
        " SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE pronamespace = 'public'::regnamespace AND prosrc ~ 'CONSTRAINT = TG_NAME'"
    )
    assert {name for (name,) in [*named, *indexes, *raised]} == set(constraints.SENTENCES)


def test_sentences_are_in_the_house_form():
    """A cause is one line without full stop and not capitalised; a hint is a sentence."""
    for name, (cause, hint) in constraints.SENTENCES.items():
        cause.format(value="x")
        assert cause[-1] != ".", name
        assert "\n" not in cause + hint, name
        assert cause[0].islower() or cause.split()[0] in ("CoA", "VLAN"), name
        assert hint[0].isupper() or hint[0].isdigit(), name
        assert hint[-1] == ".", name


def test_every_view_is_known(query):
    """The database has the hook's views and no other."""
    assert relations(query, "v") == set(VIEWS)


def test_views_have_the_columns_that_policies_take(query):
    """The columns of a view are the fields of its row, in their order."""
    columns = query(
        "SELECT relname::text, array_agg(attname::text ORDER BY attnum) FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        " GROUP BY 1"
    )
    assert {view: tuple(names) for view, names in columns} == VIEWS


def test_the_hook_reads_what_it_answers_from(hook):
    """The hook's role may read its views, the feed and the installation."""
    for relation in READABLE:
        hook.execute(f"SELECT * FROM {relation}")
        hook.fetchall()


def test_the_hook_reads_nothing_else(hook):
    """The hook's role may read no table behind the views."""
    for table in set(TABLES) - READABLE:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            hook.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {column} = DEFAULT"],
)
def test_the_hook_writes_nothing(hook, statement):
    """The hook's role may neither insert, update, delete nor truncate in any table."""
    for table in TABLES.values():
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            hook.execute(statement.format(table.name, column=table.columns.keys()[0]))


def test_the_hook_is_granted_reading_alone(query):
    """No table, view or column of the schema is granted to the hook's role, or to everybody, for writing."""
    granted = query(
        "SELECT table_name::text, privilege_type::text FROM information_schema.role_table_grants"
        " WHERE grantee IN ('tollkeeper_hook', 'PUBLIC') AND table_schema = 'public'"
        " UNION SELECT table_name::text, privilege_type::text FROM information_schema.column_privileges"
        " WHERE grantee IN ('tollkeeper_hook', 'PUBLIC') AND table_schema = 'public'"
    )
    assert set(granted) == {(relation, "SELECT") for relation in READABLE}


def test_the_hook_makes_nothing(hook):
    """The hook's role may create no table, and call no function that prunes the feed."""
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        hook.execute("CREATE TABLE mine ()")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        hook.execute("SELECT prune_change_log('0 seconds')")
