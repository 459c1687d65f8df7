"""What commands that read recordings share: the `--topic click=FILE` option and the progress bar."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from streams.settings.model import EVENT_KINDS, EventKind

if TYPE_CHECKING:
    from streams.machine import Record

Events = Iterable[tuple[EventKind, "Record"]]


class TopicOfFile(click.ParamType):
    """`click=FILE`, as (FILE, kind): all lines of the file are events of that kind."""

    name = "KIND=FILE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, EventKind]:
        """Return file and kind."""
        left, _, file = value.partition("=")
        kind = next((kind for kind in EVENT_KINDS if kind == left), None)
        if kind is None or not file:
            self.fail(f"{value!r} is not KIND=FILE with a KIND of {', '.join(EVENT_KINDS)}", param, ctx)
        return file, kind


@contextmanager
def progress(events: Events, files: Sequence[str], label: str) -> Iterator[Events]:
    """Show a progress bar on a terminal while the events of the files are consumed; else nothing.

    Raises FileUnreadable: the lines are counted first.
    """
    if not sys.stderr.isatty():
        yield events
        return
    from streams.recorded.lines import read_blocks

    total = sum(len(lines) for file in files for lines in read_blocks(file))
    with click.progressbar(events, length=total, label=label, file=sys.stderr, update_min_steps=1000) as bar:
        yield bar
