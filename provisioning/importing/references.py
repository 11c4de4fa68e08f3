"""Names in a file that stand for rows: groups, packages, resellers; each table is read once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning import acting, expressible
from provisioning.errors import BadInput
from provisioning.models import Customer, CustomerGroup, Package, Reseller

Kind = TypeVar("Kind")


@dataclass
class References:
    """What names stand for, and what is taken where a row names none."""

    session: Session
    group: str | None = None
    package: str | None = None
    _speeds: dict[Any, str | None] = field(default_factory=dict)

    @cached_property
    def groups(self) -> dict[str, CustomerGroup]:
        """Every group by name."""
        return {row.name: row for row in self._all(CustomerGroup)}

    @cached_property
    def packages(self) -> dict[str, int]:
        """Ids of packages by name."""
        return dict(iter(self.session.execute(select(Package.name, Package.id)).tuples()))

    @cached_property
    def resellers(self) -> dict[str, int]:
        """Ids of resellers by name."""
        return dict(iter(self.session.execute(select(Reseller.name, Reseller.id)).tuples()))

    @cached_property
    def own_reseller_id(self) -> int | None:
        """Whose are the customers of which nothing else is said."""
        return acting.own_reseller_id(self.session)

    def group_of(self, name: str | None) -> CustomerGroup:
        """Return a row's group; raise `BadInput`."""
        wanted = name or self.group
        if wanted is None:
            raise BadInput("a new customer needs a group", "Name one in the column group, or give --group.")
        return self._named(self.groups, wanted, "group")

    def package_id_of(self, name: str | None, group: CustomerGroup | None) -> int:
        """Return the id of a row's package, else of the default, else of the group's; raise `BadInput`."""
        wanted = name or self.package
        if wanted is not None:
            return self._named(self.packages, wanted, "package")
        if group is None or group.default_package_id is None:
            raise BadInput("a new account needs a package", "Name one in the column package, or give --package.")
        return group.default_package_id

    def reseller_id_of(self, name: str) -> int:
        """Return the id of a reseller; raise `BadInput`."""
        return self._named(self.resellers, name, "reseller")

    def check_speed(self, download_bps: int | None, upload_bps: int | None) -> None:
        """Raise `BadInput` for a customer's own speed that a router in use cannot be told; each is asked once."""
        key = (download_bps, upload_bps)
        if None in key:
            return
        if key not in self._speeds:
            try:
                expressible.check_customer(self.session, Customer(code="", download_bps=key[0], upload_bps=key[1]))
                self._speeds[key] = None
            except BadInput as exc:
                self._speeds[key] = exc.message
        if (refusal := self._speeds[key]) is not None:
            raise BadInput(refusal, "Give it another speed.")

    def _all(self, row: type[CustomerGroup]) -> list[CustomerGroup]:
        found = list(self.session.scalars(select(row)))
        for one in found:
            self.session.expunge(one)  # it is read only, and outlives the batches
        return found

    @staticmethod
    def _named(known: dict[str, Kind], name: str, noun: str) -> Kind:
        if name not in known:
            raise BadInput(f"no {noun} is named {name!r}", f"List them with: tollkeeper {noun} list.")
        return known[name]
