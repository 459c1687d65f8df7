"""The lines of a text file, plain or gzip, a block at a time; memory is bounded."""

import gzip
import zlib
from collections.abc import Iterator
from typing import IO, cast

from streams.failure import Failure

BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 64 << 20
GZIP_MAGIC = b"\x1f\x8b"


class FileUnreadable(Failure):
    """A file that is not there, may not be read, is damaged, or is not made of lines."""


def read_blocks(path: str) -> Iterator[list[bytes]]:
    """Yield the lines of about 1 MiB at a time, without line ends; empty lines are left out.

    Raises FileUnreadable, when it comes to the damaged place of a damaged file.
    """
    read = 0
    try:
        with _open(path) as file:
            for lines in _split(path, file):
                read += len(lines)
                yield lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileUnreadable(
            f"{path} is damaged after {read:,} lines ({error}).\n"
            f"  `gzip -t {path}` checks it; `zcat {path} > whole.jsonl` saves the lines before the damage."
        ) from error
    except OSError as error:
        raise FileUnreadable(f"cannot read {path}: {error.strerror or error}") from error


def _open(path: str) -> IO[bytes]:
    with open(path, "rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else open(path, "rb")


def _split(path: str, file: IO[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    while block := file.read(BLOCK_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > LINE_BYTES_MAX:
            raise FileUnreadable(
                f"{path} has a line of more than {LINE_BYTES_MAX >> 20} MiB: is it JSON lines?"
            )
        if lines := [line for line in lines if line.strip()]:
            yield lines
    if rest.strip():
        yield [rest]
