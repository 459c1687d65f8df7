"""Brokers in trouble, each test with one of its own: away, slow to answer, without rights, without topics."""

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request

import msgspec
import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    ResourcePattern,
    ResourceType,
)

from streams.kafka.local import Broker
from streams.kafka.port import free_port
from streams.kafka.topics import apply
from streams.settings.model import Kafka, Server, Settings
from tests.kafka.conftest import JARS
from tests.kafka.process import quick, read, workers
from tests.kafka.test_runner import assert_exact, numbers, produce, wait_for

pytestmark = pytest.mark.kafka
RIGHTS = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""


class GuardedBroker(Broker):
    """Knows rights: who is refused nothing may do everything."""

    def _write_properties(self, port: int) -> None:
        super()._write_properties(port)
        self._properties.write_text(self._properties.read_text() + RIGHTS)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory):
    """Run a broker that the tests of this file may kill."""
    with GuardedBroker(tmp_path_factory.mktemp("own"), JARS) as running:
        yield running


@pytest.fixture
def shop(own_broker, request):
    """Return settings with topics and a group of the test's own."""
    prefix = f"t{abs(hash(request.node.name)) % 10**8}."
    plain = Settings()
    names = {name: prefix + topic for name, topic in msgspec.structs.asdict(plain.topics).items()}
    settings = msgspec.structs.replace(
        quick(plain, bootstrap_servers=own_broker.bootstrap_servers, group=prefix + "group"),
        topics=type(plain.topics)(**names),
        server=Server(port=free_port()),
    )
    apply(settings)
    return settings


@contextlib.contextmanager
def admin(settings):
    client = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    try:
        yield client
    finally:
        client.close()


def ready(settings):
    """Return (status, text) of /-/ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.server.port}/-/ready", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError as error:
        return 0, str(error)


def until(true, seconds=30):
    """Wait until something is true; return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def test_a_broker_that_was_killed_and_came_back_costs_nothing(own_broker, shop, tmp_path):
    values = numbers(3_000)
    with workers(tmp_path) as fleet:
        worker = fleet.stub(shop).wait_ready()
        produce(shop, shop.topics.click, values[:1_500])
        wait_for(shop, values[:1_500])
        own_broker.kill()
        own_broker.restart()
        produce(shop, shop.topics.click, values[1_500:])
        until(lambda: worker.process.poll() is not None or done(shop, values), 60)
        if worker.process.poll() is not None:  # a supervisor would start it again
            assert worker.process.poll() == 75
            fleet.stub(shop)
        assert_exact(wait_for(shop, values), values)


def done(settings, values):
    with contextlib.suppress(Exception):
        return wait_for(settings, values, timeout_s=0.5)
    return None


def test_a_worker_whose_broker_is_away_is_not_ready_and_is_again_when_it_is_back(own_broker, shop, tmp_path):
    with workers(tmp_path) as fleet:
        fleet.real(shop).wait_ready()
        until(lambda: ready(shop)[0] == 200)
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            until(lambda: ready(shop)[0] == 503)
            assert "Kafka has not answered" in ready(shop)[1]
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        until(lambda: ready(shop)[0] == 200)


def test_sigterm_ends_a_worker_within_ten_seconds_though_the_broker_does_not_answer(
    own_broker, shop, tmp_path
):
    with workers(tmp_path) as fleet:
        worker = fleet.stub(shop).wait_ready()
        produce(shop, shop.topics.click, numbers(100))
        wait_for(shop, numbers(100))
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            worker.send(signal.SIGTERM)
            assert worker.wait() == 0
            assert time.monotonic() - started < 10
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)


def test_a_second_sigterm_ends_a_worker_at_once_and_nothing_is_lost(own_broker, shop, tmp_path):
    values = numbers(400)
    with workers(tmp_path) as fleet:
        worker = fleet.stub(shop).wait_ready()
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            worker.send(signal.SIGTERM)
            worker.wait_said("draining")
            started = time.monotonic()
            worker.send(signal.SIGTERM)
            assert worker.wait() == 128 + signal.SIGTERM
            assert time.monotonic() - started < 1
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        produce(shop, shop.topics.click, values)
        fleet.stub(shop)
        assert_exact(wait_for(shop, values), values)


def test_a_worker_started_before_its_broker_works_when_it_comes(tmp_path_factory, tmp_path):
    port, values = free_port(), numbers(200)
    settings = quick(Settings(kafka=Kafka(bootstrap_servers=f"127.0.0.1:{port}")))
    broker = Broker(tmp_path_factory.mktemp("late"), JARS)
    with workers(tmp_path) as fleet:
        broker.start(port)
        apply(settings)
        broker.stop()
        worker = fleet.stub(settings)
        worker.wait_said("trying again")
        broker.start(port)
        try:
            worker.wait_ready()
            produce(settings, settings.topics.click, values)
            assert_exact(wait_for(settings, values), values)
        finally:
            broker.stop()


@pytest.mark.parametrize(
    ("topic", "denied", "hint"),
    [
        ("click", ACLOperation.DESCRIBE, "and Describe on our topics"),
        ("click", ACLOperation.READ, "Grant this user Read"),
        ("partial", ACLOperation.WRITE, "Grant this user Read, Write"),
    ],
    ids=["may not see", "may not read", "may not write"],
)
def test_a_worker_without_rights_says_which_and_ends_for_good(topic, denied, hint, shop, tmp_path):
    name = getattr(shop.topics, topic)
    allowed = {ACLOperation.DESCRIBE, ACLOperation.READ, ACLOperation.WRITE} - {denied}
    if denied == ACLOperation.DESCRIBE:
        allowed = {ACLOperation.DELETE}  # reading and writing imply seeing
    where = ResourcePattern(ResourceType.TOPIC, name)
    rights = [ACL("User:ANONYMOUS", "*", one, ACLPermissionType.ALLOW, where) for one in allowed]
    produce(shop, shop.topics.click, numbers(50))
    with admin(shop) as client, workers(tmp_path) as fleet:
        client.create_acls(rights)
        worker = fleet.stub(shop)
        assert worker.wait(60) == 1, worker.log.read_text()[-2000:]
        assert hint in worker.log.read_text()
        assert name in worker.log.read_text()


@pytest.mark.parametrize("topic", ["click", "partial"], ids=["of the input", "of the output"])
def test_a_deleted_topic_ends_the_worker_with_what_to_do(topic, shop, tmp_path):
    name = getattr(shop.topics, topic)
    with workers(tmp_path) as fleet:
        worker = fleet.stub(shop).wait_ready()
        produce(shop, shop.topics.click, numbers(50))
        wait_for(shop, numbers(50))
        with admin(shop) as client:
            client.delete_topics([name])
        code = worker.wait(90)
        if code == 75:  # a supervisor starts it again, and it finds the topic missing
            worker = fleet.stub(shop)
            code = worker.wait(60)
        assert code == 1, worker.log.read_text()[-2000:]
        assert name in worker.log.read_text()
        assert "fenghuo topics apply" in worker.log.read_text()


def test_a_record_too_large_for_its_topic_ends_the_worker_for_good(shop, tmp_path):
    with admin(shop) as client:
        config = {"max.message.bytes": "100"}
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, shop.topics.partial, config)])
    produce(shop, shop.topics.click, numbers(50))
    with workers(tmp_path) as fleet:
        worker = fleet.stub(shop)
        assert worker.wait(60) == 1, worker.log.read_text()[-2000:]
        told = worker.log.read_text()
        assert "bytes is larger than" in told
        assert shop.topics.partial in told
    assert read(shop, shop.topics.partial, 4) == [[], [], [], []]
