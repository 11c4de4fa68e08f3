"""Packages: what is sold. A change of one is a change for all its accounts, at their next Access-Request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies.facts import Pair, TimeBand, Treatment
from provisioning import database, expressible, hours, reply_attributes, rows
from provisioning.acts import act
from provisioning.models import Package, PackageProfile
from provisioning.models import TimeBand as TimeBandRow
from provisioning.rows import Changes

Profiles = Mapping[str, tuple[str, str]]  # vendor -> what the speed is called there: (download, upload)


class Columns(TypedDict, total=False):
    """What can be set besides the name; as in schema.sql, and the rows of time_band and package_profile with it."""

    download_bps: int | None
    upload_bps: int | None
    burst_download_bps: int | None
    burst_upload_bps: int | None
    burst_threshold_download_bps: int | None
    burst_threshold_upload_bps: int | None
    burst_seconds: int | None
    priority: int | None
    cap_octets: int | None
    cap_treatment: Treatment | None
    throttle_download_bps: int | None
    throttle_upload_bps: int | None
    price_cents: int
    topup_price_cents: int
    sessions_allowed: int | None
    session_seconds: int | None
    idle_seconds: int | None
    interim_seconds: int
    ipv4_pool: str | None
    ipv6_pool: str | None
    delegated_ipv6_pool: str | None
    reply_attributes: Sequence[Pair]
    time_bands: Sequence[TimeBand]
    profiles: Profiles


class Edits(Columns, total=False):
    """What can be changed; time bands, profiles and reply attributes are replaced whole."""

    name: str


@act("package")
def add(session: Session, name: str, **columns: Unpack[Columns]) -> Package:
    """Add a package; refuse speeds that a router in use cannot be told."""
    package = Package()
    rows.put(package, {"name": name, **_as_rows(package, columns)})
    rows.add(session, package)
    expressible.check_package(session, package)
    return package


@act("package")
def edit(session: Session, package: Package, **columns: Unpack[Edits]) -> Changes:
    """Change a package; refuse speeds that a router in use cannot be told."""
    before = details(package)
    rows.put(package, _as_rows(package, columns))
    changes = rows.save(session, package)
    expressible.check_package(session, package)
    return changes | {key: (before[key], now) for key, now in details(package).items() if now != before[key]}


def details(package: Package) -> dict[str, list[str]]:
    """Return the package's time bands and profiles as operators write them."""
    bands = [TimeBand(*(getattr(row, field) for field in TimeBand.__dataclass_fields__)) for row in package.time_bands]
    return {
        "time_bands": [hours.format_band(band) for band in bands],
        "profiles": [f"{row.vendor}={row.download_profile}/{row.upload_profile}" for row in package.profiles],
    }


def _as_rows(package: Package, columns: Edits | Columns) -> dict[str, object]:
    values: dict[str, object] = dict(columns)
    if "reply_attributes" in columns:
        values["reply_attributes"] = reply_attributes.check(columns["reply_attributes"])
    if "time_bands" in columns:
        values["time_bands"] = _band_rows(package, columns["time_bands"])
    if "profiles" in columns:
        values["profiles"] = _profile_rows(package, columns["profiles"])
    return values


# a row that stays is changed rather than replaced: SQLAlchemy would INSERT the new one before it DELETEs the old


def _band_rows(package: Package, bands: Iterable[TimeBand]) -> list[TimeBandRow]:
    old = {row.position: row for row in package.time_bands}
    kept = []
    for position, band in enumerate(bands, start=1):
        row = old.get(position, TimeBandRow(position=position))
        rows.put(row, {field: getattr(band, field) for field in TimeBand.__dataclass_fields__})
        kept.append(row)
    return kept


def _profile_rows(package: Package, profiles: Profiles) -> list[PackageProfile]:
    old = {row.vendor: row for row in package.profiles}
    kept = []
    for vendor, names in profiles.items():
        row = old.get(vendor, PackageProfile(vendor=expressible.known_vendor(vendor)))
        rows.put(row, dict(zip(("download_profile", "upload_profile"), names, strict=True)))
        kept.append(row)
    return kept


@act("package")
def remove(session: Session, package: Package) -> None:
    """Remove a package; refused while accounts have it."""
    session.delete(package)
    database.flush(session)


def find(session: Session, name: str) -> Package:
    """Return the package of this name."""
    return rows.find(session, Package, Package.name, name)


def listing(session: Session, *, after: str = "", limit: int = 100, offset: int = 0) -> list[Package]:
    """Return packages by name, from the one behind `after` on."""
    query = select(Package).where(Package.name > after).order_by(Package.name)
    return list(session.scalars(query.limit(limit).offset(offset)))
