"""What every topic should be, and how what is there differs from it. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streams.settings.model import EVENT_KINDS, Settings

DLQ, LATE = ".dlq", ".late"
KEPT_MS = 30 * 86_400_000  # alerts, notifications and dead letters: people ask about last month
# Workers write zstd. What other programs read is kept in the one codec that every client reads by itself.
READABLE = {"compression.type": "gzip"}
MEGABYTE = 1_048_588  # Kafka's own default for a batch
# A dead letter is the record and why it was refused; partials and checkpoints are columns of many series.
LETTER_BYTES, COLUMNS_BYTES = 2 * MEGABYTE, 8 * MEGABYTE
# Restart reads a state topic from its beginning: small segments, compacted soon, keep that short.
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "600000",
    "segment.bytes": str(64 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
}


class TopicSpec(NamedTuple):
    """What a topic should be. `config`: Kafka's names and values; what is not named is not looked at."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str]


class Found(NamedTuple):
    """What a topic is."""

    partitions: int
    config: Mapping[str, str]


class Drift(NamedTuple):
    """One difference: `what` is `missing`, `partitions` or a config name; `found` is empty when missing."""

    topic: str
    what: str
    wanted: str
    found: str = ""

    @property
    def fixable(self) -> bool:
        """Tell whether it can be put right without deleting anything: partitions never become fewer."""
        return self.what != "partitions" or int(self.found) < int(self.wanted)


def wanted(settings: Settings) -> dict[str, TopicSpec]:
    """Return every topic by name: inputs with their dead letters and late events, ours, and our states."""
    kafka, topics = settings.kafka, settings.topics
    replicas = kafka.replication_factor
    specs: dict[str, TopicSpec] = {}
    for kind in EVENT_KINDS:
        name = topics.of_event(kind)
        config = _kept(kafka.retention_ms, MEGABYTE)
        specs[name] = TopicSpec(kafka.partitions_of(kind), replicas, config)
        specs[name + DLQ] = TopicSpec(
            1, replicas, READABLE | _kept(max(kafka.retention_ms, KEPT_MS), LETTER_BYTES)
        )
        specs[name + LATE] = TopicSpec(1, replicas, READABLE | _kept(kafka.retention_ms, LETTER_BYTES))
    specs[topics.partial] = TopicSpec(
        kafka.partial_partitions, replicas, _kept(kafka.retention_ms, COLUMNS_BYTES)
    )
    # Alerts have one partition: notify decides in the order of the log.
    for name in (topics.alert, topics.notification):
        specs[name] = TopicSpec(1, replicas, READABLE | _kept(max(kafka.retention_ms, KEPT_MS), MEGABYTE))
    states = (topics.ingest_state, topics.detect_state, topics.notify_state, topics.courier_state)
    for name in (topics.control, *states):
        specs[name] = TopicSpec(1, replicas, {**COMPACTED, **_stamped(COLUMNS_BYTES)})
    return specs


def differences(wanted: Mapping[str, TopicSpec], found: Mapping[str, Found]) -> list[Drift]:
    """Return how `found` differs from `wanted`, in the order of `wanted`; other topics are not looked at."""
    return [drift for name, spec in wanted.items() for drift in _drifts(name, spec, found.get(name))]


def _kept(retention_ms: int, batch_bytes: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms), **_stamped(batch_bytes)}


def _stamped(batch_bytes: int) -> dict[str, str]:
    # The broker's time on every record: a producer's clock must not decide what is kept or what is late.
    return {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(batch_bytes)}


def _drifts(name: str, spec: TopicSpec, found: Found | None) -> Iterator[Drift]:
    if found is None:
        yield Drift(name, "missing", f"{spec.partitions} partitions")
        return
    if found.partitions != spec.partitions:
        yield Drift(name, "partitions", str(spec.partitions), str(found.partitions))
    for key, value in spec.config.items():
        if found.config.get(key, "") != value:
            yield Drift(name, key, value, found.config.get(key, ""))
