"""The runner on a real broker: every record counted once, whatever happens to the workers."""

import json
import random
import signal
import time

import msgspec
import pytest

from tests.kafka.process import produce, quick, read, workers

pytestmark = pytest.mark.kafka
PARTITIONS = 4


def numbers(count, seed=1):
    source = random.Random(seed)
    return [(number % PARTITIONS, str(source.randrange(1000)).encode()) for number in range(count)]


def golden(values):
    """Return (sum, count) per partition."""
    found = {part: [0, 0] for part in range(PARTITIONS)}
    for part, value in values:
        found[part][0] += int(value)
        found[part][1] += 1
    return {part: tuple(pair) for part, pair in found.items()}


def reports(settings):
    return [
        [json.loads(one.value) for one in part]
        for part in read(settings, settings.topics.partial, PARTITIONS)
    ]


def wait_for(settings, values, timeout_s=60):
    """Wait until the last report of each partition counts all values; return all reports."""
    wanted = golden(values)
    until = time.monotonic() + timeout_s
    while True:
        told = reports(settings)
        counts = [part[-1]["count"] if part else 0 for part in told]
        if counts == [wanted[part][1] for part in range(PARTITIONS)]:
            return told
        assert max(c - wanted[p][1] for p, c in enumerate(counts)) <= 0, (
            f"counted twice: {counts} of {wanted}"
        )
        assert time.monotonic() < until, f"{counts} of {wanted}"
        time.sleep(0.1)


def assert_exact(told, values):
    for part, (total, count) in golden(values).items():
        assert (told[part][-1]["total"], told[part][-1]["count"]) == (total, count)
        ends = [report["to"] for report in told[part]]
        assert [report["from"] for report in told[part]] == [0, *ends[:-1]]  # nothing twice, nothing left out


def test_a_fresh_worker_counts_everything_and_ends_cleanly_on_sigterm(topics, tmp_path):
    settings, values = quick(topics), numbers(2000)
    produce(settings, settings.topics.click, values)
    with workers(tmp_path) as fleet:
        worker = fleet.stub(settings).wait_ready()
        told = wait_for(settings, values)
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
    assert_exact(told, values)
