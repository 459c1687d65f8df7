"""A backlog of ten minutes at live speed, worked off. Run as `python -m tests.bench.backlog [RATE [S]]`.

The log is full before the worker starts: the clicks of the last SECONDS, the job of `versus`. Measured from
where the worker says that it reads, to where all is committed; memory at a tenth, a half and the end.
Figures go to build/bench-backlog.json and stdout.
"""

import asyncio
import json
import sys
import time

from aiokafka import AIOKafkaProducer

from streams.kafka.topics import apply
from streams.settings.model import Settings
from tests.bench import site
from tests.bench.latency import plain
from tests.bench.peers.job import PARTITIONS
from tests.bench.versus import JOB

EVENTS_PER_S = 10_000
SECONDS = 600
BATCH = 1_000  # records
BATCH_BYTES = 1 << 19
TIMEOUT_S = 900
MARKS = {"rss_mb_tenth": 0.1, "rss_mb_half": 0.5, "rss_mb_end": 1.0}  # shares of the log


async def fill(settings: Settings, rate: int, seconds: int) -> int:
    """Write the events of the last `seconds`, partitions side by side; return how many."""
    start_ms, events = int((time.time() - seconds) * 1000), rate * seconds
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers, linger_ms=0, max_batch_size=BATCH_BYTES
    )
    async with producer:
        for first in range(0, events, BATCH * PARTITIONS):
            sent = []
            for partition in range(PARTITIONS):
                batch = producer.create_batch()
                numbers = range(first + partition, min(first + BATCH * PARTITIONS, events), PARTITIONS)
                for number in numbers:
                    value = plain(number, start_ms + number * 1000 // rate)
                    if batch.append(key=None, value=value, timestamp=None) is None:
                        raise ValueError(f"{BATCH} events are more than {BATCH_BYTES} bytes")
                batch.close()
                sent.append(await producer.send_batch(batch, settings.topics.click, partition=partition))
            await asyncio.gather(*sent)
    return events


async def caught_up(settings: Settings, events: int, pid: int) -> dict[str, float]:
    """Wait until all is committed; return seconds, CPU seconds, and memory at each of the MARKS."""
    started_s, cpu_s, marks = time.monotonic(), site.cpu_s(pid), dict(MARKS)
    found: dict[str, float] = {}
    async with site.commits(settings, settings.topics.click, PARTITIONS) as committed:
        while marks:
            done = await committed()
            for name in [name for name, share in marks.items() if done >= share * events]:
                found[name] = site.rss_mb(pid)
                del marks[name]
            if time.monotonic() > started_s + TIMEOUT_S:
                raise TimeoutError(f"{done:,} of {events:,} events after {TIMEOUT_S} s")
            await asyncio.sleep(0.05)
    return {"seconds": time.monotonic() - started_s, "cpu_s": site.cpu_s(pid) - cpu_s, **found}


def measure(rate: int = EVENTS_PER_S, seconds: int = SECONDS) -> dict[str, float]:
    """Return the figures of one worker."""
    with site.broker() as bootstrap:
        settings = site.on(bootstrap, JOB, partitions={"click": PARTITIONS})
        apply(settings)
        events = asyncio.run(fill(settings, rate, seconds))
        with site.workers(settings) as pids:
            site.wait_ready()
            found = asyncio.run(caught_up(settings, events, pids[0]))
    took_s, cpu_s = found.pop("seconds"), found.pop("cpu_s")
    return {
        "events": events,
        "events_per_s": round(events / took_s),
        "cpu_us_per_event": round(cpu_s / events * 1e6, 2),
        "times_live_speed": round(events / took_s / rate, 1),
        **found,
    }


def main() -> None:
    """Measure, print, write."""
    text = json.dumps(measure(*map(int, sys.argv[1:])), indent=1)
    (site.BUILD / "bench-backlog.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
