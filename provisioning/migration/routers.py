"""Rows of the old `nas` table as routers of ours."""

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import expressible, nas
from provisioning.errors import BadInput, OperatorError
from provisioning.importing.recorder import Recorder
from provisioning.migration.meaning import Remark
from provisioning.migration.nas_types import vendor_of
from provisioning.migration.report import Report
from provisioning.migration.source import Router
from provisioning.models import Nas
from vault.sealed import NAS_SECRET, Seal

_SHORTEST_SECRET = 16  # RFC 2865 3
_LONGEST_SECRET = 128


@dataclass
class Routers:
    """Takes routers over. Those with an address that is there already stay as they are."""

    session: Session
    recorder: Recorder
    seal: Seal
    report: Report
    added: int = 0
    _speakable: dict[str, bool] = field(default_factory=dict)

    def take(self, routers: list[Router], spoken: Counter[str]) -> None:
        """Add the routers that are not there."""
        there = {row.address: row for row in self.session.scalars(select(Nas))}
        names = {row.name for row in there.values()}
        for router in routers:
            address = self._address(router)
            if address is None:
                continue
            if address in there:
                self._compare(router, there[address])
            elif self._has_usable_secret(router):
                there[address] = self._add(router, address, _name(router, names), spoken)

    def _address(self, router: Router) -> str | None:
        try:
            network = ipaddress.ip_network(router.address.strip(), strict=False)
        except ValueError:
            self._remark(router, "lost", "nasname", "a host name is not looked up; add it with its address: nas add")
            return None
        if network.num_addresses > 1 or network.network_address.is_unspecified:
            self._remark(router, "lost", "nasname", "a network is no router; add each of them: nas add")
            return None
        return str(network.network_address)

    def _compare(self, router: Router, there: Nas) -> None:
        try:
            same = nas.open_secret(there, self.seal) == router.secret
        except OperatorError:
            same = False
        if not same:
            self._remark(router, "changed", "secret", f"NAS {there.name} has another secret here, which stays")

    def _has_usable_secret(self, router: Router) -> bool:
        secret = router.secret or ""
        if not (secret.isascii() and secret.isprintable() and 1 <= len(secret) <= _LONGEST_SECRET) or " " in secret:
            self._remark(router, "lost", "secret", "it is empty, or not of printable ASCII without spaces")
            return False
        if len(secret) < _SHORTEST_SECRET:
            self._remark(router, "note", "secret", "shorter than 16 characters (RFC 2865 3): change it: nas secret")
        return True

    def _add(self, router: Router, address: str, name: str, spoken: Counter[str]) -> Nas:
        vendor, guessed = vendor_of(router.type, spoken)
        if guessed:
            why = f"type {router.type or 'none'!r} says no vendor; taken for {vendor}"
            self._remark(router, "note", "type", f"{why}: nas edit --vendor")
        if not self._can_speak(vendor):
            self._remark(
                router, "changed", "type", f"{vendor} cannot say speeds as numbers; taken for generic, told none"
            )
            vendor = "generic"
        row = Nas(name=name, address=address, vendor=vendor)
        row.secret = self.seal.seal((router.secret or "").encode(), NAS_SECRET)
        row.requires_message_authenticator = False
        self._remark(router, "note", "Message-Authenticator", "may send unsigned, as before: nas edit --require-signed")
        self.session.add(row)
        self.session.flush()
        self.recorder.added(Nas, id=[row.id])
        self.added += 1
        return row

    def _can_speak(self, vendor: str) -> bool:
        if vendor not in self._speakable:
            try:
                expressible.check_vendor(self.session, vendor)
            except BadInput:
                self._speakable[vendor] = False
            else:
                self._speakable[vendor] = True
        return self._speakable[vendor]

    def _remark(self, router: Router, kind: str, attribute: str, why: str) -> None:
        self.report.add(router.address, Remark(kind, f"nas.{attribute}", why))  # type: ignore[arg-type]


def _name(router: Router, names: set[str]) -> str:
    """Return a name that no other router has, as schema.sql wants them."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", router.name or router.address).strip("._-")[:50] or "router"
    name, number = base, 2
    while name in names:
        name, number = f"{base}-{number}", number + 1
    names.add(name)
    return name
