"""Every demo subscriber is answered as its state says, by every method that its password allows."""

import pytest

from tests.acceptance.conftest import Provider

pytestmark = pytest.mark.acceptance

REFUSED = {
    "blocked": "account_blocked",
    "deleted": "customer_deleted",
    "disabled": "customer_disabled",
    "closed": "group_disabled",
    "expired": "expired",
    "suspended": "suspended",
    "branch": "suspended",
}


@pytest.mark.parametrize("user_name", ["active", "fibre", "night", "capped", "static", "garden", "onlypap"])
def test_who_may_is_let_in(standing_provider: Provider, user_name: str) -> None:
    """Accepted, with a speed."""
    answer = standing_provider.authenticate(user_name, f"{user_name}-password")

    assert answer.code == "Access-Accept"
    assert len(answer.values("Mikrotik-Rate-Limit")) == 1


@pytest.mark.parametrize(("user_name", "reason"), REFUSED.items())
def test_who_may_not_is_refused(standing_provider: Provider, user_name: str, reason: str) -> None:
    """Refused with a message where the group sends one, and the hook says the same reason."""
    answer = standing_provider.authenticate(user_name, f"{user_name}-password")

    assert answer.code == "Access-Reject"
    assert len(answer.values("Reply-Message")) == 1
    assert standing_provider.explain(user_name)["reason"] == reason


def test_a_wrong_password_is_refused(standing_provider: Provider) -> None:
    """And nothing is said of why."""
    assert standing_provider.authenticate("active", "wrong").code == "Access-Reject"


@pytest.mark.parametrize("method", ["pap", "chap", "mschap", "md5", "peap", "ttls-pap", "ttls-chap", "ttls-mschapv2"])
def test_every_method_lets_in(standing_provider: Provider, method: str) -> None:
    """The right password is accepted, the wrong one is not."""
    assert standing_provider.authenticate("active", "active-password", method=method).code == "Access-Accept"
    assert standing_provider.authenticate("active", "wrong-password", method=method).code != "Access-Accept"


def test_a_certificate_lets_in(standing_provider: Provider) -> None:
    """EAP-TLS, as the account that the certificate was issued to and no other."""
    assert standing_provider.authenticate("certificate", method="tls").code == "Access-Accept"
    assert standing_provider.authenticate("active", method="tls").code != "Access-Accept"


def test_a_device_lets_in(standing_provider: Provider) -> None:
    """MAC authentication, where the device that asks is the one it names."""
    mac = "02:00:00:00:00:01"

    accepted = standing_provider.authenticate(mac, mac, Calling_Station_Id=mac)
    refused = standing_provider.authenticate(mac, mac, Calling_Station_Id="02:00:00:00:00:02")
    assert (accepted.code, refused.code) == ("Access-Accept", "Access-Reject")


def test_a_restart_without_the_database(provider: Provider) -> None:
    """The database gone, and FreeRADIUS started again meanwhile, the answers stay."""
    before = provider.authenticate("fibre", "fibre-password")
    provider.stop_database()
    provider.restart_radius()

    after = provider.authenticate("fibre", "fibre-password")
    assert after.code == "Access-Accept"
    assert after["Mikrotik-Rate-Limit"] == before["Mikrotik-Rate-Limit"]
    assert provider.status()["source"] == "snapshot"
