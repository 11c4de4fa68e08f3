"""Speeds that a vendor's attributes cannot say are refused when they are entered, not at the customer's next login.

A speed above what the attributes of an existing NAS can hold needs a profile of that vendor: "a profile or a refusal".
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from policies import vendors
from policies.speed import Garden, Speed, Unexpressible
from provisioning.errors import BadInput
from provisioning.models import Customer, CustomerGroup, Nas, Package

_TREATMENTS = [column.name for column in CustomerGroup.__table__.columns if column.name.startswith("treatment_")]

Named = tuple[str, Speed]  # what the speed is called in an error, and the speed


def known_vendor(name: str) -> str:
    """Return the name of a vendor that Tollkeeper speaks; raise `BadInput` listing them."""
    if name not in vendors.VENDORS:
        raise BadInput(f"vendor {name!r} is unknown", f"Choose one of: {', '.join(sorted(vendors.VENDORS))}.")
    return name


def check_package(session: Session, package: Package) -> None:
    """Raise `BadInput` if a NAS that exists cannot be told one of the package's speeds."""
    for vendor in _vendors(session):
        _check(vendor, _package_speeds(package, vendor), f"--profile {vendor}=DOWNLOAD/UPLOAD")


def check_group(session: Session, group: CustomerGroup) -> None:
    """Raise `BadInput` if a NAS that exists cannot be told one of the group's speeds."""
    for vendor in _vendors(session):
        _check(vendor, _group_speeds(group))
        _check_garden(vendor, group)


def check_customer(session: Session, customer: Customer) -> None:
    """Raise `BadInput` if a NAS that exists cannot be told the customer's own speed tier."""
    if customer.download_bps is not None:
        for vendor in _vendors(session):
            _check(vendor, _customer_speeds(customer))


def check_vendor(session: Session, vendor: str) -> None:
    """Raise `BadInput` if a NAS of this vendor cannot be told the speeds of the packages and groups that exist.

    Of customers' own tiers, of which there may be a million, the fastest each way stand for the others.
    """
    known_vendor(vendor)
    for package in session.scalars(select(Package).options(selectinload("*"))):
        _check(
            vendor,
            _package_speeds(package, vendor),
            f"--profile {vendor}=DOWNLOAD/UPLOAD with: tollkeeper package edit {package.name!r}",
        )
    for group in session.scalars(select(CustomerGroup)):
        _check(vendor, _group_speeds(group))
        _check_garden(vendor, group)
    for rate in (Customer.download_bps, Customer.upload_bps):
        for customer in session.scalars(select(Customer).where(rate.is_not(None)).order_by(rate.desc()).limit(1)):
            _check(vendor, _customer_speeds(customer))


def _vendors(session: Session) -> Iterable[str]:
    # a vendor that this version does not know is answered by `generic`; nothing can be checked for it
    return sorted(set(session.scalars(select(Nas.vendor).distinct())) & vendors.VENDORS.keys())


def _check(vendor: str, speeds: Iterable[Named], remedy: str = "another speed") -> None:
    for label, speed in speeds:
        try:
            vendors.VENDORS[vendor].speed(speed)
        except Unexpressible as exc:
            raise BadInput(
                f"{label} cannot be told to {vendor} routers: {str(exc) or exc.__doc__}", f"Give it {remedy}."
            ) from exc


def _check_garden(vendor: str, group: CustomerGroup) -> None:
    if any(getattr(group, column) == "garden" for column in _TREATMENTS):
        try:
            vendors.VENDORS[vendor].garden(Garden(group.garden_pool, group.garden_profile, group.garden_redirect_url))
        except Unexpressible as exc:
            raise BadInput(
                f"the garden of group {group.name} cannot be told to {vendor} routers: {str(exc) or exc.__doc__}",
                "Give it another kind of wall: --garden-pool, --garden-profile or --garden-redirect-url.",
            ) from exc


def _speed(download_bps: int | None, upload_bps: int | None) -> Speed:
    return Speed(download_bps or 0, upload_bps or 0)


def _package_speeds(package: Package, vendor: str) -> Iterator[Named]:
    label = f"package {package.name}"
    if package.download_bps is not None and package.upload_bps is not None:
        yield label, _tier(package, vendor)
    if package.throttle_download_bps is not None:
        yield f"{label} (throttled)", _speed(package.throttle_download_bps, package.throttle_upload_bps)
    for band in package.time_bands:
        yield f"{label} (time band {band.position})", _speed(band.download_bps, band.upload_bps)


def _customer_speeds(customer: Customer) -> Iterator[Named]:
    yield f"customer {customer.code}", _speed(customer.download_bps, customer.upload_bps)


def _tier(package: Package, vendor: str) -> Speed:
    profiles = {profile.vendor: profile for profile in package.profiles}
    profile = profiles.get(vendor)
    return Speed.of(package, (profile.download_profile, profile.upload_profile) if profile else None)


def _group_speeds(group: CustomerGroup) -> Iterator[Named]:
    if group.garden_download_bps is not None:
        yield f"group {group.name} (garden)", _speed(group.garden_download_bps, group.garden_upload_bps)
    if group.throttle_download_bps is not None:
        yield f"group {group.name} (throttled)", _speed(group.throttle_download_bps, group.throttle_upload_bps)
