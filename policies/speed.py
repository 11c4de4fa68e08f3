"""A speed, a walled garden: what a vendor's file turns into attributes."""

from dataclasses import dataclass
from operator import attrgetter

_rates_of = attrgetter(
    *("download_bps", "upload_bps", "burst_download_bps", "burst_upload_bps"),
    *("burst_threshold_download_bps", "burst_threshold_upload_bps", "burst_seconds", "priority"),
)


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed tier in bit/s, download and upload as the customer sees them.

    Thresholds and seconds are set only with a burst. `download_profile` and `upload_profile` are what the tier is
    called on this vendor's routers; both or neither; where they are set, a vendor that knows profiles sends them
    instead of numbers.
    """

    download_bps: int
    upload_bps: int
    burst_download_bps: int | None = None
    burst_upload_bps: int | None = None
    burst_threshold_download_bps: int | None = None
    burst_threshold_upload_bps: int | None = None
    burst_seconds: int | None = None
    priority: int | None = None
    download_profile: str | None = None
    upload_profile: str | None = None

    @classmethod
    def of(cls, row: object, profiles: tuple[str, str] | None = None) -> "Speed":
        """Make one of a row that has the columns of a package's rates, the first two set; `profiles` down and up."""
        return cls(*_rates_of(row), *(profiles or ()))


@dataclass(frozen=True, slots=True)
class Garden:
    """Where a refused customer is let: at least one of an address pool, a profile of the vendor's kind, a page."""

    pool: str | None = None
    profile: str | None = None
    redirect_url: str | None = None


class Unexpressible(ValueError):
    """this vendor's attributes cannot say it"""
