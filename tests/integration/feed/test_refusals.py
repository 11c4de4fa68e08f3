"""What the feed does not serve: another schema, another key; and nothing secret in its log."""

from pathlib import Path

from psycopg2.extensions import cursor

from radiusd.source import SCHEMA_VERSION
from tests.fix_proxy import Proxy
from tests.fix_waiting import Eventually
from tests.integration import rows_of_every_kind as rows
from tests.integration.feed.running import Start
from vault.sealed import make_key


def test_another_schema_version_is_not_served(
    start: Start, sql: cursor, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """It says which, publishes nothing, and serves as soon as the version is right."""
    sql.execute("UPDATE installation SET schema_version = 99")
    running = start()

    def refused() -> None:
        assert running.feed.last_error == f"database has schema version 99, this program needs {SCHEMA_VERSION}"

    eventually(refused)
    assert running.published == []
    assert any(line["event"] == "feed_failed" and line["error"] == running.feed.last_error for line in logged)
    sql.execute("UPDATE installation SET schema_version = %s", (SCHEMA_VERSION,))
    eventually(running.in_step)


def test_an_upgrade_under_a_running_feed_leaves_its_state(start: Start, sql: cursor, eventually: Eventually) -> None:
    """It answers on from what it knows, and says what is wrong."""
    running = start()
    eventually(running.in_step)
    sql.execute("UPDATE installation SET schema_version = 99")

    def refused() -> None:
        assert not running.feed.connected
        assert "schema version 99" in (running.feed.last_error or "")

    eventually(refused)
    assert len(running.published) == 1


def test_another_key_opens_nothing(start: Start, folder: Path, eventually: Eventually) -> None:
    """It says so and publishes nothing."""
    (folder / "key").unlink()
    make_key(folder / "key")
    running = start()

    def refused() -> None:
        assert running.feed.last_error == "a sealed value does not open with this key"

    eventually(refused)
    assert running.published == []


def test_a_missing_key_is_waited_for(start: Start, folder: Path, eventually: Eventually) -> None:
    """It says which file it wants, and stops promptly when told."""
    (folder / "key").unlink()
    running = start()

    def refused() -> None:
        assert f"key file {folder / 'key'} cannot be read" in (running.feed.last_error or "")

    eventually(refused)
    assert running.published == []


def test_no_secret_is_in_what_it_logs(
    start: Start, sql: cursor, proxy: Proxy, eventually: Eventually, logged: list[dict[str, object]]
) -> None:
    """Whatever happens."""
    running = start()
    eventually(running.in_step)
    proxy.stop()
    sql.execute("UPDATE installation SET schema_version = 99")
    proxy.start()

    def refused() -> None:
        assert "schema version 99" in (running.feed.last_error or "")

    eventually(refused)
    assert not any(clear in repr(logged) for clear in rows.CLEAR_TEXTS)
