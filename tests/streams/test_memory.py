"""What a process keeps of the memory it frees, seen by the pages the kernel had to clear for it."""

import subprocess
import sys

import pytest

from streams.memory import keep_freed

CHURN = """
import resource
from streams.memory import keep_freed

def churn(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        kept = [bytes(bytearray(size)) for size in (1_000_000, 3_000_000, 9_000_000) for _ in range(4)]
        del kept
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{call}
churn(3)
print(churn(10))
"""


def pages(call: str) -> int:
    """Return how many pages a process asks for that makes and frees the same blocks again and again."""
    code = CHURN.format(call=call)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    return int(told)


def test_blocks_made_again_and_again_take_the_same_pages() -> None:
    assert pages("keep_freed()") < pages("") / 10


def test_a_c_library_without_malloc_options_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    keep_freed()
