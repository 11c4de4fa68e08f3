"""The servers of one installation, in the order in which they start; they stop the other way round."""

from pathlib import Path
from typing import Protocol

from demo import daemon, schema
from demo.cluster import Cluster
from demo.processes import PidFile
from demo.server import AccountingServer, RadiusServer
from demo.serving import Server
from demo.settings import Settings


class Component(Protocol):
    """A server: PostgreSQL, FreeRADIUS, a daemon of ours."""

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
    """Return the FreeRADIUS for authentication of this installation."""
    database = cluster_of(settings).environ(role=schema.HOOK, database=schema.DATABASE)
    return RadiusServer(settings, database)


def accounting_of(settings: Settings) -> AccountingServer:
    """Return the FreeRADIUS for accounting of this installation."""
    database = cluster_of(settings).environ(role=schema.HOOK, database=schema.DATABASE)
    return AccountingServer(settings, database)


def servers_of(settings: Settings) -> dict[str, Server]:
    """Return every server but PostgreSQL, in starting order: accounting is taken in when there is where to put it."""
    database = {
        role: cluster_of(settings).environ(role=role, database=schema.DATABASE) for role in (schema.FOLD, schema.OWNER)
    }
    servers: list[Server] = [
        radius_of(settings),
        daemon.accountingd(settings),
        daemon.fold(settings, database[schema.FOLD]),
        accounting_of(settings),
        daemon.scheduler(settings, database[schema.OWNER]),
    ]
    return {server.name: server for server in servers}


def of(settings: Settings) -> dict[str, Component]:
    """Return every server by name, in starting order."""
    return {"PostgreSQL": cluster_of(settings), **servers_of(settings)}


def supervisor(settings: Settings) -> PidFile:
    """Return what remembers a bin/up in the foreground."""
    return PidFile(settings.pids / "up")
