"""A reseller's operator with SQL of his own: on every table, by any trick, he sees and changes his own part only."""

from contextlib import closing

import psycopg2
import pytest

from tests.integration.operators.hidden import hidden, rows, tables
from tests.integration.operators.market import MARK, NORTH, SOUTH

# what operators may call, and what that tells of others; a new function is decided on here
CALLABLE = {
    *("may", "is_within_mine", "acting_as", "home_reseller", "my_reseller", "is_providers", "sees_all", "my_resellers"),
    *("acting_customers", "sellable_resellers", "asks_as_owner"),  # who he is himself
    *("is_time_zone", "is_reply_attributes", "are_percents", "customer_name_key"),  # nobody's data
    *("local_moment", "dunning_day", "cut_moment"),  # the provider's hours
    *("my_changes", "customers_reached", "sessions_reached"),  # of his own transaction
    *("next_customer_codes", "group_has_reseller", "static_holders", "vlan_holder"),  # that something is taken
    *("customers_by_text", "credit_refusal"),  # of customers that he sees
    "brand_for",  # of customers that he may see
    "retry_enforcement",  # of sessions that he sees, and may change
    *("settle_account", "allowance_left"),  # of accounts that he may change, and that he sees
    *("set_operator_login", "audit_chain", "audit_flaws", "audit_loose_ends"),  # they ask what he may
}
DENIED = psycopg2.errors.InsufficientPrivilege


@pytest.fixture
def nora(market):
    """Return a cursor of North's operator, whose transaction is rolled back."""
    with closing(psycopg2.connect(market.dsn("nora"))) as connection, connection.cursor() as cursor:
        yield cursor


def ask(cursor, statement, *arguments):
    """Return the first value of a query."""
    cursor.execute(statement, arguments)
    return cursor.fetchone()[0]


def test_every_table_shows_ones_own_part(market, nora):
    """No row of any table that can be read has the other's mark or names; one's own are there."""
    readable = [table for table in tables(nora.connection) if rows(nora.connection, table) is not None]
    seen = {table: rows(nora.connection, table) for table in readable}
    text = "\n".join(row for found in seen.values() for row in found)

    assert MARK not in text
    assert [key for key in SOUTH.keys if f'"{key}"' in text] == []
    own = set(readable) - {"accounting_node", "accounting_day", "accounting_quarantine", "accounting_reboot"}
    own -= {"job", "job_run", "suspension_run", "message_gateway", "treatment_mark"}  # the provider's
    assert [table for table in own if not seen[table]] == []


def test_what_is_nobodys_cannot_be_read(market, nora):
    """The change feed, the head of the audit, the hook's views, the months of closed sessions: nothing."""
    with closing(market.database.connect()) as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
            " AND (relispartition OR relname ~ '^(hook_|change_log|audit_head|customer_code_sequence)')"
        )
        closed = [name for (name,) in cursor]
    assert len(closed) > 12
    for table in closed:
        with pytest.raises(DENIED):
            nora.execute(f"SELECT * FROM {table}")
        nora.connection.rollback()


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE", "LOCK"])
def test_nothing_of_anothers_is_changed(market, nora, verb):
    """UPDATE and DELETE of every table touch one's own part, if anything; TRUNCATE nothing."""
    before = hidden(market, "nora")
    with closing(market.database.connect()) as owner:
        for table in tables(owner):
            attempt(nora, verb, table, owner)
    nora.connection.rollback()

    assert hidden(market, "nora") == before


def attempt(cursor, verb, table, owner):
    """Do it to a whole table, without a condition; what it returns is one's own."""
    with owner.cursor() as columns:
        columns.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = ''"
            " AND attgenerated = '' ORDER BY attnum DESC LIMIT 1",
            [table],
        )
        (column,) = columns.fetchone()
    statement = {
        "UPDATE": f'UPDATE "{table}" AS r SET "{column}" = "{column}" RETURNING to_jsonb(r)::text',
        "DELETE": f'DELETE FROM "{table}" AS r RETURNING to_jsonb(r)::text',
        "TRUNCATE": f'TRUNCATE "{table}" CASCADE',
        "LOCK": f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE',
    }[verb]
    cursor.execute("SAVEPOINT one")
    try:
        cursor.execute(statement)
    except (DENIED, psycopg2.errors.IntegrityError, psycopg2.errors.ObjectInUse):  # no one drops his own login
        pass
    else:
        assert verb in ("UPDATE", "DELETE", "LOCK")
        if verb != "LOCK":
            assert MARK not in "".join(text for (text,) in cursor)
    cursor.execute("ROLLBACK TO SAVEPOINT one")


INSERTS = {
    "customer": "INSERT INTO customer (code, group_id, first_name, reseller_id)"
    " VALUES ('MINE01', %(group)s, 'x', %(reseller)s)",
    "of the provider": "INSERT INTO customer (code, group_id, first_name, reseller_id)"
    " VALUES ('MINE02', %(own_group)s, 'x', NULL)",
    "into a group": "INSERT INTO customer (code, group_id, first_name) VALUES ('MINE03', %(group)s, 'x')",
    "below a parent": "INSERT INTO customer (code, group_id, first_name, parent_id)"
    " VALUES ('MINE04', %(own_group)s, 'x', %(customer)s)",
    "account": "INSERT INTO account (customer_id, package_id, user_name)"
    " VALUES (%(customer)s, %(own_package)s, 'mine')",
    "with a package": "INSERT INTO account (customer_id, package_id, user_name)"
    " VALUES (%(own_customer)s, %(package)s, 'mine')",
    "with a package to come": "INSERT INTO package_change (account_id, package_id, activates_at)"
    " VALUES (%(own_account)s, %(package)s, now())",
    "of an account": "INSERT INTO package_change (account_id, package_id, activates_at)"
    " VALUES (%(account)s, %(own_package)s, now())",
    "default package": "UPDATE customer_group SET default_package_id = %(package)s WHERE id = %(own_group)s",
    "device": "INSERT INTO device (account_id, mac) VALUES (%(account)s, '02:00:00:00:09:09')",
    "inventory": "INSERT INTO device (reseller_id, mac) VALUES (%(reseller)s, '02:00:00:00:09:09')",
    "note": "INSERT INTO note (customer_id, text) VALUES (%(customer)s, 'x')",
    "author": "INSERT INTO note (customer_id, text, author) VALUES (%(own_customer)s, 'x', 'stan')",
    "invoice": "INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)"
    " VALUES (%(customer)s, 'MINE', now(), now(), 1)",
    "allocation": "INSERT INTO allocation (customer_id, invoice_id, payment_id, amount_cents)"
    " VALUES (%(own_customer)s, %(invoice)s, %(own_payment)s, 1)",
    "paid": "UPDATE invoice SET allocated_cents = amount_cents",
    "reseller": "INSERT INTO reseller (name, parent_id) VALUES ('Mine', %(reseller)s)",
    "reseller of the provider": "INSERT INTO reseller (name, parent_id) VALUES ('Mine', NULL)",
    "operator": "INSERT INTO operator (name, role, reseller_id) VALUES ('mine', 'reseller', %(reseller)s)",
    "administrator": "INSERT INTO operator (name, role) VALUES ('mine', 'administrator')",
    "package": "INSERT INTO package (name, reseller_id) VALUES ('Mine', %(reseller)s)",
    "provider's package": "UPDATE package SET reseller_id = NULL WHERE id = %(own_package)s",
    "import": "INSERT INTO import_run (reseller_id, kind, file_name, file_sha256, created_rows, changed_rows,"
    " unchanged_rows) VALUES (%(reseller)s, 'x', 'x', 'x', 0, 0, 0)",
    "import row": "INSERT INTO import_row VALUES (%(run)s, 9, 'x', '{}', NULL, '{}')",
    "filter": "INSERT INTO saved_filter VALUES ('stan', 'mine', '{}')",
    "audit": "INSERT INTO audit_entry (act) VALUES ('mine')",
    "usage": "INSERT INTO usage_day VALUES (%(own_account)s, now(), now(), 1, 1)",
    "balance": "UPDATE customer_balance SET balance_cents = 0",
    "nas": "UPDATE nas SET secret = ''",
    "role": "INSERT INTO operator_role_permission VALUES ('reseller', 'node', 'edit')",
    "my own role": "UPDATE operator SET role = 'administrator' WHERE name = 'nora'",
    "my own reseller": "UPDATE operator SET reseller_id = NULL WHERE name = 'nora'",
    "moves away": "UPDATE customer SET reseller_id = %(reseller)s WHERE id = %(own_customer)s",
    "time zone": "UPDATE installation SET time_zone = 'UTC'",
    "code sequence": "UPDATE customer_code_sequence SET last_number = 999",
    "balance of all": "SELECT count_balance()",
}


@pytest.fixture(scope="session")
def ids(market):
    """Return the ids of North's and South's rows by what they are."""
    found = {}
    for names, prefix in ((SOUTH, ""), (NORTH, "own_")):
        found[f"{prefix}reseller"] = market.id("SELECT id FROM reseller WHERE name = %s", names.reseller)
        found[f"{prefix}group"] = market.id("SELECT id FROM customer_group WHERE name = %s", names.group)
        found[f"{prefix}package"] = market.id("SELECT id FROM package WHERE name = %s", names.package)
        found[f"{prefix}customer"] = market.id("SELECT id FROM customer WHERE code = %s", names.customer)
        found[f"{prefix}account"] = market.id("SELECT id FROM account WHERE user_name = %s", names.account)
        found[f"{prefix}invoice"] = market.id("SELECT id FROM invoice WHERE number = %s", names.invoice)
        found[f"{prefix}payment"] = market.id("SELECT id FROM payment WHERE receipt = %s", names.receipt)
        found[f"{prefix}run"] = market.id("SELECT id FROM import_run WHERE operator = %s", names.operator)
    return found


def put(cursor, statement, ids):
    """Execute a statement and the constraints that wait; raise an error also where it found no row."""
    cursor.execute(statement, ids)
    found = cursor.rowcount
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if found == 0:
        raise psycopg2.DataError("no row was found")


@pytest.mark.parametrize("what", INSERTS)
def test_nothing_is_put_into_anothers_part(nora, ids, what):
    """A row of the other's, or one's own tied to it, is refused or not found; so is what would make him more."""
    with pytest.raises(psycopg2.Error) as refused:
        put(nora, INSERTS[what], ids)

    assert MARK not in str(refused.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE tollkeeper",
        "SET ROLE postgres",
        "SET ROLE tollkeeper_hook",
        "SET ROLE stan",
        "SET SESSION AUTHORIZATION tollkeeper",
        "GRANT tollkeeper TO nora",
        "ALTER ROLE nora BYPASSRLS",
        "ALTER ROLE stan PASSWORD 'mine'",
        "ALTER TABLE customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit_change DISABLE TRIGGER kept",
        "DROP POLICY seen ON customer",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine ()",
        "CREATE FUNCTION public.may(area, permission) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "COPY customer TO '/tmp/mine'",
        "COPY customer TO PROGRAM 'cat'",
        "SELECT set_operator_login('stan', 'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA')",
        "SELECT set_operator_login('adam', 'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA')",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT audit_flaws(0, 1)",
    ],
)
def test_one_does_not_become_another(nora, statement):
    """No role is taken on, no rule switched off, no login taken over."""
    with pytest.raises(DENIED):
        nora.execute(statement)


@pytest.mark.parametrize(
    "trigger", ["log_change('a', '(SELECT 1/0)')", "audit_rows('a', 'b', 'c', '{}', 'd')", "count_balance()"]
)
def test_triggers_are_not_borrowed(nora, trigger):
    """A function that runs as the owner is no trigger of one's own temporary table."""
    nora.execute("CREATE TEMP TABLE mine (id bigint)")
    with pytest.raises(DENIED):
        nora.execute(f"CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION {trigger}")


def test_what_may_be_called_is_known(nora):
    """Of the schema's functions, operators may call those that were decided on."""
    nora.execute(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege(oid, 'EXECUTE')"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
    )
    assert {name for (name,) in nora} == CALLABLE


def test_functions_tell_nothing_of_anothers(nora, ids):
    """What looks further than one sees tells that something is taken, and not whose it is or what else there is."""
    assert ask(nora, "SELECT jsonb_agg(x) FROM static_holders('{0.0.0.0/0}', %s) AS x", ids["own_account"]) == [
        {"asked": "0.0.0.0/0", "held": "0.0.0.0/0", "holder": None}
    ]
    assert ask(nora, "SELECT credit_refusal(%s)", ids["customer"]) is None
    assert ask(nora, "SELECT count(*) FROM customers_by_text('{customer,contact}', ARRAY[%s], 9)", f"%{MARK}%") == 0


@pytest.mark.parametrize("what", ["reseller", "customer"])
def test_acting_as_somebody_only_narrows(nora, ids, what):
    """Whatever tollkeeper.as_* is set to, nothing of the other's is seen, packages and functions included."""
    nora.execute("SELECT set_config('tollkeeper.as_' || %s, %s, false)", [what, str(ids[what])])
    nora.connection.commit()  # or what is refused below would take it back
    for table in tables(nora.connection):
        assert MARK not in "".join(rows(nora.connection, table) or ()), table
    assert ask(nora, "SELECT acting_customers()") == []
    assert ids["reseller"] not in (ask(nora, "SELECT sellable_resellers()") or [])
    assert ask(nora, "SELECT count(*) FROM customer") == 0


def test_estimates_do_not_show_values(nora):
    """The planner's statistics of tables with row-level security are not shown."""
    assert ask(nora, "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customer'") == 0


def test_row_security_off_is_an_error(nora):
    """Without row-level security there is no answer, instead of all of it."""
    nora.execute("SET row_security = off")
    with pytest.raises(DENIED):
        nora.execute("SELECT * FROM customer")


def column(market, query):
    """Return the first column of a query, as the owner."""
    with closing(market.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return {value for (value,) in cursor}


def test_what_operators_read_is_guarded(market):
    """Every table that operators may read has row-level security; nothing is granted to everybody."""
    readable = column(
        market,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        " AND NOT relrowsecurity AND has_any_column_privilege('tollkeeper_operator', oid, 'SELECT, INSERT, UPDATE')",
    )
    assert readable == set()


def test_what_operators_write_is_audited(market):
    """Every table that operators may write to is in the audit, but for what is private, or a log of its own."""
    written = column(
        market,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND (has_any_column_privilege('tollkeeper_operator', oid, 'INSERT, UPDATE')"
        "      OR has_table_privilege('tollkeeper_operator', oid, 'DELETE'))",
    )
    audited = column(market, "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname ~ '^audit_'")
    assert written - audited == {"saved_filter", "import_row", "message", "message_attachment"}


@pytest.mark.parametrize("trigger", ["audit_update", "audit_delete", "audit_truncate"])
def test_every_way_to_write_is_audited(market, trigger):
    """An edit, a removal and a TRUNCATE are as much in the audit as an addition."""
    tables_of = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = '{}'"
    added = column(market, tables_of.format("audit_insert"))
    assert added - column(market, tables_of.format(trigger)) == set()


def test_only_ones_own_accounts_are_settled(market, nora):
    """What an account has left is brought up to date by who may change it; of another's it says nothing."""
    accounts = {
        names: market.id("SELECT id FROM account WHERE user_name = %s", names.account) for names in (NORTH, SOUTH)
    }
    nora.execute("SELECT settle_account(%s, '2199-01-01')", (accounts[NORTH],))
    assert ask(nora, "SELECT count(*) FROM allowance_left(now(), %s)", [accounts[SOUTH]]) == 0

    with pytest.raises(DENIED):
        nora.execute("SELECT settle_account(%s)", (accounts[SOUTH],))
