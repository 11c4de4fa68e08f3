"""Whatever happens in whatever order, settling does what a plain model of it says, and counts nothing twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.allowances.model import Model, Topup

BEGINS = datetime(2026, 10, 20, 5, tzinfo=UTC)
_RESET = "TRUNCATE usage_day, topup, allowance, allowance_due, notice CASCADE;"
_ACTS = st.one_of(
    st.tuples(st.just("use"), st.integers(0, 3), st.integers(1, 60)),  # days ago, octets
    st.tuples(st.just("wait"), st.integers(1, 40), st.integers(1, 24)),  # steps, hours each
    st.tuples(st.just("buy"), st.integers(1, 50), st.sampled_from([None, 1, 9, 30, 70])),  # octets, days
    st.tuples(st.just("cap"), st.sampled_from([None, 40, 100]), st.just(0)),
    st.tuples(st.just("roll"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("settle"), st.booleans(), st.just(0)),
)


class Play:
    """Does the same to the books and to the model."""

    def __init__(self, books):
        self.books, self.at, self.model = books, BEGINS, Model(cap=100)
        books.sql(_RESET + "UPDATE account SET cap_reached = false, package_id = 1 WHERE id = 1")
        books.sql("UPDATE customer SET rollover_months = 0; UPDATE package SET cap_octets = 100 WHERE id = 1")
        books.sql("INSERT INTO allowance_due (account_id) VALUES (1)")
        self.settle(True, 0)

    def use(self, days_ago, octets):
        """Use some, perhaps heard of late; of before the account began, nothing is known."""
        day = max((self.at - timedelta(days=days_ago)).date(), BEGINS.date())
        self.model.usage[day] = self.model.usage.get(day, 0) + octets
        self.model.heard.add(day)
        self.books.use(day, octets / 10**9, period=day.replace(day=1))

    def wait(self, steps, hours):
        """Let time pass."""
        self.at += timedelta(hours=hours) * steps

    def buy(self, octets, days):
        """Buy a top-up; it is settled at once, as by the command."""
        expires_at = None if days is None else self.at + timedelta(days=days)
        self.model.topups.append(Topup(octets, self.at, expires_at))
        self.books.sql(
            "INSERT INTO topup (account_id, octets, price_cents, starts_at, expires_at) VALUES (1, %s, 0, %s, %s)",
            *(octets, self.at, expires_at),
        )
        self.settle(False, 0)

    def cap(self, octets, _):
        """Give the package another cap, or none; it is settled at once, so that no period passes in between."""
        self.settle(True, 0)
        self.model.cap = octets
        self.books.sql("UPDATE package SET cap_octets = %s WHERE id = 1", octets)
        self.settle(True, 0)

    def roll(self, months, _):
        """Let what is left last longer, or less long."""
        self.settle(True, 0)
        self.model.rollover = months
        self.books.sql("UPDATE customer SET rollover_months = %s WHERE id = 1", months)
        self.settle(True, 0)

    def settle(self, twice, _):
        """Settle; a second time changes nothing."""
        self.model.settle(self.at)
        for _turn in range(1 + twice):
            self.books.sql("SELECT settle_allowances(%s)", self.at)

    def check(self):
        """Both are the same, and what was counted is what was charged, to the octet."""
        books, model = self.books, self.model
        columns = "period_start, octets, used_octets, counted_octets, over_octets"
        assert books.sql(f"SELECT {columns} FROM allowance ORDER BY 1") == [
            (one.start, one.octets, one.used, one.counted, one.over) for one in model.periods
        ]
        assert books.sql("SELECT used_octets FROM topup ORDER BY id") == [(one.used,) for one in model.topups]
        assert books.is_capped() == model.capped
        told = books.sql("SELECT details ->> 'period_start', (details ->> 'percent')::int FROM notice"
                         " WHERE kind = 'usage'")  # fmt: skip
        assert set(told) == {(str(start), part) for start, part in model.told}
        assert sum(one.used for one in [*model.periods, *model.topups]) == sum(
            one.counted - one.over for one in model.periods
        )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=st.lists(_ACTS, min_size=3, max_size=20))
def test_settling_is_what_the_model_says(books, acts):
    """Usage, late too, top-ups, caps, roll-overs, periods' ends and repeated and late runs, in any order."""
    play = Play(books)
    for verb, first, second in acts:
        getattr(play, verb)(first, second)
    play.settle(True, 0)
    play.check()
