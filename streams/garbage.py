"""Garbage: how often Python looks for cycles among the objects that are alive."""

import gc

YOUNG = 50_000  # objects made and not yet freed before a look; Python's own 700 is for programs that make few


def collect_rarely() -> None:
    """Look for cycles a hundredth as often, and never again among what is there now: modules, settings.

    Records come by the thousand and go without cycles: looking through them took a quarter of the time. Call
    once a long-running program has started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
