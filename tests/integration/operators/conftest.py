"""The market of resellers and operators, once a worker: its tests leave it as they found it."""

from collections.abc import Iterator

import pytest

from demo.cluster import Cluster
from tests.fix_database import fresh_database
from tests.integration.operators.market import Market, furnish


@pytest.fixture(scope="session")
def market(cluster: Cluster) -> Iterator[Market]:
    """Return a market: see tests/integration/operators/market.py."""
    with fresh_database(cluster) as database:
        yield furnish(database)
