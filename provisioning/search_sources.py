"""Where a search looks: each statement gives rank, kind, name, customer_id, detail; rank 0 is exactly what was typed.

A statement asks an index, or a table that is small (packages, groups, routers, resellers), and stops at a hundred.
"""

from provisioning import networks

# ruff: noqa: S608 - our own words, put together
_ACCOUNT_DETAIL = """
    concat_ws(', ', (SELECT name FROM package WHERE package.id = account.package_id), host(ipv4_address),
              CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN blocked THEN 'blocked' END)
"""
_SESSION_DETAIL = """
    concat_ws(', ', user_name, coalesce(host(ipv4_address), ipv6_prefix::text, delegated_ipv6_prefix::text),
              calling_station_id, 'since ' || to_char(started_at, 'YYYY-MM-DD HH24:MI'))
"""
_CLOSED_DETAIL = _SESSION_DETAIL.replace(
    "'since ' || to_char(started_at, 'YYYY-MM-DD HH24:MI')",
    "to_char(started_at, 'YYYY-MM-DD HH24:MI') || ' to ' || to_char(stopped_at, 'YYYY-MM-DD HH24:MI')",
)
_MOST = 1000  # that a text is looked for in an index; exact ones are looked for by themselves

_CUSTOMER = """
    SELECT CASE WHEN code = upper(%(text)s) OR portal_user_name = %(text)s OR name_key = lower(%(text)s)
                     OR lower(email) = lower(%(text)s) OR lower(billing_email) = lower(%(text)s) THEN 0
                WHEN lower(code) LIKE %(begins)s OR name_key LIKE %(begins)s OR lower(last_name) LIKE %(begins)s
                     OR lower(email) LIKE %(begins)s THEN 1
                ELSE 2 END, 'customer', code, id,
           concat_ws(', ', phone, email, CASE WHEN lower(portal_user_name) LIKE ALL (%(words)s)
                                               THEN 'portal ' || portal_user_name END)
    FROM customer
"""
_DIGITS = "regexp_replace(phone, '[^0-9]', '', 'g')"
_ADDRESS = "concat_ws(', ', street, city, region, postal_code)"
_BY_WORDS = "(SELECT customers_by_text(ARRAY['{relation}'], %(words)s, {most}))"


def _by_words(relation: str) -> str:
    return _BY_WORDS.format(relation=relation, most=_MOST)


def _session(table: str, where: str, *, rank: int = 0) -> str:
    """Return a source of open sessions, or of the last closed ones."""
    if table == "session":
        kind, detail, order = "session", _SESSION_DETAIL, "started_at DESC"
    else:
        kind, detail, order = "closed session", _CLOSED_DETAIL, "stopped_at DESC"
    return f"""
        SELECT {rank}, '{kind}', id::text, (SELECT customer_id FROM account WHERE account.id = account_id), {detail}
        FROM {table} WHERE {where} ORDER BY {order} LIMIT 10
    """


def _named(kind: str, table: str, detail: str = "NULL") -> str:
    """Return a source of what is few and has a name."""
    return f"""
        SELECT CASE WHEN lower(name) = lower(%(text)s) THEN 0 WHEN lower(name) LIKE %(begins)s THEN 1 ELSE 2 END,
               '{kind}', name, NULL::bigint, {detail}
        FROM {table} WHERE lower(name) LIKE ALL (%(words)s) LIMIT 100
    """


BY_TEXT = (
    f"{_CUSTOMER} WHERE code = upper(%(text)s) OR portal_user_name = %(text)s",
    f"{_CUSTOMER} WHERE id IN {_by_words('customer')} ORDER BY 1, code LIMIT 100",
    f"""
    SELECT CASE WHEN lower(email) = lower(%(text)s) THEN 0 WHEN lower(name) LIKE %(begins)s THEN 1 ELSE 2 END,
           'contact', name, customer_id, concat_ws(', ', phone, email, array_to_string(purposes, ' '))
    FROM contact WHERE customer_id IN {_by_words("contact")} AND search_text LIKE ALL (%(words)s) ORDER BY 1 LIMIT 100
    """,
    f"""
    SELECT CASE WHEN search_text LIKE %(begins)s THEN 1 ELSE 2 END, 'address', {_ADDRESS}, customer_id, kind::text
    FROM address WHERE customer_id IN {_by_words("address")} AND search_text LIKE ALL (%(words)s) ORDER BY 1 LIMIT 100
    """,
    "SELECT 0, 'external id', system || ' ' || value, customer_id, NULL FROM external_id WHERE value = %(text)s",
    f"SELECT 0, 'account', user_name, customer_id, {_ACCOUNT_DETAIL} FROM account WHERE user_name = %(text)s",
    f"""
    SELECT CASE WHEN lower(user_name) = lower(%(text)s) THEN 0 WHEN lower(user_name) LIKE %(begins)s THEN 1 ELSE 2 END,
           'account', user_name, customer_id, {_ACCOUNT_DETAIL}
    FROM account WHERE customer_id IN {_by_words("account")} AND user_name ILIKE ALL (%(words)s)
    ORDER BY 1, user_name LIMIT 100
    """,
    "SELECT 0, 'invoice', number, customer_id, 'due ' || due_on FROM invoice"
    " WHERE number IN (%(text)s, upper(%(text)s))",
    "SELECT 0, 'payment', receipt, customer_id, 'received ' || received_on FROM payment"
    " WHERE receipt IN (%(text)s, upper(%(text)s))",
    _named("nas", "nas", "host(address)"),
    _named("package", "package"),
    _named("group", "customer_group"),
    _named("reseller", "reseller"),
)
BY_MAC = (
    """
    SELECT 0, 'device', mac::text, (SELECT customer_id FROM account WHERE account.id = account_id),
           concat_ws(', ', coalesce((SELECT user_name FROM account WHERE account.id = account_id), 'in the inventory'),
                     description, CASE WHEN NOT authorised THEN 'not authorised' END)
    FROM device WHERE mac = %(mac)s::macaddr
    """,
    _session("session", networks.SESSION_BY_MAC),
    _session("session_history", networks.SESSION_BY_MAC, rank=1),
)
BY_IP = (
    f"SELECT 0, 'account', user_name, customer_id, 'static: ' || {_ACCOUNT_DETAIL} FROM account"
    f" WHERE {networks.ACCOUNT_BY_IP}",
    "SELECT 1, 'account', user_name, customer_id, 'routed: ' || array_to_string(routes, ', ') FROM account"
    f" WHERE {networks.ACCOUNT_BY_ROUTE}",
    "SELECT 0, 'nas', name, NULL, host(address) FROM nas WHERE host(address) = %(ip)s",
    _session("session", networks.SESSION_BY_IP),
    _session("session_history", networks.SESSION_BY_IP, rank=1),
)
_BY_DIGITS = f"(SELECT customers_by_text(ARRAY['{{relation}}'], %(digits)s, {_MOST}))"
BY_PHONE = (
    f"""
    SELECT CASE WHEN {_DIGITS} LIKE %(ends)s THEN 1 ELSE 2 END, 'customer', code, id, phone FROM customer
    WHERE id IN {_BY_DIGITS.format(relation="customer")} AND {_DIGITS} LIKE ALL (%(digits)s) ORDER BY 1, code LIMIT 100
    """,
    f"""
    SELECT CASE WHEN {_DIGITS} LIKE %(ends)s THEN 1 ELSE 2 END, 'contact', name, customer_id, phone FROM contact
    WHERE customer_id IN {_BY_DIGITS.format(relation="contact")} AND {_DIGITS} LIKE ALL (%(digits)s)
    ORDER BY 1 LIMIT 100
    """,
)
BY_NUMBER = (
    _session("session", "id = %(number)s"),
    _session("session_history", "id = %(number)s"),
)
# the index begins with the router's address
_BY_SESSION_ID = (
    "nas_address IN (SELECT address FROM nas) AND acct_session_id IN (%(text)s, upper(%(text)s), lower(%(text)s))"
)
BY_TOKEN = (
    _session("session", _BY_SESSION_ID),
    _session("session_history", _BY_SESSION_ID),
)
