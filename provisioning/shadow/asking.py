"""Both servers asked the same, with radclient: a real Access-Request (PAP) for each user, many in one run.

Secrets go by files that are their owner's only, passwords by standard input.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from provisioning import radclient
from provisioning.errors import Unreachable
from provisioning.shadow.exchange import Answer

AT_ONCE = 200  # identifiers are of one octet (RFC 2865 3)
_PARALLEL = "16"
_SENT = re.compile(r"Sent Access-Request Id ([0-9]+) ")
_RECEIVED = re.compile(r"(?:\([0-9]+\) )?Received (\S+) Id ([0-9]+) ")
_SILENT = re.compile(r"No reply from server for ID ([0-9]+) ")
_PAIR = re.compile(r"\t([\w.-]+(?::\d+)?) = (.*)")


def ask(server: str, secret: str, requests: Sequence[Sequence[tuple[str, str]]]) -> list[Answer | None]:
    """Return the answer to each request, None for silence. Values are as radclient reads them."""
    answers: list[Answer | None] = []
    for at in range(0, len(requests), AT_ONCE):
        answers += _run(server, secret, requests[at : at + AT_ONCE])
    return answers


def _run(server: str, secret: str, requests: Sequence[Sequence[tuple[str, str]]]) -> list[Answer | None]:
    descriptor, path = tempfile.mkstemp(prefix="tollkeeper-")  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
        command = [
            "stdbuf",
            "-oL",
            "radclient",
            "-x",
            "-p",
            _PARALLEL,
            "-r",
            "2",
            "-t",
            "3",
            "-S",
            path,
            server,
            "auth",
        ]
        text = "\n".join("".join(f"{name} = {value}\n" for name, value in pairs) for pairs in requests)
        done = subprocess.run(
            command,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as exc:
        raise Unreachable("radclient is not installed", "Run: apt-get install freeradius-utils.") from exc
    finally:
        Path(path).unlink()
    found = read_answers(done.stdout.splitlines())
    if not found:
        complaint = (done.stdout.strip().splitlines() or ["it says nothing"])[-1].strip()
        raise Unreachable(f"no answer from {server}: {complaint}", "A wrong secret is not answered.")
    return [found.get(number) for number in range(len(requests))]


def read_answers(lines: Sequence[str]) -> dict[int, Answer]:
    """Return the answers by the place of their requests, which radclient begins to send in order.

    It takes any identifier that is free for a new request; one that waits for its answer is sent again with its own.
    """
    waiting: dict[str, int] = {}
    found: dict[int, Answer] = {}
    begun, place = 0, None
    for line in lines:
        if sent := _SENT.match(line):
            place = None
            if sent[1] not in waiting:
                waiting[sent[1]] = begun
                begun += 1
        elif received := _RECEIVED.match(line):
            place = waiting.pop(received[2], None)
            if place is not None:
                found[place] = Answer(received[1])
        elif silent := _SILENT.search(line):
            waiting.pop(silent[1], None)
        elif place is not None and (pair := _PAIR.match(line)):
            answer = found[place]
            found[place] = Answer(answer.code, (*answer.pairs, (pair[1], radclient.unquoted(pair[2]))))
    return found
