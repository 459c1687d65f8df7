"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How fast an example comes says something about the machine, not about the code.
# And the same examples every time: what a change broke shows, chance does not.
settings.register_profile(
    "busy", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")
