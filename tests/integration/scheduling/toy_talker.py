"""A toy that talks to others: it takes all its rows out, in transactions of its own, and fails where it should."""

from contextlib import closing

from provisioning import driver


def work(dsn, at):
    """Take all out."""
    with closing(driver.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM toy WHERE job = 'talker' AND does = 'raise'")
        if cursor.rowcount:
            raise ValueError("nobody listens")
        cursor.execute("DELETE FROM toy WHERE job = 'talker'")
        return {"said": cursor.rowcount}
