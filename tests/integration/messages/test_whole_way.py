"""The whole way, by the scheduler's own process: what a job notes arrives as an e-mail."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

from demo.settings import REPOSITORY


def test_from_a_notice_to_the_mailbox(desk, mailbox, eventually):
    """A notice is composed and delivered within moments, once, and the log says so."""
    environ = {**desk.database.environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    with (desk.database.home / "log" / "scheduler").open("wb") as log:
        command = [sys.executable, "-m", "provisioning.scheduling"]
        scheduler = subprocess.Popen(command, env=environ, cwd=REPOSITORY, stdout=log, stderr=log)
    try:
        desk.notice("unsuspended", at=datetime.now(UTC))

        def arrived():
            assert [message["Subject"] for message in mailbox.arrived] == ["Your service is on again"], log.name

        eventually(arrived, within_seconds=90)
    finally:
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(60) == 0

    (row,) = desk.operator.json("message", "list", "FRI001")
    assert (row["notice"], row["state"], row["attempts"]) == ("unsuspended", "sent", 1)
