"""Whose session it is: the account behind a user name, and what a session takes from it when it begins.

As the hook finds it: by the account's user name, else by a device whose MAC is the user name and may authenticate
alone. Nobody's session is kept too, in the provider's time zone.
"""

from collections.abc import Iterable

from psycopg2.extensions import cursor

from policies import mac
from radiusd.accounting.working import AccountFacts

_FIND = """
SELECT wanted, account.id, coalesce(customer.time_zone, installation.time_zone), billing_day, interim_seconds
FROM (SELECT wanted, account.id FROM unnest(%(names)s::text[]) AS wanted JOIN account ON user_name = wanted
      UNION ALL
      SELECT wanted, account_id FROM unnest(%(callers)s::text[], %(macs)s::macaddr[]) AS called (wanted, address)
      JOIN device ON mac = address AND mac_auth) AS found (wanted, id)
JOIN account USING (id) JOIN customer ON customer.id = customer_id JOIN package ON package.id = package_id
CROSS JOIN installation
"""


class Holders:
    """Looks accounts up in one transaction, several at once or, where that was not foreseen, one."""

    def __init__(self, cur: cursor) -> None:
        self._cursor = cur
        self._known: dict[str, AccountFacts] = {}
        self._nobody: AccountFacts | None = None

    def prepare(self, user_names: Iterable[str]) -> None:
        """Look these up; nobody of ours counts as an answer too."""
        names = set(user_names) - self._known.keys()
        if not names:
            return
        addresses = {name: address for name in names if (address := mac.normalise(name)) is not None}
        self._cursor.execute(
            _FIND, {"names": list(names), "callers": list(addresses), "macs": list(addresses.values())}
        )
        found = self._cursor.fetchall()
        for row in reversed(found):  # an account of that name goes before a device
            self._known[row[0]] = AccountFacts(*row[1:])
        for name in names - self._known.keys():
            self._known[name] = self._of_nobody()

    def of(self, user_name: str) -> AccountFacts:
        """Return what a session of this user name begins with."""
        if user_name not in self._known:
            self.prepare([user_name])
        return self._known[user_name]

    def _of_nobody(self) -> AccountFacts:
        if self._nobody is None:
            self._cursor.execute("SELECT time_zone FROM installation")
            (time_zone,) = self._cursor.fetchone() or ("UTC",)
            self._nobody = AccountFacts(None, time_zone, 1, None)
        return self._nobody
