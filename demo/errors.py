"""What can go wrong for the person who runs bin/up, bin/down or bin/test, and how it is said."""


class Refusal(Exception):
    """Something that the person at the keyboard can put right.

    `cause` is lower-case, without a full stop; `hint`, where there is one, a full sentence of what to do.
    """

    def __init__(self, cause: str, hint: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        return self.cause if self.hint is None else f"{self.cause}\nHINT: {self.hint}"


def of_system(failure: OSError) -> Refusal:
    """Return what the operating system refused, as a refusal."""
    cause = (failure.strerror or str(failure)).lower()
    return Refusal(f"{failure.filename}: {cause}" if failure.filename else cause)
