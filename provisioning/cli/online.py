"""What `account show` says of sessions and usage, a line each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provisioning.cli import measured, output

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from provisioning.models import Customer

KEYS = "open_sessions, usage_this_period (since, octets_in (upload), octets_out (download); null if you may not see it)"


def shown(session: "Session", view: output.View, customer: "Customer", account_ids: Sequence[int]) -> output.Result:
    """Return a customer or an account with its open sessions, and its usage since the billing period began."""
    from provisioning import acts, usage
    from provisioning import session as sessions

    used = usage.this_period(session, customer, account_ids) if acts.may_view(session, "usage") else None
    opened = sessions.count_open(session, account_ids) if acts.may_view(session, "session") else None
    online = {"open_sessions": opened, "usage_this_period": used}
    return output.shown({**view, **online}, words={} if used is None else {"usage_this_period": _words(used)})


def _words(used: dict[str, Any]) -> str:
    upload, download = measured.octets(used["octets_in"]), measured.octets(used["octets_out"])
    return f"{upload} upload, {download} download, since {used['since']}"
