"""The file: simulated records as JSON lines, plain or gzip, or on stdout."""

import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from streams.simulate.record import Record

STDOUT = "-"
LINES_PER_WRITE = 2_000
GZIP_LEVEL = 4


def write_lines(records: Iterable[Record], path: str) -> int:
    """Write one value a line in arrival order and return how many; `-` is stdout, `.gz` compresses.

    The same records make the same bytes: the gzip header has neither name nor time. Raises OSError.
    """
    count = 0
    with _open(path) as file:
        rows = iter(records)
        while lines := [record.value for record in islice(rows, LINES_PER_WRITE)]:
            file.write(b"\n".join(lines) + b"\n")
            count += len(lines)
    return count


@contextmanager
def _open(path: str) -> Iterator[BinaryIO]:
    if path == STDOUT:
        yield sys.stdout.buffer
        return
    with Path(path).open("wb") as plain:
        if not path.endswith(".gz"):
            yield plain
            return
        with gzip.GzipFile(
            filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=plain, mtime=0
        ) as packed:
            yield cast(BinaryIO, packed)
