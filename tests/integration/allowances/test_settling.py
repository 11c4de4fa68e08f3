"""What usage is charged to, what is left, and what becomes of it."""


def test_usage_is_charged_to_the_month_and_the_cap_is_reached(books):
    """The month's data is used up first; with nothing left the cap is reached, and what is used then is over."""
    books.use("2026-11-03", 60)
    books.settle("2026-11-03T10:00")
    assert (books.periods(), books.is_capped()) == ({"2026-11-01": (100, 60, 60, 0)}, False)

    books.use("2026-11-04", 50)
    books.settle("2026-11-04T10:00")
    assert (books.periods(), books.is_capped()) == ({"2026-11-01": (100, 100, 110, 10)}, True)


def test_a_new_period_lifts_the_cap(books):
    """At the second at which the period ends there is new data, and what was left of the old is gone."""
    books.use("2026-11-04", 110)
    books.settle("2026-11-04T10:00")
    books.settle("2026-11-30T23:59:59")
    assert books.is_capped()

    assert books.settle("2026-12-01T00:00") == (1, 0, 1, 0)
    assert not books.is_capped()


def test_topups_are_used_in_order_of_expiry_after_the_month(books):
    """First the month's, then the top-up that expires first, whenever it was bought; one without expiry last."""
    never, late, soon = books.buy(10), books.buy(10, expires="2026-12-20"), books.buy(10, expires="2026-12-10")
    books.use("2026-11-04", 115)
    books.settle("2026-11-04T10:00")

    assert [books.used(one) for one in (never, late, soon)] == [0, 5, 10]


def test_what_is_left_rolls_over(books):
    """What is left of a month is used after the next month's data, before top-ups, as long as it lasts."""
    books.sql("UPDATE customer SET rollover_months = 1")
    topup = books.buy(10)
    books.use("2026-11-04", 70)
    books.settle("2026-11-04T10:00")
    books.settle("2026-12-01T00:00")
    books.use("2026-12-04", 135, period="2026-12-01")
    books.settle("2026-12-04T10:00")

    assert books.periods() == {"2026-11-01": (100, 100, 70, 0), "2026-12-01": (100, 100, 135, 0)}
    assert books.used(topup) == 5


def test_what_rolled_over_expires(books):
    """After its months, nothing of it can be used any more."""
    books.sql("UPDATE customer SET rollover_months = 1")
    books.settle("2026-11-04T10:00")
    books.settle("2026-12-01T00:00")
    books.settle("2027-01-01T00:00")
    books.use("2027-01-04", 250, period="2027-01-01")
    books.settle("2027-01-04T10:00")

    assert {start: row[1] for start, row in books.periods().items()} == {
        "2026-11-01": 0,
        "2026-12-01": 100,
        "2027-01-01": 100,
    }
    assert books.periods()["2027-01-01"][3] == 50
    assert books.is_capped()


def test_late_usage_is_charged_to_its_own_period(books):
    """A record that comes after the period's end takes nothing from the new one."""
    books.settle("2026-11-04T10:00")
    books.settle("2026-12-01T00:00")
    books.use("2026-11-30", 120)
    books.settle("2026-12-01T00:05")

    assert books.periods() == {"2026-11-01": (100, 100, 120, 20), "2026-12-01": (100, 0, 0, 0)}


def test_usage_that_the_ledger_moves_is_given_back(books):
    """Where a late record shows that octets were of another period, they are charged there and nowhere twice."""
    topup = books.buy(10)
    books.use("2026-11-30", 105)
    books.settle("2026-11-30T10:00")
    books.settle("2026-12-01T00:00")
    books.use("2026-11-30", -15)
    books.use("2026-12-01", 15, period="2026-12-01")
    books.settle("2026-12-01T00:05")

    assert books.periods() == {"2026-11-01": (100, 90, 90, 0), "2026-12-01": (100, 15, 15, 0)}
    assert books.used(topup) == 0


def test_a_topup_that_expires_leaves_nothing(books):
    """At its expiry what is left is gone, the cap is reached, and the customer is told once."""
    topup = books.buy(50, expires="2026-11-10T12:00Z")
    books.use("2026-11-04", 120)
    books.settle("2026-11-04T10:00")
    assert not books.is_capped()

    assert books.settle("2026-11-10T12:00")[1:] == (1, 0, 2)
    books.settle("2026-11-10T12:01", 1)
    assert books.is_capped()
    assert books.used(topup) == 20
    assert books.notices("topup_expired") == [(str(topup),)]


def test_a_run_that_comes_late_does_what_it_would_have_done(books):
    """Each period that ended meanwhile is opened, charged and closed in its turn."""
    books.sql("UPDATE customer SET rollover_months = 1")
    books.settle("2026-11-04T10:00")
    books.use("2026-12-04", 150, period="2026-12-01")
    books.use("2027-01-04", 10, period="2027-01-01")
    books.settle("2027-02-03T00:00")

    assert books.periods() == {
        "2026-11-01": (100, 50, 0, 0),
        "2026-12-01": (100, 100, 150, 0),
        "2027-01-01": (100, 10, 10, 0),
        "2027-02-01": (100, 0, 0, 0),
    }


def test_thresholds_are_told_once(books):
    """Of the percentages passed at once the highest is told; none twice in a period, whatever is bought in between."""
    books.use("2026-11-03", 50)
    books.settle("2026-11-03T10:00")
    books.use("2026-11-03", 60)
    books.settle("2026-11-03T11:00")
    books.buy(100)
    books.settle("2026-11-03T12:00")
    books.use("2026-11-03", 60)
    books.settle("2026-11-03T13:00")
    assert books.notices() == [("100",)]

    books.settle("2026-12-01T00:00")
    books.use("2026-12-03", 120, period="2026-12-01")
    books.settle("2026-12-03T13:00")
    assert books.notices() == [("100",), ("75",)]


def test_another_cap_counts_at_once(books):
    """A package with a smaller cap, or with none, is what the account has from the next settling on."""
    books.use("2026-11-03", 60)
    books.settle("2026-11-03T10:00")
    books.sql("UPDATE package SET cap_octets = 50e9 WHERE id = 1")
    books.settle("2026-11-03T10:01")
    assert (books.periods(), books.is_capped()) == ({"2026-11-01": (60, 60, 60, 0)}, True)

    books.sql("UPDATE account SET package_id = 2")
    books.settle("2026-11-03T10:02")
    assert not books.is_capped()

    books.use("2026-11-03", 10)
    books.sql("UPDATE account SET package_id = 1; UPDATE package SET cap_octets = 65e9 WHERE id = 1")
    books.settle("2026-11-03T10:03")
    assert (books.periods(), books.is_capped()) == ({"2026-11-01": (65, 65, 70, 5)}, True)


def test_prepaid_has_what_was_bought_alone(books):
    """A prepaid account has no data of the month; back to postpaid it has it again."""
    books.sql("UPDATE account SET prepaid = true")
    books.settle("2026-11-03T10:00")
    assert books.is_capped()

    topup = books.buy(10)
    books.use("2026-11-03", 4)
    books.settle("2026-11-03T10:05")
    assert (books.is_capped(), books.used(topup)) == (False, 4)

    books.sql("UPDATE account SET prepaid = false")
    books.use("2026-11-04", 1)
    books.settle("2026-11-04T10:05")
    assert (books.periods(), books.used(topup)) == ({"2026-11-01": (100, 1, 5, 0)}, 4)


def test_another_billing_day_makes_a_shorter_period(books):
    """The period under way ends at the new billing day, and no octet of it is counted in the next."""
    books.use("2026-11-08", 30)
    books.settle("2026-11-10T00:00")
    books.sql("UPDATE customer SET billing_day = 15")
    books.use("2026-11-12", 5)
    books.use("2026-11-16", 7, period="2026-11-15")
    books.settle("2026-11-12T00:00")
    books.settle("2026-11-16T00:00")

    assert books.periods() == {"2026-11-01": (100, 35, 35, 0), "2026-11-15": (100, 7, 7, 0)}


def test_periods_end_at_the_customers_midnight(books):
    """A period begins with the day where the customer is, on a day without 00:00 too."""
    books.sql("UPDATE customer SET time_zone = 'Africa/Cairo', billing_day = 24")
    books.settle("2026-04-01T00:00")
    ends = books.sql("SELECT ends_at AT TIME ZONE 'UTC' FROM allowance WHERE next_at IS NOT NULL")

    assert [moment.isoformat() for (moment,) in ends] == ["2026-04-23T22:00:00"]  # 00:00 is left out there


def test_settling_twice_changes_nothing(books):
    """A run that is repeated at the same moment, or for no reason, changes no row."""
    books.buy(10, expires="2026-11-20")
    books.use("2026-11-03", 105)
    books.settle("2026-11-03T10:00")
    rows = (
        "SELECT t::text FROM allowance t UNION ALL SELECT t::text FROM topup t UNION ALL SELECT t::text FROM account t"
    )
    before = books.sql(rows)

    assert books.settle("2026-11-03T10:00", 1) == (0, 0, 0, 0)
    assert books.sql(rows) == before


def test_a_topup_that_expires_soon_is_used(books):
    """One that expires within the period, bought when the period was settled already, is charged like any other."""
    books.settle("2026-11-03T10:00")
    topup = books.buy(10, at="2026-11-03T10:01Z", expires="2026-11-10")
    books.use("2026-11-03", 105)
    books.settle("2026-11-03T10:05")

    assert books.used(topup) == 5
