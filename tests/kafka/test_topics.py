import msgspec
import pytest

from streams.kafka.port import free_port
from streams.kafka.topic_spec import Drift
from streams.kafka.topics import KafkaAbsent, admin, apply, diff, wanted
from streams.settings.model import Kafka, Settings

pytestmark = pytest.mark.kafka


def with_kafka(settings: Settings, **changes: object) -> Settings:
    return msgspec.structs.replace(settings, kafka=msgspec.structs.replace(settings.kafka, **changes))


def test_apply_creates_all_and_then_nothing_differs(settings: Settings) -> None:
    assert {drift.what for drift in diff(settings)} == {"missing"}
    done, left = apply(settings)
    assert {drift.topic for drift in done} == set(wanted(settings))
    assert left == []
    assert diff(settings) == []
    assert apply(settings) == ([], [])


def test_drift_is_reported_and_altered_only_when_asked(settings: Settings) -> None:
    apply(settings)
    larger = with_kafka(settings, partial_partitions=6, retention_ms=3_600_000)
    drifts = diff(larger)
    assert Drift(settings.topics.partial, "partitions", "6", "4") in drifts
    assert Drift(settings.topics.click, "retention.ms", "3600000", "604800000") in drifts
    assert apply(larger) == ([], drifts)
    assert diff(larger) == drifts
    assert apply(larger, fix=True) == (drifts, [])
    assert diff(larger) == []


def test_partitions_never_become_fewer(settings: Settings) -> None:
    apply(settings)
    smaller = with_kafka(settings, partial_partitions=2)
    expected = [Drift(settings.topics.partial, "partitions", "2", "4")]
    assert apply(smaller, fix=True) == ([], expected)
    assert diff(smaller) == expected


def test_setting_one_config_leaves_the_others_alone(settings: Settings) -> None:
    apply(settings)
    apply(with_kafka(settings, retention_ms=3_600_000), fix=True)
    assert not [drift for drift in diff(settings) if drift.what != "retention.ms"]


def test_what_kafka_refuses_is_said_with_what_to_do(settings: Settings) -> None:
    with pytest.raises(KafkaAbsent, match="replication factor") as raised:
        apply(with_kafka(settings, replication_factor=3))
    assert settings.kafka.bootstrap_servers in str(raised.value)


def test_no_broker_is_said_with_what_to_do() -> None:
    absent = Settings(kafka=Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"))
    with pytest.raises(KafkaAbsent, match="fenghuo kafka up"), admin(absent):
        pass
