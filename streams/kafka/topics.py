"""The topics on the broker: how they differ from what they should be, and putting that right."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from streams.failure import Failure
from streams.kafka.topic_spec import Drift, Found, TopicSpec, differences, wanted
from streams.settings.connection import connection
from streams.settings.model import Settings

__all__ = ["KafkaAbsent", "admin", "apply", "diff", "explained", "wanted"]

REQUEST_MS = 10_000
CONNECT_MS = 5_000


class KafkaAbsent(Failure):
    """No broker answers, or it refuses to serve us."""


def diff(settings: Settings) -> list[Drift]:
    """Return how the broker's topics differ from what they should be. Raises KafkaAbsent."""
    specs = wanted(settings)
    with admin(settings) as client:
        return differences(specs, _found(client, specs))


def apply(settings: Settings, *, fix: bool = False) -> tuple[list[Drift], list[Drift]]:
    """Create what is missing and return (what was done, what was left); usable when it returns.

    fix: also raise partition counts and set configs of topics that are there. Nothing is ever deleted.

    Raises KafkaAbsent.
    """
    specs = wanted(settings)
    with admin(settings) as client:
        drifts = differences(specs, _found(client, specs))
        todo = [drift for drift in drifts if drift.what == "missing" or (fix and drift.fixable)]
        _create(client, {drift.topic: specs[drift.topic] for drift in todo if drift.what == "missing"})
        _grow(client, {drift.topic: int(drift.wanted) for drift in todo if drift.what == "partitions"})
        _configure(client, [drift for drift in todo if drift.what not in {"missing", "partitions"}])
    return todo, [drift for drift in drifts if drift not in todo]


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """Open an admin client. Raises KafkaAbsent for whatever Kafka refuses inside, with what to do next."""
    servers = settings.kafka.bootstrap_servers
    with explained(servers):
        client = KafkaAdminClient(
            **connection(settings.kafka), request_timeout_ms=REQUEST_MS, bootstrap_timeout_ms=CONNECT_MS
        )
        try:
            yield client
        finally:
            client.close()


@contextmanager
def explained(servers: str) -> Iterator[None]:
    """Turn errors of the Kafka client into KafkaAbsent, with what to do next."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise KafkaAbsent(
            f"Kafka at {servers} did not do it: {error}.\n"
            "  Is it running and reachable, and are password and certificates right (`kafka.security`)?\n"
            "  `fenghuo kafka up` starts a local one; another one is named by "
            "`kafka: {bootstrap_servers: ...}` or FENGHUO_KAFKA__BOOTSTRAP_SERVERS."
        ) from error


def _found(client: KafkaAdminClient, names: Mapping[str, TopicSpec]) -> dict[str, Found]:
    there = {topic["name"]: topic for topic in client.describe_topics() if topic["name"] in names}
    if not there:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
    configs = client.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: Found(len(topic["partitions"]), {key: entry["value"] for key, entry in configs[name].items()})
        for name, topic in there.items()
    }


def _create(client: KafkaAdminClient, specs: Mapping[str, TopicSpec]) -> None:
    if specs:
        asked = {
            name: {
                "num_partitions": s.partitions,
                "replication_factor": s.replication_factor,
                "configs": s.config,
            }
            for name, s in specs.items()
        }
        client.create_topics(asked, wait_for_metadata=True)


def _grow(client: KafkaAdminClient, counts: Mapping[str, int]) -> None:
    if counts:
        client.create_partitions(dict(counts))
        client.wait_for_topics(list(counts))


def _configure(client: KafkaAdminClient, drifts: list[Drift]) -> None:
    changes: dict[str, dict[str, str]] = {}
    for drift in drifts:
        changes.setdefault(drift.topic, {})[drift.what] = drift.wanted
    if changes:
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, name, config) for name, config in changes.items()
        ]
        results = client.alter_configs(resources)["topic"]
        refused = {name: result for name, result in results.items() if result != "OK"}
        if refused:
            raise KafkaError(f"not altered: {refused}")
