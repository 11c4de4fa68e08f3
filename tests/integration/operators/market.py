"""A market: two resellers with one row of everything each, and operators of both, of the provider, of a sub-reseller.

What the second reseller's rows say of people has `zuid` in it, so that a leak shows wherever it comes out.
"""

from contextlib import closing
from dataclasses import dataclass

from demo.cluster import PORT
from tests.command_line import Operator
from tests.fix_database import Database

MARK = "zuid"
PASSWORD = "word-of-an-operator"
OPERATORS = {
    # name: role, reseller
    "nora": ("reseller", "North"),
    "stan": ("reseller", "South"),
    "nele": ("reseller", "North East"),
    "hana": ("support", None),
    "adam": ("administrator", None),
    "arno": ("auditor", None),
}


@dataclass(frozen=True)
class Names:
    """What the rows of one reseller are called."""

    reseller: str
    group: str
    package: str
    customer: str
    sub_account: str
    account: str
    mac: str
    spare_mac: str
    ipv4: str
    invoice: str
    receipt: str
    operator: str
    portal: str
    external: str

    @property
    def keys(self) -> frozenset[str]:
        """All of them."""
        return frozenset(vars(self).values())


def _names(reseller: str, short: str, digit: int, operator: str) -> Names:
    return Names(
        reseller=reseller,
        group=f"{reseller} Homes",
        package=f"{reseller} 50",
        customer=f"{short}001",
        sub_account=f"{short}002",
        account=f"{short.lower()}-account",
        mac=f"02:00:00:00:0{digit}:01",
        spare_mac=f"02:00:00:00:0{digit}:02",
        ipv4=f"198.51.100.{digit}7",
        invoice=f"{short}-INV-1",
        receipt=f"{short}-R-1",
        operator=operator,
        portal=f"{short.lower()}-portal",
        external=f"{short}-EXT-1",
    )


NORTH = _names("North", "NOR", 1, "nora")
SOUTH = _names("South", "SOU", 2, "stan")


@dataclass(frozen=True)
class Market:
    """A database with the market in it."""

    database: Database

    def operator(self, name: str | None = None) -> Operator:
        """Return who types commands as this operator, None for the schema's owner."""
        return Operator(self.environ(name))

    def environ(self, name: str | None) -> dict[str, str]:
        """Return the environment of an operator's commands."""
        login = {} if name is None else {"PGUSER": name, "PGPASSWORD": PASSWORD}
        return {**self.database.environ, **login}

    def dsn(self, name: str) -> str:
        """Return the connection string of an operator."""
        run = self.database.cluster.settings.run
        return f"host={run} port={PORT} dbname={self.database.name} user={name} password={PASSWORD}"

    def id(self, query: str, *arguments: object) -> int:
        """Return the first value of a query, as the owner."""
        with closing(self.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, arguments)
            (value,) = cursor.fetchone()
            return int(value)


def furnish(database: Database) -> Market:
    """Write the market into an empty database."""
    market = Market(database)
    owner = market.operator()
    owner.do("package", "add", "Everybody's 10", "--download", "10M", "--upload", "2M")
    owner.do("group", "add", "Everybody")
    owner.do("nas", "add", "edge1", "192.0.2.1")
    for name, parent in (("North", ()), ("South", ()), ("North East", ("--parent", "North"))):
        owner.do("reseller", "add", name, *parent)
    for name, (role, reseller) in OPERATORS.items():
        of = ("--reseller", reseller) if reseller else ()
        owner.do("operator", "add", name, "--role", role, *of, "--password-stdin", stdin=PASSWORD)
    _stock(market, owner, NORTH, "noord")
    _stock(market, owner, SOUTH, MARK)
    return market


def _stock(market: Market, owner: Operator, names: Names, mark: str) -> None:
    """Give a reseller one of everything."""
    of = ("--reseller", names.reseller)
    as_reseller = ("--as", names.reseller)
    owner.do(*as_reseller, "group", "add", names.group, "--garden-pool", f"{mark}-pool")
    rates = (
        "--download",
        "50M",
        "--upload",
        "10M",
        "--band",
        "daily 00:00-06:00 60M/60M",
        "--profile",
        f"huawei={mark}",
    )
    owner.do(*as_reseller, "package", "add", names.package, *rates, "--ipv4-pool", f"{mark}-pool")
    who = ("--first-name", f"{mark} first", "--last-name", f"{mark} last", "--email", f"{mark}@example.net")
    owner.do(
        "customer", "add", "--code", names.customer, "--group", names.group, *of, *who, "--category", f"{mark}-vip"
    )
    sub = ("--company-name", f"{mark} company", "--type", "company")
    owner.do("customer", "add", "--code", names.sub_account, "--group", names.group, "--parent", names.customer, *sub)
    owner.do("account", "add", names.account, "--customer", names.customer, "--package", names.package, "--generate")
    owner.do("account", "edit", names.account, "--ipv4", names.ipv4, "--nas", "edge1", "--reply", f"Filter-Id={mark}")
    owner.do("device", "add", names.account, names.mac, "--description", f"{mark} roof")
    owner.do("device", "add", names.spare_mac, "--inventory", *of, "--description", f"{mark} shelf")
    owner.do("invoice", "add", names.customer, names.invoice, "100", "--description", f"{mark} fibre")
    paid = ("--receipt", names.receipt, "--reference", f"{mark} eft", "--allocate", f"{names.invoice}=40")
    owner.do("payment", "add", names.customer, "60", *paid)
    owner.do("contact", "add", names.customer, f"{mark} contact", "--email", f"{mark}@contact.example.net")
    owner.do("address", "add", names.customer, f"1 {mark} street")
    owner.do("note", "add", names.customer, f"a note on {mark}")
    owner.do("external-id", "add", names.customer, "sage", names.external)
    owner.do("portal", "set", names.customer, names.portal)
    owner.do("portal", "passwd", names.customer, "--generate")
    file = market.database.home / f"{names.customer}.txt"
    file.write_text(f"contract of {mark}")
    owner.do("attachment", "add", names.customer, str(file), "--description", f"{mark} contract")
    _write(market, names, mark)


def _write(market: Market, names: Names, mark: str) -> None:
    """Write what no command makes, or not yet: sessions, usage, a reset, a coming package, an import, a filter."""
    with closing(market.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.id, customer.id, customer.reseller_id, package_id FROM account
            JOIN customer ON customer.id = customer_id WHERE user_name = %s
            """,
            [names.account],
        )
        account, customer, reseller, package = cursor.fetchone()
        of = {"mark": mark, "account": account, "customer": customer, "reseller": reseller, "package": package}
        of |= {"name": names.account, "operator": names.operator, "ip": names.ipv4, "mac": names.mac}
        cursor.execute(_ROWS, of)


_ROWS = """
INSERT INTO session (user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at, calling_station_id,
                     ipv4_address, time_zone, billing_day)
VALUES (%(name)s, %(account)s, '192.0.2.1', %(mark)s, now(), now(), %(mac)s, %(ip)s, 'UTC', 1);
INSERT INTO session_history (id, user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,
                             calling_station_id, session_seconds, octets_in, octets_out, time_zone, billing_day, flags,
                             points, stopped_at, state)
VALUES (nextval('session_id_seq'), %(name)s, %(account)s, '192.0.2.1', %(mark)s, now() - interval '2 h', now(),
        %(mac)s, 1, 1, 1, 'UTC', 1, '{}', '[]', now() - interval '1 h', 'stopped');
INSERT INTO usage_day VALUES (%(account)s, current_date, date_trunc('month', current_date), 7777777, 8888888);
INSERT INTO portal_reset VALUES (encode(sha256(%(mark)s::bytea), 'hex'), %(customer)s, now() + interval '1 h');
INSERT INTO package_change (account_id, package_id, activates_at, comment)
VALUES (%(account)s, %(package)s, now() + interval '30 d', %(mark)s);
INSERT INTO promise (customer_id, pays_on, comment) VALUES (%(customer)s, current_date, %(mark)s);
INSERT INTO no_cut_day VALUES ('2027-12-16', 'Reconciliation') ON CONFLICT DO NOTHING;
WITH run AS (INSERT INTO suspension_run (ran_for, customers, candidates, state) VALUES (now(), 1, 1, 'discarded')
             RETURNING id)
INSERT INTO suspension_candidate SELECT id, %(customer)s, %(mark)s, current_date, 7777 FROM run;
WITH told AS (INSERT INTO notice (customer_id, kind, about, noticed_at, details)
              VALUES (%(customer)s, 'overdue', %(mark)s, now(), '{}') RETURNING id),
     sent AS (INSERT INTO message (customer_id, notice_id, channel, recipient, body)
              SELECT %(customer)s, id, 'sms', '+27215550100', %(mark)s FROM told RETURNING id)
INSERT INTO message_attachment SELECT id, encode(sha256(%(mark)s::bytea), 'hex'), %(mark)s, 'text/plain' FROM sent;
INSERT INTO message_template (name, language, channel, body) VALUES ('hello', 'en', 'sms', 'Hello')
ON CONFLICT DO NOTHING;
INSERT INTO topup (account_id, octets, price_cents, comment) VALUES (%(account)s, 1, 0, %(mark)s);
INSERT INTO allowance (account_id, period_start, ends_on, octets, starts_at, ends_at, expires_at)
VALUES (%(account)s, current_date, current_date + 1, 7777, now(), now(), now());
INSERT INTO session_treatment (session_id, account_id, nas_address, desired, reason, action, state)
SELECT id, account_id, nas_address, %(mark)s, 'accepted', 'none', 'agreed' FROM session WHERE account_id = %(account)s;
INSERT INTO treatment_mark VALUES ('10000000', '[]') ON CONFLICT DO NOTHING;
INSERT INTO disconnect_order (session_id, account_id, user_name, nas_address)
SELECT id, account_id, %(mark)s, nas_address FROM session WHERE account_id = %(account)s;
INSERT INTO enforcement_attempt (session_id, account_id, user_name, nas_address, action, attributes, reason, attempt,
                                 sent_at, outcome)
SELECT id, account_id, %(mark)s, nas_address, 'coa', '[]', 'accepted', 1, now(), 'ack' FROM session
WHERE account_id = %(account)s;
INSERT INTO saved_filter (operator, name, options) VALUES (%(operator)s, %(mark)s, '{}');
WITH run AS (
    INSERT INTO import_run (operator, reseller_id, kind, file_name, file_sha256, created_rows, changed_rows,
                            unchanged_rows)
    VALUES (%(operator)s, %(reseller)s, 'customers', %(mark)s, repeat('0', 64), 1, 0, 0) RETURNING id)
INSERT INTO import_row SELECT id, 1, 'customer', '{}', NULL, jsonb_build_object('first_name', %(mark)s) FROM run;
"""
