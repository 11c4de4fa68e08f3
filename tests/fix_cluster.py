"""A private PostgreSQL for the whole test run, in a folder with a path short enough for sockets."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import schema
from demo.cluster import Cluster
from demo.errors import Refusal
from demo.settings import Settings

TEMPLATE = "tollkeeper_template"


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """Return a folder that every user can reach, with a short path (a unix socket's has 107 octets at most)."""
    folder = Path(tempfile.mkdtemp(prefix="tk", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(short_folder: Path) -> Iterator[Cluster]:
    """Return a running cluster whose template database has schema.sql in it."""
    made = Cluster(Settings(short_folder / "pg"), durable=False)
    try:
        made.create()
        made.start()
    except Refusal as exc:
        missing_server(str(exc))
    try:
        schema.ensure(made, TEMPLATE)
        yield made
    finally:
        made.stop()


def missing_server(reason: str) -> None:
    """Skip on a laptop, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
