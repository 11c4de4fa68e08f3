"""What the fold does now and then: closes sessions that nobody has heard from, makes next months' partitions.

A session is silent only where nothing of it can be waiting: silence is counted up to the moment until which every node
has folded all that it received. A node that has not been heard of for a day is not waited for. Should PostgreSQL have
been away for hours, the sessions come out of the spool before anybody looks for silence.
"""

from policies.accounting import session as sessions
from radiusd.accounting import batch, ledger, session_store
from radiusd.accounting.batch import UsageRow
from radiusd.accounting.ledger import Ledger

EVERY_SECONDS = 60.0
AT_ONCE = 2_000  # sessions closed in one transaction: a fraction of a second
MISSED_INTERIMS = 3
DEFAULT_INTERIM_SECONDS = 600

_MONTHS_AHEAD = 3
_HEARD = (
    "SELECT extract(epoch FROM min(folded_at))::bigint FROM accounting_node WHERE folded_at > now() - interval '1 day'"
)
# no index has last_heard_at, or interims could not be updated in place; the open ones are read through once a minute
_SILENT = """
SELECT id, host(nas_address) FROM session
WHERE last_heard_at < to_timestamp(%s) - %s * make_interval(secs => coalesce(interim_seconds, %s))
ORDER BY id LIMIT %s
"""


def make_partitions(of: Ledger) -> None:
    """Make the partitions of the coming months, where they are missing."""
    with of.transaction() as cur:
        cur.execute("SELECT make_session_partitions((now() AT TIME ZONE 'UTC')::date, %s)", (_MONTHS_AHEAD,))


def forget_reboots(of: Ledger) -> None:
    """Forget what is older than any record that is still believed (policies/accounting/record.py)."""
    with of.transaction() as cur:
        cur.execute("DELETE FROM accounting_reboot WHERE rebooted_at < now() - interval '36 days'")


def close_silent(of: Ledger) -> int:
    """Close sessions that have missed their interims, `AT_ONCE` of them at most; return how many."""
    with of.transaction() as cur:
        cur.execute(_HEARD)
        (heard_until,) = cur.fetchone() or (None,)
        if heard_until is None:
            return 0
        cur.execute(_SILENT, (heard_until, MISSED_INTERIMS, DEFAULT_INTERIM_SECONDS, AT_ONCE))
        silent = cur.fetchall()
    return _close(of, [row[0] for row in silent], {row[1] for row in silent}, heard_until) if silent else 0


def _close(of: Ledger, ids: list[int], nas_addresses: set[str], now: int) -> int:
    """Lock first, then read again: they may have been heard of meanwhile."""
    totals: dict[UsageRow, tuple[int, int]] = {}
    closed = 0
    with of.transaction() as cur:
        ledger.lock_routers(cur, nas_addresses)
        working = session_store.load_by_id(cur, ids)
        for held in working:
            stale = sessions.close_as_stale(
                held.session,
                now,
                missed_interims=MISSED_INTERIMS,
                default_interim_seconds=DEFAULT_INTERIM_SECONDS,
            )
            if stale is not None:
                closed += 1
                working.replace(held, stale)
                batch.add_usage(totals, held)
        session_store.write(cur, working)
        ledger.add_usage(cur, totals)
    return closed
