import msgspec
import pytest

from streams.kafka.topic_spec import Drift, Found, TopicSpec, differences, wanted
from streams.settings.model import Kafka, Settings, Topics

SPEC = TopicSpec(4, 1, {"retention.ms": "60000"})


def test_every_topic_of_the_settings_is_wanted_and_inputs_have_dead_letters_and_late_events() -> None:
    names = msgspec.structs.asdict(Topics())
    inputs = {names[kind] for kind in ("click", "order", "inventory", "metric")}
    expected = set(names.values()) | {name + tail for name in inputs for tail in (".dlq", ".late")}
    assert set(wanted(Settings())) == expected


def test_sizes_come_from_the_settings() -> None:
    kafka = Kafka(
        input_partitions=12,
        partitions={"order": 3},
        partial_partitions=6,
        replication_factor=3,
        retention_ms=60_000,
    )
    specs = wanted(Settings(kafka=kafka, topics=Topics(click="web")))
    counts = [specs[name].partitions for name in ("web", "shop.order.v1", "fenghuo.partial.v1")]
    assert counts == [12, 3, 6]
    assert {spec.replication_factor for spec in specs.values()} == {3}
    assert specs["web"].config["retention.ms"] == "60000"


def test_alerts_have_one_partition_and_are_kept_at_least_a_month() -> None:
    spec = wanted(Settings(kafka=Kafka(retention_ms=60_000)))["fenghuo.alert.v1"]
    assert spec.partitions == 1
    assert int(spec.config["retention.ms"]) >= 30 * 86_400_000


@pytest.mark.parametrize("name", ["control", "ingest-state", "detect-state", "notify-state"])
def test_states_and_control_are_compacted(name: str) -> None:
    spec = wanted(Settings())[f"fenghuo.{name}.v1"]
    assert spec.config["cleanup.policy"] == "compact"
    assert "retention.ms" not in spec.config


def test_every_topic_is_stamped_by_the_broker() -> None:
    assert {spec.config["message.timestamp.type"] for spec in wanted(Settings()).values()} == {
        "LogAppendTime"
    }


def test_a_dead_letter_may_be_larger_than_the_record_it_holds() -> None:
    specs = wanted(Settings())
    sizes = [int(specs[name].config["max.message.bytes"]) for name in ("shop.click.v1", "shop.click.v1.dlq")]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("spec", "found", "drifts"),
    [
        pytest.param(SPEC, Found(4, {"retention.ms": "60000"}), [], id="as wanted"),
        pytest.param(SPEC, Found(4, {**SPEC.config, "x": "y"}), [], id="what is not named is ignored"),
        pytest.param(SPEC, None, [Drift("t", "missing", "4 partitions")], id="missing"),
        pytest.param(
            SPEC, Found(2, SPEC.config), [Drift("t", "partitions", "4", "2")], id="fewer partitions"
        ),
        pytest.param(SPEC, Found(8, SPEC.config), [Drift("t", "partitions", "4", "8")], id="more partitions"),
        pytest.param(
            SPEC, Found(4, {"retention.ms": "1"}), [Drift("t", "retention.ms", "60000", "1")], id="a config"
        ),
    ],
)
def test_differences(spec: TopicSpec, found: Found | None, drifts: list[Drift]) -> None:
    there = {} if found is None else {"t": found}
    assert differences({"t": spec}, {**there, "other": Found(1, {})}) == drifts


@pytest.mark.parametrize(
    ("drift", "fixable"),
    [
        pytest.param(Drift("t", "missing", "4 partitions"), True, id="created"),
        pytest.param(Drift("t", "retention.ms", "1", ""), True, id="set"),
        pytest.param(Drift("t", "partitions", "4", "2"), True, id="raised"),
        pytest.param(Drift("t", "partitions", "4", "8"), False, id="never shrunk"),
    ],
)
def test_what_can_be_fixed(drift: Drift, fixable: bool) -> None:
    assert drift.fixable is fixable
