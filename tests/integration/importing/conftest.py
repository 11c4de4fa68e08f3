"""A provider that has nobody yet, and files for it; a second provider, to import into what was exported."""

import csv
import json
from contextlib import closing

import pytest

from tests.command_line import Operator
from tests.fix_database import fresh_database

FURNITURE = """
    INSERT INTO package (name, download_bps, upload_bps) VALUES ('P1', 50000000, 10000000), ('P2', 20000000, 5000000);
    INSERT INTO customer_group (name, default_package_id) VALUES ('Homes', 1), ('Firms', NULL);
    INSERT INTO reseller (name) VALUES ('Karoo');
"""


class Importer(Operator):
    """An operator who imports files that a test writes, at a provider with two packages, two groups, a reseller."""

    def __init__(self, database, folder, **login):
        super().__init__(database.environ | login)
        self.database = database
        self.folder = folder

    @classmethod
    def furnished(cls, database, folder):
        """Return one whose provider has what customers and accounts are made of."""
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(FURNITURE)
        return cls(database, folder)

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


@pytest.fixture
def importer(database, tmp_path):
    """Return an importer."""
    return Importer.furnished(database, tmp_path)


@pytest.fixture
def other(cluster, tmp_path):
    """Return an importer at another provider, furnished alike."""
    with fresh_database(cluster) as database:
        yield Importer.furnished(database, tmp_path)


@pytest.fixture(scope="module")
def planner(cluster, tmp_path_factory):
    """Return an importer whose tests only plan: its provider is theirs together."""
    with fresh_database(cluster) as database:
        yield Importer.furnished(database, tmp_path_factory.mktemp("plans"))
