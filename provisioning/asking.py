"""What the parts of a node say without asking who asks: the hook, the fold and FreeRADIUS know everybody.

So the database is asked first, who asks by row-level security. With the database away, whoever owns the hook's
socket may still ask it: its file permissions are what guards it from those who do not come this way.
"""

import os

from provisioning import node, reading
from provisioning.errors import Forbidden, NotFound, Unreachable, WrongSchema

_ALL = "SELECT sees_all() AND may('account', 'view')"


def check_account(user_name: str) -> None:
    """Raise `NotFound` for an account that the operator may not see; who sees all may ask for any name."""
    try:
        with reading.look() as look:
            look.check_may_view("account")
            if look.column(_ALL)[0] or look.column("SELECT id FROM account WHERE user_name = %(name)s", name=user_name):
                return
    except (Unreachable, WrongSchema):
        if not _owns_socket():
            raise
        return
    raise NotFound(f"no account is named {user_name!r}", "List them with: tollkeeper account list.")


def check_whole(area: str) -> None:
    """Raise `Forbidden` where the operator may not see the whole of an area; nobody can tell with the database away."""
    try:
        with reading.look() as look:
            look.check_may_view(area)
            if not look.column("SELECT sees_all()")[0]:
                raise Forbidden(
                    f"what is of the area {area} is of the whole node, of which you see a part",
                    "An operator of the provider can look at it, without --as.",
                )
    except (Unreachable, WrongSchema):
        if not _owns_socket():
            raise


def _owns_socket() -> bool:
    try:
        owner = node.hook_socket().stat().st_uid
    except OSError:
        return True  # there is nobody to be asked
    return os.geteuid() in (0, owner)
