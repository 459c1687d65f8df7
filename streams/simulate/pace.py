"""Pace: when each record is sent, on a clock that runs faster and meets ours at the end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """A simulated clock that shows `end_ms` at the moment `finish_ms` and runs `speed` times as fast as ours.

    With finish_ms = end_ms and speed >= 1 it is never ahead of ours: no event happens after it is sent.
    """

    end_ms: int
    finish_ms: float
    speed: float

    @classmethod
    def build(cls, start_ms: int, end_ms: int, now_ms: float, speed: float) -> "Pace":
        """Return the pace that starts now."""
        return cls(end_ms, now_ms + (end_ms - start_ms) / speed, speed)

    def wait_s(self, arrival_ms: int, now_ms: float) -> float:
        """Return how long to wait before sending what arrives at `arrival_ms`; 0 if it is due."""
        due_ms = self.finish_ms - (self.end_ms - arrival_ms) / self.speed
        return max(0.0, (due_ms - now_ms) / 1000)
