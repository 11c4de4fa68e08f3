"""What goes out before anybody is let in."""

import pytest

from tests.acceptance import eapol
from tests.acceptance.conftest import Provider

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(("user_name", "method"), [("certificate", "tls"), ("active", "peap"), ("active", "md5")])
def test_a_challenge_carries_no_service(standing_provider: Provider, user_name: str, method: str) -> None:
    """No speed, no Class: only EAP, its state and the signature, in every round (RFC 2865 5.44)."""
    login = eapol.Login(user_name, f"{user_name}-password" if method != "tls" else None, method)
    server = eapol.Server(standing_provider.port, standing_provider.secret, standing_provider.radius.settings.certs)

    *challenges, last = eapol.conversation(login, server)

    assert last.code == "Access-Accept"
    assert last.values("Class")
    assert {challenge.code for challenge in challenges} == {"Access-Challenge"}
    sent = {name for challenge in challenges for name, _ in challenge.attributes}
    assert sent <= {"EAP-Message", "State", "Message-Authenticator"}
