"""What is known of enforcement: sessions that are not as they should be, and what routers were told. Read only."""

from collections.abc import Sequence
from typing import Any

from provisioning import addresses
from provisioning.errors import BadInput, NotFound
from provisioning.reading import Look, Row

# RFC 5176 3.5
ERROR_CAUSES = {
    201: "Residual-Session-Context-Removed",
    202: "Invalid-EAP-Packet",
    401: "Unsupported-Attribute",
    402: "Missing-Attribute",
    403: "NAS-Identification-Mismatch",
    404: "Invalid-Request",
    405: "Unsupported-Service",
    406: "Unsupported-Extension",
    407: "Invalid-Attribute-Value",
    501: "Administratively-Prohibited",
    502: "Request-Not-Routable",
    503: "Session-Context-Not-Found",
    504: "Session-Context-Not-Removable",
    505: "Other-Proxy-Processing-Error",
    506: "Resources-Unavailable",
    507: "Request-Initiated",
    508: "Multiple-Session-Selection-Unsupported",
}
_DRIFT = """
    SELECT known.session_id, session.user_name, customer.code AS customer,
           coalesce(nas.name, host(known.nas_address)) AS nas, host(known.nas_address) AS nas_address,
           before.attributes AS applied, after.attributes AS desired, known.desired = '00000000' AS is_to_end,
           known.reason, action, known.state, attempts, known.changed_at AS since, next_attempt_at,
           last.outcome AS last_outcome, last.error_cause AS last_error_cause
    FROM session_treatment AS known JOIN session ON session.id = known.session_id
    LEFT JOIN account ON account.id = known.account_id LEFT JOIN customer ON customer.id = account.customer_id
    LEFT JOIN nas ON nas.address = known.nas_address
    LEFT JOIN treatment_mark AS before ON before.mark = known.applied
    LEFT JOIN treatment_mark AS after ON after.mark = known.desired
    LEFT JOIN LATERAL (SELECT outcome, error_cause FROM enforcement_attempt AS attempt
                       WHERE attempt.session_id = known.session_id ORDER BY id DESC LIMIT 1) AS last ON true
    WHERE known.state <> 'agreed'
     AND (%(account_id)s::bigint IS NULL OR known.account_id = %(account_id)s)
     AND (%(nas)s::inet IS NULL OR known.nas_address = %(nas)s::inet)
    ORDER BY known.changed_at, known.session_id LIMIT %(limit)s
"""
_ATTEMPTS = """
    SELECT attempt.id, attempt.session_id, attempt.user_name, coalesce(nas.name, host(nas_address)) AS nas,
           host(nas_address) AS nas_address, action, attempt.attributes, reason, attempt, sent_at,
           (extract(epoch FROM answered_at - sent_at) * 1000)::bigint AS milliseconds, outcome, error_cause, discarded
    FROM enforcement_attempt AS attempt LEFT JOIN nas ON nas.address = nas_address
    WHERE (%(account_id)s::bigint IS NULL OR attempt.account_id = %(account_id)s)
     AND (%(nas)s::inet IS NULL OR nas_address = %(nas)s::inet)
     AND (%(sessions)s::bigint[] IS NULL OR attempt.session_id = ANY(%(sessions)s))
     AND (%(after)s::bigint IS NULL OR attempt.id < %(after)s)
    ORDER BY attempt.id DESC LIMIT %(limit)s
"""


def drift(look: Look, *, account_id: int | None = None, nas: str | None = None, limit: int = 100) -> list[Row]:
    """Return the sessions that are not as they should be, the longest first; `nas` is an address."""
    look.check_may_view("session")
    found = look.rows(_DRIFT, account_id=account_id, nas=nas, limit=limit)
    return [_with_names(row) | {"desired": None if row["is_to_end"] else row["desired"]} for row in found]


def attempts(
    look: Look,
    *,
    account_id: int | None = None,
    nas: str | None = None,
    sessions: Sequence[int] | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return what routers were told, the last first."""
    look.check_may_view("session")
    wanted = {"account_id": account_id, "nas": nas, "sessions": sessions, "after": after, "limit": limit}
    return [_with_names(row) for row in look.rows(_ATTEMPTS, **wanted)]


def account_id(look: Look, user_name: str) -> int:
    """Return the id of the account of this name; raise `NotFound`, `Forbidden` where no such may be seen."""
    found = look.column("SELECT id FROM account WHERE user_name = %(name)s", name=user_name)
    if not found:
        look.check_may_view("account")
        raise NotFound(f"no account is named {user_name!r}", "List them with: tollkeeper account list.")
    return int(found[0])


def nas_address(look: Look, typed: str) -> str:
    """Return the address of a NAS by its name, or an address as it is, also of one that is no longer there."""
    try:
        return addresses.host(typed)
    except BadInput:
        found = look.column("SELECT host(address) FROM nas WHERE name = %(name)s", name=typed)
    if not found:
        look.check_may_view("nas")
        raise NotFound(f"no NAS is named {typed!r}", "List them with: tollkeeper nas list.")
    return str(found[0])


def cause(number: int | None) -> str | None:
    """Return what an Error-Cause is called."""
    return None if number is None else f"{number} {ERROR_CAUSES.get(number, '')}".strip()


def _with_names(row: Row) -> Row:
    named: dict[str, Any] = dict(row)
    for key in ("error_cause", "last_error_cause"):
        if key in named:
            named[key] = cause(named[key])
    return named
