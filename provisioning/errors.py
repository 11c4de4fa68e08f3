"""What an operator is told: one line of cause, one line of what to do about it, and an exit status.

The exit status of a command is 0 when it did what was asked, 1 when it was asked a question and the answer is no
(auth-test: rejected; status: a part is down), and otherwise the `exit_status` of the class here:
2 for bad input, which includes names of things that do not exist, 3 for a server that does not answer.
"""


class OperatorError(Exception):
    """bad input"""

    exit_status = 2

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message  # one line, lower case, no full stop
        self.hint = hint  # a full sentence


class BadInput(OperatorError):
    """something typed cannot be used"""


class NotFound(OperatorError):
    """nothing has this name"""


class Conflict(OperatorError):
    """it cannot be done to what is there"""


class WrongSchema(OperatorError):
    """the database has another version of the schema"""

    exit_status = 3


class Unreachable(OperatorError):
    """a server does not answer"""

    exit_status = 3


class Forbidden(OperatorError):
    """the operator may not do this"""
