"""Where a demo installation lives, and what it is told when that cannot be."""

from pathlib import Path

import pytest

from demo import settings
from demo.errors import Refusal


def test_nothing_set_is_var_and_the_ports_of_radius() -> None:
    """Without variables it is var/ in the repository, on 1812 and 1813."""
    found = settings.from_environ({})

    expected = settings.Settings(settings.REPOSITORY / "var", auth_port=1812, acct_port=1813, accountingd_port=18813)
    assert expected == found


def test_variables_move_it() -> None:
    """TOLLKEEPER_HOME and the ports are obeyed."""
    found = settings.from_environ(
        {"TOLLKEEPER_HOME": "/srv/x", "TOLLKEEPER_AUTH_PORT": "21812", "TOLLKEEPER_ACCT_PORT": "21813"}
    )

    assert settings.Settings(Path("/srv/x"), auth_port=21812, acct_port=21813) == found


@pytest.mark.parametrize("port", ["0", "65536", "radius", "-1", "1812.0", "¹"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """The refusal names the variable and what it holds."""
    with pytest.raises(Refusal) as refused:
        settings.from_environ({"TOLLKEEPER_ACCT_PORT": port})

    assert refused.value.cause == f"TOLLKEEPER_ACCT_PORT is {port!r}, which is no port number"


def test_a_path_too_long_for_a_socket_is_refused() -> None:
    """A unix socket's path has 107 octets at most; the hint names the way out."""
    with pytest.raises(Refusal) as refused:
        settings.from_environ({"TOLLKEEPER_HOME": "/" + "x" * 100})

    assert "TOLLKEEPER_HOME" in (refused.value.hint or "")


def test_a_servers_environment_says_where_everything_is() -> None:
    """What FreeRADIUS and the hook read is there, as text."""
    environ = settings.Settings(Path("/srv/x")).environ()

    assert environ["TOLLKEEPER_KEY_FILE"] == "/srv/x/secrets/password.key"
    assert environ["TOLLKEEPER_CERTS"] == "/srv/x/certs"
    assert Path(environ["TOLLKEEPER_CODE"], "schema.sql").exists()
    assert Path(environ["TOLLKEEPER_SITE_PACKAGES"], "psycopg2").exists()
