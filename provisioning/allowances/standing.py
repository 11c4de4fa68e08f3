"""What accounts with a data cap have left, as it was settled last: a few seconds ago, where the scheduler runs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from provisioning import acts

_LEFT = text(
    "SELECT account_id, period_start, ends_on, charged AS charged_octets, remaining AS left_octets"
    " FROM allowance_left(now(), :ids)"
)


def left(session: Session, account_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return by account: period_start, ends_on (the first day with new data), charged_octets, left_octets.

    Without those that have no cap, or were not settled yet; and without any for who may not see the top-ups.
    """
    if not acts.may_view(session, "account"):
        return {}
    rows = session.execute(_LEFT, {"ids": list(account_ids)}).mappings()
    return {row["account_id"]: {key: row[key] for key in row if key != "account_id"} for row in rows}
