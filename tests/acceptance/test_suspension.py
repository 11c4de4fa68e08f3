"""Suspension for debt as a customer meets it: refused when the job has run, let in when he has paid."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from provisioning.dunning import job
from tests.acceptance.conftest import Provider
from tests.acceptance.test_changes import tollkeeper
from tests.fix_waiting import Eventually

pytestmark = pytest.mark.acceptance


def answered(provider: Provider, user_name: str, code: str) -> None:
    """Assert that this user gets this answer."""
    assert provider.authenticate(user_name, f"{user_name}-password").code == code


def test_a_debtor_pays(provider: Provider, eventually: Eventually) -> None:
    """Suspended by the job at its moment, let in by the payment."""
    with provider.session() as session:
        session.execute(text("UPDATE customer_group SET suspension_days = 14"))
        query = text("SELECT code FROM customer JOIN account ON customer_id = customer.id WHERE user_name = 'active'")
        code = session.scalar(query)
    assert isinstance(code, str)
    tollkeeper(provider, "invoice", "add", code, "INV-1", "100", "--issued", "2020-01-01", "--due", "2020-01-10")
    answered(provider, "active", "Access-Accept")

    now = datetime.now(UTC)
    with provider.session() as session:
        moment = job.due(session, now - timedelta(days=1), now)
        assert moment is not None
        assert job.run(session, moment)["suspended"] == 1
    eventually(lambda: answered(provider, "active", "Access-Reject"))
    assert provider.explain("active")["reason"] == "suspended"

    tollkeeper(provider, "payment", "add", code, "100")
    eventually(lambda: answered(provider, "active", "Access-Accept"))
