"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How fast an example comes says something about the machine, not about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
