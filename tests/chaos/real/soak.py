"""A soak: one worker under steady traffic, its memory watched. `python -m tests.chaos.real.soak [MINUTES]`.

Writes build/soak.json; 1 if the memory of the last third lies above that of the second by more than GROWTH.
The first third is left out: caches fill, and the machines meet their series.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from streams.settings.model import Settings
from tests.chaos.real.campaign import CHUNK_MS, EVENTS, ROOT, shop
from tests.chaos.real.feed import Feed
from tests.chaos.real.shop import DAY_MS, WINDOW_MS, Traffic
from tests.kafka.process import Worker, workers

EVERY_S = 5.0
GROWTH = 0.05


def resident_mb(worker: Worker) -> float:
    """Return the resident memory of a worker's process."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def watched(settings: Settings, folder: Path, minutes: float) -> list[float]:
    """Return the worker's memory, every few seconds."""
    start_ms = (int(time.time() * 1000) - 7 * DAY_MS) // WINDOW_MS * WINDOW_MS
    samples, until = [], time.monotonic() + minutes * 60
    traffic = Traffic(start_ms, chunk_ms=CHUNK_MS, events=EVENTS)
    with workers(folder) as fleet, Feed(settings, traffic):
        worker = fleet.real(settings).wait_ready()
        while time.monotonic() < until:
            time.sleep(EVERY_S)
            samples.append(resident_mb(worker))
    return samples


def main() -> int:
    """Soak; say how the memory went."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    folder = Path(tempfile.mkdtemp(prefix="fenghuo-soak-"))
    with shop(folder) as (_, settings):
        samples = watched(settings, folder, minutes)
    third = len(samples) // 3
    middle, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[-third:])
    growth = last / middle - 1
    told = {"minutes": minutes, "middle_mb": middle, "last_mb": last, "growth": round(growth, 4)}
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "soak.json").write_text(json.dumps({**told, "samples_mb": samples}) + "\n")
    print(json.dumps(told))
    return 1 if growth > GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
