"""A provider that has nobody yet, and files for it; a second provider, to import into what was exported."""

import csv
import json

import pytest

from tests.command_line import Operator
from tests.fix_database import fresh_database


class Importer(Operator):
    """An operator who imports files that a test writes."""

    def __init__(self, environ, folder):
        super().__init__(environ)
        self.folder = folder

    def file(self, content, name="customers.csv"):
        """Write a file of lines, or octets; return its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def plan(self, content, *options):
        """Return what `import plan` says in JSON, errors or not."""
        result = self.run("import", "plan", self.file(content), *options, "--json")
        assert result.exit_code in (0, 1), result.output
        return json.loads(result.stdout)

    def load(self, content, *options):
        """Apply a file; return what is said of it in JSON."""
        return self.json("import", "apply", self.file(content), *options, "--yes")

    def exported(self, *options):
        """Return the rows of an export, each a dict of its cells."""
        return list(csv.DictReader(self.do("export", *options).splitlines()))


def furnish(operator):
    """Add what customers and accounts are made of."""
    operator.do("package", "add", "P1", "--download", "50M", "--upload", "10M")
    operator.do("package", "add", "P2", "--download", "20M", "--upload", "5M")
    operator.do("group", "add", "Homes", "--default-package", "P1")
    operator.do("group", "add", "Firms")
    operator.do("reseller", "add", "Karoo")
    return operator


@pytest.fixture
def importer(database, tmp_path):
    """Return an importer at a provider with two packages, two groups, a reseller."""
    return furnish(Importer(database.environ, tmp_path))


@pytest.fixture
def other(cluster, tmp_path):
    """Return an importer at another provider, furnished alike."""
    with fresh_database(cluster) as database:
        yield furnish(Importer(database.environ, tmp_path))


@pytest.fixture(scope="module")
def planner(cluster, tmp_path_factory):
    """Return an importer whose tests only plan: its provider is theirs together."""
    with fresh_database(cluster) as database:
        yield furnish(Importer(database.environ, tmp_path_factory.mktemp("plans")))
