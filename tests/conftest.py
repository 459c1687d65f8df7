"""What holds for every test."""

import signal

from hypothesis import HealthCheck, settings

# How fast an example comes says something about the machine, not about the code.
# And the same examples every time: what a change broke shows, chance does not.
settings.register_profile(
    "busy", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

# A run in the background of a shell ignores Ctrl-C, and so would every program the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
