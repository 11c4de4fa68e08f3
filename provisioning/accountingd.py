"""What accountingd and the fold of this node say of themselves.

accountingd answers HTTP on 127.0.0.1:TOLLKEEPER_ACCOUNTINGD_PORT, with the token of secrets/accountingd.conf as Basic
password, and its figures in Prometheus' text format. The fold keeps a file, run/fold.json, of where it is.
"""

import http.client
import json
import os
import re
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from provisioning import spool
from provisioning.errors import OperatorError, Unreachable

_ADDRESS, _DEFAULT_PORT, _USER = "127.0.0.1", 18813, "freeradius"
_TIMEOUT_SECONDS = 2.0
_SILENT_SECONDS = 10.0  # the fold writes its file every second, idle or not
_HINT = "Start it with bin/up, or set TOLLKEEPER_ACCOUNTINGD_PORT to where it runs."
_FOLD_HINT = "Start it with bin/up, or set TOLLKEEPER_HOME to where it runs."


class NotAsked(OperatorError):
    """accountingd is there, and does not say how it is"""

    exit_status = 3


def is_expected() -> bool:
    """Return whether this node does accounting at all: its port is set, or it has a spool."""
    return "TOLLKEEPER_ACCOUNTINGD_PORT" in os.environ or spool.path().exists()


def address() -> tuple[str, int]:
    """Return where accountingd of this node listens."""
    port = os.environ.get("TOLLKEEPER_ACCOUNTINGD_PORT") or str(_DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Unreachable(f"TOLLKEEPER_ACCOUNTINGD_PORT is {port!r}, which is no port", "Set it to 1 to 65535.")
    return _ADDRESS, int(port)


def metrics() -> dict[str, float]:
    """Return accountingd's figures by name, without `tollkeeper_`, those of histograms' buckets left out."""
    return _parse(_get("/metrics"))


def fold() -> dict[str, Any]:
    """Return what the fold wrote last, with `age_seconds`; raise `Unreachable` where it is too old to be of use."""
    path = fold_file()
    try:
        age = max(0.0, time.time() - path.stat().st_mtime)
        said = json.loads(path.read_bytes())
    except FileNotFoundError as exc:
        raise Unreachable(f"fold has never run here: there is no {path}", _FOLD_HINT) from exc
    except (OSError, ValueError) as exc:
        raise Unreachable(f"what the fold wrote cannot be read: {path}: {exc}", _FOLD_HINT) from exc
    if not isinstance(said, dict):
        raise Unreachable(f"what the fold wrote is no JSON object: {path}", _FOLD_HINT)
    if age > _SILENT_SECONDS:
        raise Unreachable(f"fold has said nothing for {age:.0f} s", _FOLD_HINT)
    return said | {"age_seconds": round(age, 3)}


def said_node() -> str | None:
    """Return the node's name that the fold wrote last, however long ago; None where it never did."""
    try:
        said = json.loads(fold_file().read_bytes())
    except (OSError, ValueError):
        return None
    node = said.get("node") if isinstance(said, dict) else None
    return node if isinstance(node, str) and node else None


def fold_file() -> Path:
    """Return where the fold writes how it is."""
    return spool.home() / "run" / "fold.json"


def _get(path: str) -> str:
    host, port = address()
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": f"Basic {_credentials()}"})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as exc:
        cause = getattr(exc, "strerror", None) or str(exc) or "no answer"
        raise Unreachable(f"accountingd does not answer at {host}:{port}: {cause}", _HINT) from exc
    finally:
        connection.close()
    if answer.status == http.client.UNAUTHORIZED:
        raise NotAsked(
            f"accountingd runs, and tells only who can read {_token_file()}", "Run it as the user of accountingd."
        )
    if answer.status != http.client.OK:
        raise Unreachable(f"accountingd answers {answer.status} at {host}:{port}", "Its log says more.")
    return body


def _token_file() -> Path:
    return spool.home() / "secrets" / "accountingd.conf"


def _credentials() -> str:
    """Return user and token; where the token cannot be read, none: accountingd then says only that it is there."""
    try:
        found = re.search(r'^accountingd_token = "([0-9A-Za-z]{32,})"$', _token_file().read_text("ascii"), re.MULTILINE)
    except (OSError, ValueError):
        found = None
    return b64encode(f"{_USER}:{found[1] if found else ''}".encode()).decode()


def _parse(page: str) -> dict[str, float]:
    """Return the figures; those with labels under `name{label="value"}`."""
    figures = {}
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#") and "_bucket{" not in name:
            try:
                figures[name.removeprefix("tollkeeper_")] = float(value)
            except ValueError:
                continue  # no figure of ours; another collector's business
    return figures
