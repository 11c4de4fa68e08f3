"""No reply leaves with what FreeRADIUS would drop or make zero of."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from policies import dictionary
from policies.decide import decide
from policies.facts import Pair
from policies.speed import Unexpressible
from radiusd.replies import Replies
from tests.unit.facts_factory import NOW, make_facts


@pytest.fixture(scope="module")
def installed() -> dictionary.Dictionary:
    """What this machine's FreeRADIUS knows."""
    return dictionary.parse("/usr/share/freeradius/dictionary", lambda path: Path(path).read_text(errors="replace"))


@pytest.mark.parametrize("bad", [Pair("Idle-Timeout", "=", "soon"), Pair("No-Such-Thing", "=", "1")])
def test_what_psql_wrote_is_checked_too(installed: dictionary.Dictionary, bad: Pair) -> None:
    """The bad attribute is left out and told of, once; the rest goes out."""
    replies = Replies(installed)
    facts = make_facts(package={"reply_attributes": (bad, Pair("Filter-Id", "=", "gold"))})

    with capture_logs() as logs:
        sent = [replies.fixed(decide(facts, NOW), facts, is_ppp=False).pairs for _ in range(2)]

    assert ("Filter-Id", "=", "gold") in sent[0]
    assert bad.name not in {name for name, _, _ in sent[0]}
    assert sent[0] is sent[1]
    assert [(each["event"], each["attribute"]) for each in logs] == [("attribute_not_sent", bad.name)]


def test_a_speed_that_this_server_cannot_say() -> None:
    """An older FreeRADIUS without the vendor's dictionary refuses, rather than let in at any speed."""
    nothing = dictionary.parse("empty", lambda path: "")
    facts = make_facts(package={"download_bps": 10_000_000, "upload_bps": 2_000_000})

    with pytest.raises(Unexpressible):
        Replies(nothing).fixed(decide(facts, NOW), facts, is_ppp=False)
