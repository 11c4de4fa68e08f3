"""The servers of one installation, in the order in which they start; they stop the other way round."""

from pathlib import Path
from typing import Protocol

from demo import schema
from demo.cluster import Cluster
from demo.processes import PidFile
from demo.server import RadiusServer
from demo.settings import Settings


class Component(Protocol):
    """A server: PostgreSQL, FreeRADIUS."""

    @property
    def log(self) -> Path:
        """Its log file."""

    @property
    def pid_file(self) -> PidFile:
        """What remembers its process."""

    @property
    def running(self) -> bool:
        """Whether it runs."""

    def start(self) -> None:
        """Start it and wait until it serves."""

    def stop(self) -> bool:
        """Stop it; return whether it was running."""


def cluster_of(settings: Settings) -> Cluster:
    """Return the private PostgreSQL of this installation."""
    return Cluster(settings)


def radius_of(settings: Settings) -> RadiusServer:
    """Return the FreeRADIUS of this installation."""
    database = cluster_of(settings).environ(role=schema.HOOK, database=schema.DATABASE)
    return RadiusServer(settings, database)


def of(settings: Settings) -> dict[str, Component]:
    """Return every server by name, in starting order."""
    return {"PostgreSQL": cluster_of(settings), "FreeRADIUS": radius_of(settings)}


def supervisor(settings: Settings) -> PidFile:
    """Return what remembers a bin/up in the foreground."""
    return PidFile(settings.pids / "up")
