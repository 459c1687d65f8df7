"""A real broker for the session, and topics nobody else uses for each test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from streams.kafka.local import Broker
from streams.kafka.topics import apply
from streams.settings.model import Kafka, Settings, Topics

JARS = Path(__file__).parents[2] / "build" / "kafka"  # kept between runs: Maven runs once


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Run a broker on a free port with a throw-away folder, for all tests of the session."""
    with Broker(tmp_path_factory.mktemp("kafka"), JARS) as running:
        yield running


@pytest.fixture
def settings(broker: Broker) -> Settings:
    """Return settings for the broker whose topics and group are this test's own; the topics are not made."""
    prefix = f"t{uuid.uuid4().hex[:8]}."
    names = {name: prefix + default for name, default in msgspec.structs.asdict(Topics()).items()}
    kafka = Kafka(bootstrap_servers=broker.bootstrap_servers, group=f"{prefix}fenghuo")
    return Settings(topics=Topics(**names), kafka=kafka)


@pytest.fixture
def topics(settings: Settings) -> Settings:
    """Return settings like `settings`, whose topics are made."""
    apply(settings)
    return settings
