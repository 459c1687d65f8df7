"""A failure people can do something about: told in one message, without a traceback."""

FAILED = 1
USAGE = 2
FINDINGS = 3
GATE_MISSED = 4


class Failure(Exception):  # noqa: N818 (named like what it says)
    """What went wrong and what to do next, in words for people.

    The command line prints the message and ends with `exit_code`; subclasses set another one or pass it.
    """

    exit_code: int = FAILED

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        if exit_code is not None:
            self.exit_code = exit_code
