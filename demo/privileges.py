"""Running a server as a user of its own: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from pathlib import Path

from demo.errors import Refusal


def prefix_for(user: str, *, reaching: Path) -> list[str]:
    """Return the words before a command that make it run as `user`, who has to reach that folder; none unless root.

    Where a folder above is closed to others (a clone below a home of mode 0700, or made by `mktemp -d`), the command
    keeps one capability of root's, to search folders: less than opening the folder to everybody.
    """
    if os.geteuid() != 0:
        return []
    plain = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups"]
    searching = [*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for words in (plain, searching):
        # not test -x: access(2) looks at a process without its capabilities
        if subprocess.run([*words, "stat", f"{reaching}/."], check=False, capture_output=True).returncode == 0:
            return words
    raise Refusal(
        f"user {user}, as whom PostgreSQL runs, cannot reach {reaching}",
        "Set TOLLKEEPER_HOME to a folder that every user can reach, such as /var/lib/tollkeeper.",
    )


def user_running(user: str) -> str:
    """Return the name of who will run a command behind `prefix_for(user)`."""
    if os.geteuid() == 0:
        return user
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as exc:
        raise Refusal(
            f"user {os.geteuid()} has no name, by which PostgreSQL would know it",
            "Run this as a user that /etc/passwd lists.",
        ) from exc


def give(path: Path, user: str) -> None:
    """Make this file or folder the property of `user`, where we may."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
