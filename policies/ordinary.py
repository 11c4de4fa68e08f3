"""The ordinary account: nothing about it is out of the ordinary, and most requests come from one.

The rules would be asked one after the other, and each would say no. `is_ordinary` knows that in one look. It repeats
what the rules ask for, so tests/unit/test_ordinary.py holds it to them, whatever the facts.
"""

from policies.facts import Account, Customer, Group


def is_ordinary(account: Account, customer: Customer, group: Group, now: float) -> bool:
    """Whether no rule can apply but those of the router, of a registered device, and of the number of sessions.

    And the package's own speed is the right one. Not the other way round: what few have (a parent, anything in
    `extras`, a speed of its own) is for the rules to look at.
    """
    return not (
        account.extras is not None
        or account.blocked
        or account.suspended
        or account.cap_reached
        or account.lock_to_devices
        or customer.deleted
        or customer.disabled
        or customer.suspended
        or customer.parent_id is not None
        or customer.download_bps is not None
        or not group.enabled
        or (account.expires_at is not None and account.expires_at <= now)
        or (customer.expires_at is not None and customer.expires_at <= now)
    )
