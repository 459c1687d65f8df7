"""A fault: one thing wrong with the settings, and where."""

import difflib
from collections.abc import Collection, Sequence
from typing import NamedTuple

from streams.failure import FINDINGS, Failure


class Mark(NamedTuple):
    """Where something stands: a file (or `environment`) and a line; 0 if lines mean nothing there."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Fault(NamedTuple):
    """`path` leads to the key: section, then keys or monitor names. `message`: what was found and allowed."""

    mark: Mark
    path: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return (
            f"{self.mark}: {'.'.join(self.path)}: {self.message}"
            if self.path
            else f"{self.mark}: {self.message}"
        )


class SettingsRefused(Failure):
    """The settings hold faults; the message lists all of them."""

    exit_code = FINDINGS

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.mark, fault.path)))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = (f"  {fault}" for fault in self.faults)
        super().__init__("\n".join([f"{count} in the settings:", *lines]))


def not_one_of(found: object, allowed: Collection[str]) -> str:
    """Say that a word is not allowed, which are, and which was probably meant."""
    close = difflib.get_close_matches(str(found), allowed, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return f"found {found!r}{meant}; allowed: {', '.join(sorted(allowed)) or 'nothing'}"
