"""Memory of a long-running process: how often cycles are looked for, and what is given back to the system."""

import ctypes
import gc

YOUNG = 50_000  # objects made and not yet freed before a look; Python's own 700 is for programs that make few

# mallopt(3); glibc caps the second one at this
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_TOP_PAD, M_ARENA_MAX = -1, -3, -2, -8
KEPT_BYTES = 256 * 1_048_576
MMAP_BYTES = 32 * 1_048_576
GROWTH_BYTES = 64 * 1_048_576


def collect_rarely() -> None:
    """Look for cycles a hundredth as often, and never again among what is there now: modules, settings.

    Records come by the thousand and go without cycles: looking through them took a quarter of the time. Call
    once a long-running program has started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def keep_freed() -> None:
    """Keep what is freed for what comes next. Does nothing where the C library is not glibc.

    Answers of the broker come by the megabyte. Given back to the system and asked for again, each page is
    cleared by the kernel: a sixteenth of a worker's time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_TOP_PAD, GROWTH_BYTES)
