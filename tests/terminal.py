"""bin/tollkeeper on a terminal of its own, as an operator sees it."""

import os
import pty
import select
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TOLLKEEPER = Path(__file__).resolve().parents[1] / "bin" / "tollkeeper"


def on_terminal(*arguments: str, environ: Mapping[str, str], typed: Sequence[str] = ()) -> tuple[int, str]:
    """Run bin/tollkeeper on a terminal of its own, typing a line at each prompt; return status and what it showed."""
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.execve(TOLLKEEPER, ["tollkeeper", *arguments], environ)
    answers = list(typed)
    shown = b""
    for chunk in read_all(terminal):
        shown += chunk
        if answers and shown.endswith(b": "):  # not before: asking for a password throws away what was typed already
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), shown.decode()


def read_all(terminal: int) -> Iterator[bytes]:
    """Yield what a terminal shows until the process behind it has ended, or has said nothing for 30 seconds."""
    while select.select([terminal], [], [], 30)[0]:
        try:
            yield os.read(terminal, 65536)
        except OSError:  # EIO: nobody is behind it any more
            return
