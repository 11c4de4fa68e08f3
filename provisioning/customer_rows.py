"""A customer as lists, searches and profiles have it: every column, names in place of ids, what it owes and uses."""

from provisioning.reading import Look, Row

# one CASE in the order in which states decide; a parent's or a group's is not in it
STATE = """
    CASE WHEN customer.deleted_at IS NOT NULL THEN 'deleted' WHEN customer.disabled THEN 'disabled'
         WHEN customer.expires_at <= now() THEN 'expired' WHEN customer.suspended THEN 'suspended' ELSE 'active' END
"""
PERSON = "concat_ws(' ', customer.title, customer.first_name, customer.last_name)"
NAME = f"""
    CASE WHEN customer.company_name <> '' AND {PERSON} <> '' THEN customer.company_name || ' (' || {PERSON} || ')'
         ELSE coalesce(nullif(customer.company_name, ''), {PERSON}) END
"""
STATES = ("active", "disabled", "expired", "suspended", "deleted")

_READ = """
    WITH page AS MATERIALIZED ({page})
    SELECT customer.*, {name} AS name, {state} AS state, customer_group.name AS group, reseller.name AS reseller,
           parent.code AS parent, balance_cents, accounts, packages, open_sessions
    FROM page JOIN customer ON customer.id = page.id
    LEFT JOIN customer_group ON customer_group.id = customer.group_id
    LEFT JOIN reseller ON reseller.id = customer.reseller_id
    LEFT JOIN customer AS parent ON parent.id = customer.parent_id
    LEFT JOIN customer_balance ON customer_balance.customer_id = customer.id
    LEFT JOIN LATERAL (
        SELECT array_agg(user_name ORDER BY user_name) AS accounts, array_agg(DISTINCT package.name) AS packages,
               sum((SELECT count(*) FROM session WHERE account_id = account.id))::integer AS open_sessions
        FROM account LEFT JOIN package ON package.id = package_id
        WHERE account.customer_id = customer.id AND cancelled_at IS NULL) AS theirs ON true
    ORDER BY page.key {direction}, customer.code {direction}
"""
_LEFT_OUT = ("group_id", "reseller_id", "parent_id", "portal_password_hash", "name_key", "search_text")
_ALWAYS = ("id", "code", "name", "state", "reseller", "group", "parent")  # first of all


def read(look: Look, page: str, *, reverse: bool = False, **values: object) -> list[Row]:
    """Return the customers whose `id` and `key` a query gives, sorted by key, then account code."""
    query = _READ.format(page=page, name=NAME, state=STATE, direction="DESC" if reverse else "ASC")
    return [_view(row, look.areas) for row in look.rows(query, **values)]


def _view(row: Row, areas: frozenset[str]) -> Row:
    """Return a row without what is not shown; what the operator may not see is None, what there is none of is not."""
    nothing: Row = {}
    if "money" in areas:
        nothing["balance_cents"] = 0
    if "account" in areas:
        nothing |= {"accounts": [], "packages": []}
        if "session" in areas:
            nothing["open_sessions"] = 0
    first = {key: row[key] for key in _ALWAYS}
    rest = {key: value for key, value in row.items() if key not in first and key not in _LEFT_OUT}
    for key in ("balance_cents", "accounts", "packages", "open_sessions"):
        rest[key] = nothing.get(key) if rest[key] is None else rest[key]
    return first | rest
