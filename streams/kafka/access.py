"""Who needs which rights at the broker: one table, for the page docs/acl.md and Strimzi's users."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from streams.kafka.topic_spec import DLQ, LATE
from streams.settings.model import EVENT_KINDS, Settings

Who = Literal["worker", "courier", "operator", "producer"]
Operation = Literal[
    "Read", "Write", "Create", "Describe", "DescribeConfigs", "Alter", "AlterConfigs", "Delete"
]
READ: tuple[Operation, ...] = ("Read", "Describe")
WRITE: tuple[Operation, ...] = ("Write", "Describe")
BOTH: tuple[Operation, ...] = ("Read", "Write", "Describe")
MANAGE: tuple[Operation, ...] = (*BOTH, "Create", "Alter", "DescribeConfigs", "AlterConfigs")


class Access(NamedTuple):
    """One right. prefix: the name is the beginning of the names meant."""

    who: Who
    resource: Literal["topic", "group", "transactionalId"]
    name: str
    operations: tuple[Operation, ...]
    why: str
    prefix: bool = False


def access(settings: Settings) -> list[Access]:
    """Return all rights, by who needs them."""
    return [*_worker(settings), *_courier(settings), *_operator(settings), *_producer(settings)]


def _worker(settings: Settings) -> Iterator[Access]:
    topics, group = settings.topics, settings.kafka.group
    for name in _inputs(settings):
        yield Access("worker", "topic", name, READ, "events in")
        yield Access("worker", "topic", name + DLQ, WRITE, "dead letters")
        yield Access("worker", "topic", name + LATE, WRITE, "events too late for their window")
    yield Access("worker", "topic", topics.partial, BOTH, "sums, from ingest to detect")
    yield Access("worker", "topic", topics.alert, BOTH, "alerts, from detect to notify")
    yield Access("worker", "topic", topics.notification, WRITE, "notifications")
    yield Access("worker", "topic", topics.control, READ, "orders of operators")
    for name in (topics.ingest_state, topics.detect_state, topics.notify_state):
        yield Access("worker", "topic", name, BOTH, "checkpoints")
    yield Access("worker", "group", group, READ, "shares the partitions, keeps the offsets")
    yield Access(
        "worker",
        "transactionalId",
        f"{group}.",
        WRITE,
        "outputs and offset in one transaction: GROUP.TOPIC.PARTITION",
        prefix=True,
    )


def _courier(settings: Settings) -> Iterator[Access]:
    topics = settings.topics
    yield Access("courier", "topic", topics.notification, READ, "what to deliver")
    yield Access("courier", "topic", topics.courier_state, BOTH, "what was delivered")
    yield Access("courier", "group", f"{settings.kafka.group}-courier", READ, "one of several works")


def _operator(settings: Settings) -> Iterator[Access]:
    topics = settings.topics
    for name in _inputs(settings):
        yield Access("operator", "topic", name, MANAGE, "fenghuo topics, replay, dlq", prefix=True)
    own = sorted({f"{name.split('.')[0]}." for name in (topics.partial, topics.alert, topics.control)})
    for prefix in own:
        yield Access(
            "operator", "topic", prefix, MANAGE, "fenghuo topics, learn, alerts, ack, dlq", prefix=True
        )
    yield Access(
        "operator", "group", settings.kafka.group, (*READ, "Delete"), "fenghuo learn, dlq", prefix=True
    )
    yield Access(
        "operator", "transactionalId", settings.kafka.group, WRITE, "fenghuo learn, dlq", prefix=True
    )


def _producer(settings: Settings) -> Iterator[Access]:
    for name in _inputs(settings):
        yield Access("producer", "topic", name, WRITE, "the shop's own systems, each its topic")


def _inputs(settings: Settings) -> Sequence[str]:
    return [settings.topics.of_event(kind) for kind in EVENT_KINDS]


def to_markdown(settings: Settings) -> str:
    """Return the table as the page docs/acl.md."""
    rows = (
        f"| {row.who} | {row.resource} | `{_pattern(row)}` | {', '.join(row.operations)} | {row.why} |"
        for row in access(settings)
    )
    return "\n".join([_HEAD, *rows, ""])


def _pattern(row: Access) -> str:
    return f"{row.name}*" if row.prefix else row.name


_HEAD = """# Rights at the broker

Allow these and nothing else. Names are the shipped ones; `topics:` and `kafka: {group: ...}` change them. A
`*` at the end is a prefix (`--resource-pattern-type prefixed`). `deploy/kubernetes/strimzi` holds the same as
KafkaUsers. Written by `python -m streams.kafka.manifest`.

- **worker**: `fenghuo worker`; **courier**: `fenghuo courier`; **operator**: people and their commands.
- Topics are created by `fenghuo topics apply` only: workers may not create any, and the broker should not
  (`auto.create.topics.enable=false`).
- The right to write to `fenghuo.alert.v1` is the right to raise and to acknowledge alerts; to
  `fenghuo.control.v1`, to reset fuses.
- A transactional id fences whoever used it before: no two installations may share `kafka.group` on a cluster.

| who | resource | name | operations | why |
|---|---|---|---|---|"""
