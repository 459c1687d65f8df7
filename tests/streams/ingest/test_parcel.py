"""What does not fit into one record of the partial topic goes into several, and comes to the same."""

import random
from unittest.mock import patch

import pytest

from streams.detect.detect import Detect
from streams.ingest import parcel
from streams.ingest.ingest import Ingest
from streams.machine import Output, Record
from streams.settings.model import Metric
from tests.streams.records import T0, click, record, settings_of

SETTINGS = settings_of(
    {
        "clicks": Metric(event="click", count=True),
        "cost": Metric(event="click", last="cost"),
        "users": Metric(event="click", distinct="user_id"),
    },
    [[], ["region"]],
)


def flushed(bytes_max: int) -> list[Output]:
    """Return what ingest writes of minutes of clicks, some late, in records of at most so many bytes."""
    chance = random.Random(3)
    ingest, outputs = Ingest(SETTINGS, "click", 0), []
    with patch.object(parcel.parcels, "__defaults__", (bytes_max,)):
        for minute in range(12):
            events = [
                click(
                    f"{minute}-{n}",
                    at=T0 + minute * 60_000 - chance.choice((0, 0, 0, 200_000)),
                    type="view",
                    region=f"region-{chance.randrange(40)}-{'x' * 200}",
                    cost=n,
                    user_id=f"u{n}",
                )
                for n in range(60)
            ]
            at = T0 + minute * 60_000
            ingest.apply([record(minute * 60 + n, event, at=at) for n, event in enumerate(events)])
            outputs += [o for o in ingest.flush(at, caught_up=False) if o.topic == SETTINGS.topics.partial]
    return outputs


def alone(outputs: list[Output], partition: int) -> tuple[list[Output], list[bytes]]:
    """Return what detect tells, and its state, when one partition of the outputs is its log."""
    detect = Detect(SETTINGS, partition)
    written = [output for output in outputs if output.partition == partition]
    detect.apply([Record(offset, T0, output.key, output.value) for offset, output in enumerate(written)])
    return detect.flush(T0, caught_up=False), list(detect.snapshot())


@pytest.mark.parametrize("bytes_max", [2_000, 9_000], ids=["a few cells each", "some halves"])
def test_detect_makes_the_same_of_parcels_as_of_one_record(bytes_max: int) -> None:
    whole, parts = flushed(2**62), flushed(bytes_max)
    assert len(parts) > len(whole)
    assert max(len(output.value or b"") for output in parts) <= bytes_max
    for partition in range(SETTINGS.kafka.partial_partitions):
        assert alone(parts, partition) == alone(whole, partition)
