"""What we would answer, from the database as it is and at the time of the request; the password is taken for right.

Facts are read by the operator with the queries of the hook's own views, so what the hook would decide is decided.
Known weakness: sessions that were open then are not known, so `sessions_exceeded` is never found here.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from policies import mac, reply, request, rows
from policies.decide import MALFORMED_REQUEST, SPEED_UNEXPRESSIBLE, Decision, decide
from policies.facts import Account, Customer, Device, Facts
from policies.request import AccessRequest
from policies.speed import Unexpressible
from provisioning import acts, fact_lookups
from provisioning.live_facts import Reader
from provisioning.shadow.exchange import ACCEPT, REJECT, Answer, Exchange

BATCH = 1000


class Judge(Reader):
    """Answers as we would."""

    def __init__(self, session: Session) -> None:
        acts.check_may_view(session, "account")
        super().__init__(session)

    def answers(self, exchanges: Sequence[Exchange], at: float | None = None) -> Iterator[Answer]:
        """Return our answer to each request; `at`: as if all had come at that time."""
        for start in range(0, len(exchanges), BATCH):
            yield from self._answers(exchanges[start : start + BATCH], at)

    def _answers(self, exchanges: Sequence[Exchange], at: float | None) -> Iterator[Answer]:
        asked = [_parsed(exchange) for exchange in exchanges]
        known = [one for one in asked if isinstance(one, AccessRequest)]
        devices = self._devices({mac.normalise(one.calling_station_id) or "" for one in known} - {""})
        names = {one.user_name for one in known} | {device.user_name for device in devices.values()}
        accounts = self._accounts_named(names)
        customers = self._customers({account.customer_id for account in accounts.values()})
        for exchange, one in zip(exchanges, asked, strict=True):
            now = exchange.at if at is None else at
            if not isinstance(one, AccessRequest):
                yield _rejected(MALFORMED_REQUEST)
            else:
                yield _answer(self._facts_of(one, now, accounts, customers, devices), one, now)

    def _accounts_named(self, names: set[str]) -> dict[str, Account]:
        found = self._read("account", rows.ACCOUNT, "user_name = ANY(:names)", names=list(names))
        return {row[0]: rows.account(row, None) for row in found}

    def _facts_of(
        self,
        one: AccessRequest,
        now: float,
        accounts: dict[str, Account],
        customers: dict[int, Customer],
        devices: dict[str, Device],
    ) -> Facts | None:
        device = devices.get(mac.normalise(one.calling_station_id) or "")
        account = accounts.get(one.user_name)
        by_mac = account is None
        if account is None and device is not None and device.mac_auth and mac.normalise(one.user_name) == device.mac:
            account = accounts.get(device.user_name)
        if account is None:
            return None
        customer = customers[account.customer_id]
        return Facts(
            account,
            customer,
            self._groups[customer.group_id],
            self._packages[fact_lookups.package_id(account, now)],
            self._nas.get(one.source_address),
            fact_lookups.parents(customer, customers),
            device,
            by_mac,
        )


def _parsed(exchange: Exchange) -> AccessRequest | request.Malformed:
    return request.parse((*exchange.request, ("Tollkeeper-Source-Address", exchange.source)))


def _answer(facts: Facts | None, one: AccessRequest, now: float) -> Answer:
    decision = decide(facts, now)
    if facts is None or decision.outcome == "reject":
        return _rejected(decision)
    try:
        fixed = reply.fixed(decision, facts, one.is_ppp)
    except Unexpressible:
        return _rejected(SPEED_UNEXPRESSIBLE)
    pairs = [(name, value) for name, _, value in fixed]
    if decision.session_timeout_seconds is not None:
        pairs.append(("Session-Timeout", str(decision.session_timeout_seconds)))
    return Answer(ACCEPT, tuple(pairs), decision.reason.value)


def _rejected(decision: Decision) -> Answer:
    return Answer(REJECT, (), decision.reason.value)
