"""Two operators who edit one row do not overwrite each other: who says which version he has read is told of another."""

from provisioning.errors import Conflict


def check(noun: str, name: str, *, current: int, version: int | None) -> None:
    """Raise `Conflict` where a row is no longer of the version that was looked at; None: nobody says."""
    if version is not None and version != current:
        raise Conflict(
            f"somebody else has changed {noun} {name}: it is of version {current} by now",
            f"Look at it again, then decide: tollkeeper {noun} show.",
        )
