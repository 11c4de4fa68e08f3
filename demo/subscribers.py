"""The demo provider's groups, packages and subscribers: one subscriber for every state that a request can meet.

User names say the state; the password of each is its user name with `-password`, but RFC 2865's nemo has arctangent.
Addresses are of the ranges for documentation (RFC 5737, RFC 3849).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from policies.facts import TimeBand
from provisioning import account, customer, group, package

M = 1_000_000
GB = 1_000_000_000

GROUPS: dict[str, group.Columns] = {
    "home": {"sends_reply_message": True},
    "garden": {
        "treatment_expired": "garden",
        "treatment_suspended": "garden",
        "garden_pool": "garden",
        "garden_profile": "garden",
        "garden_download_bps": 512_000,
        "garden_upload_bps": 512_000,
    },
    "closed": {"sends_reply_message": True, "enabled": False},
}

PACKAGES: dict[str, package.Columns] = {
    "Home": {"download_bps": 10 * M, "upload_bps": 2 * M, "price_cents": 29900},
    "Fibre": {
        "download_bps": 100 * M,
        "upload_bps": 20 * M,
        "burst_download_bps": 150 * M,
        "burst_upload_bps": 30 * M,
        "burst_threshold_download_bps": 75 * M,
        "burst_threshold_upload_bps": 15 * M,
        "burst_seconds": 16,
        "price_cents": 79900,
    },
    "Night": {
        "download_bps": 10 * M,
        "upload_bps": 2 * M,
        "time_bands": [TimeBand(127, 22 * 60, 6 * 60, 50 * M, 10 * M)],
        "price_cents": 34900,
    },
    "Capped": {
        "download_bps": 20 * M,
        "upload_bps": 5 * M,
        "cap_octets": 100 * GB,
        "cap_treatment": "throttle",
        "throttle_download_bps": 1 * M,
        "throttle_upload_bps": 1 * M,
        "price_cents": 24900,
        "topup_price_cents": 4900,
    },
}


@dataclass(frozen=True)
class Subscriber:
    """A customer with one account. `has_password` False: a certificate or the MAC of its device lets it in."""

    user_name: str
    state: str  # in words, for the table
    group: str = "home"
    package: str = "Home"
    parent: str | None = None  # user name of the subscriber whose customer is the parent
    own_password: str | None = None
    has_password: bool = True
    pap_only: bool = False
    mac: str | None = None
    used_octets: int = 0  # in the billing period under way
    of_customer: customer.Columns = field(default_factory=lambda: customer.Columns())
    of_account: account.Columns = field(default_factory=lambda: account.Columns())

    @property
    def password(self) -> str | None:
        """The password it is given."""
        return (self.own_password or f"{self.user_name}-password") if self.has_password else None


CERTIFICATE_USER = "certificate"
DEVICE_USER = "device"


def all_at(now: datetime) -> tuple[Subscriber, ...]:
    """Return the subscribers, parents first, with expiries as seen at `now`."""
    yesterday = now - timedelta(days=1)
    return (
        Subscriber("active", "active"),
        Subscriber("fibre", "active, with a burst", package="Fibre"),
        Subscriber("night", "active, faster from 22 to 6", package="Night"),
        Subscriber("blocked", "account blocked", of_account={"blocked": True}),
        Subscriber("deleted", "customer deleted", of_customer={"deleted_at": yesterday}),
        Subscriber("disabled", "customer disabled", of_customer={"disabled": True}),
        Subscriber("closed", "group disabled", group="closed"),
        Subscriber("expired", "customer expired", of_customer={"expires_at": yesterday}),
        Subscriber("suspended", "customer suspended", of_customer={"suspended": True}),
        Subscriber("branch", "sub-account of suspended", parent="suspended"),
        Subscriber("garden", "expired, in a walled garden", group="garden", of_account={"expires_at": yesterday}),
        Subscriber("capped", "over its data cap, throttled", package="Capped", used_octets=120 * GB),
        Subscriber("single", "active, one session at a time", of_account={"sessions_allowed": 1}),
        Subscriber(
            "static",
            "active, with its own addresses",
            package="Fibre",
            of_account={
                "ipv4_address": "192.0.2.10",
                "delegated_ipv6_prefix": "2001:db8:10::/56",
                "routes": ["198.51.100.0/29 192.0.2.10 1"],
            },
        ),
        Subscriber("onlypap", "password kept one-way: PAP only", pap_only=True),
        Subscriber(DEVICE_USER, "known by its MAC", has_password=False, mac="02:00:00:00:00:01"),
        Subscriber(CERTIFICATE_USER, "by certificate: EAP-TLS only", has_password=False),
        Subscriber("nemo", "active, of RFC 2865 section 7", own_password="arctangent"),  # noqa: S106  (published)
    )
