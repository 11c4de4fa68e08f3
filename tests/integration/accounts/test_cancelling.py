"""An account is cancelled, as if it were not there, and taken up again."""


def known(accounting):
    """Return the user names and devices that the hook knows."""
    names = accounting.sql("SELECT array_agg(user_name ORDER BY user_name) FROM hook_account")
    return names, accounting.sql("SELECT coalesce(array_agg(user_name), '{}') FROM hook_device")


def test_one_is_cancelled_and_taken_up(operator, accounting):
    """The hook does not know it nor its devices, lists leave it out, and what was to come is cancelled."""
    operator.do("device", "add", "ann", "00:00:5e:00:53:01", "--mac-auth")
    operator.do("change", "add", "--account", "ann", "--package", "Home 100", "--at", "2199-01-01")
    last = accounting.sql("SELECT max(id) FROM change_log")
    cancelled = operator.json("account", "cancel", "ann")["account"]

    assert (cancelled["state"], cancelled["cancelled_at"] is None) == ("cancelled", False)
    assert known(accounting) == (["frikkie"], [])
    logged = accounting.sql("SELECT array_agg(DISTINCT relation ORDER BY relation) FROM change_log WHERE id > %s", last)
    assert logged == ["account", "device"]
    assert operator.json("account", "cancel", "ann")["changed"] == {}
    assert [row["user_name"] for row in operator.json("account", "list")] == ["frikkie"]
    assert [row["user_name"] for row in operator.json("account", "list", "--cancelled")] == ["ann"]
    assert len(operator.json("account", "list", "--all")) == 2
    assert operator.json("change", "list", "--all")[0]["state"] == "cancelled"

    assert operator.json("account", "uncancel", "ann")["account"]["state"] == "active"
    assert known(accounting) == (["ann", "frikkie"], ["ann"])
    assert accounting.sql("SELECT string_agg(act, ', ' ORDER BY id) FROM audit_entry WHERE act ~ 'cancel'") == (
        "account cancel, account uncancel"
    )


def test_all_of_a_customer(operator):
    """Every account of one customer, in one act; those of others stay."""
    operator.do("account", "add", "office", "--customer", "ANN001", "--package", "Free", "--no-password")
    assert operator.do("account", "cancel", "--all", "ann001") == "account ann cancelled\naccount office cancelled\n"
    assert operator.do("account", "cancel", "--all", "ANN001") == "customer ANN001: nothing to cancel\n"
    assert operator.json("account", "show", "frikkie")["state"] == "active"


def test_what_cannot_be_meant(operator):
    """A time to come is no cancellation but an expiry; one account or all of a customer has to be said."""
    refused = operator.refused("account", "cancel", "ann", "--at", "+1d")
    assert refused == "an account is cancelled now, or was before, not at a time to come"
    assert operator.refused("account", "cancel") == "say which: a user name, or --all CODE"
    assert operator.refused("account", "cancel", "ann", "--all", "ANN001") == "say which: a user name, or --all CODE"
    before = operator.json("account", "cancel", "ann", "--at", "2026-01-31")["account"]["cancelled_at"]
    assert before.startswith("2026-01-31T00:00:00")


def test_renamed(operator):
    """A user name is given once; who edits an account that was edited meanwhile is told."""
    assert operator.do("account", "rename", "ann", "anna") == "account ann: user name ann -> anna\n"
    assert operator.refused("account", "rename", "anna", "frikkie") == "user name frikkie is taken"
    cause = operator.refused("account", "edit", "anna", "--version", "1", "--price", "1")
    assert cause == "somebody else has changed account anna: it is of version 2 by now"
    operator.do("account", "edit", "anna", "--version", "2", "--price", "1")
