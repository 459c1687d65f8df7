"""The fuse with real workers: a bad deploy stops a partition, an operator lets it go on, nothing is lost."""

import json
import time

import msgspec
import pytest
import yaml

from sinks import alert_record, notification
from streams.cli.main import main
from streams.kafka.topics import apply
from streams.partial import from_bytes
from streams.progress import is_progress
from streams.settings.model import Fuse, Metric, Monitor, Server, Time
from tests.kafka.process import produce, quick, read, workers

pytestmark = pytest.mark.kafka
GOOD, BAD, VOLUME = 300, 60, 100


@pytest.fixture
def shop(settings):
    """Return settings with a small fuse and one monitor; the topics are made."""
    shop = msgspec.structs.replace(
        quick(settings, partitions={"order": 1}, input_partitions=1, partial_partitions=1),
        metrics={"orders": Metric(event="order", count=True)},
        monitors=[Monitor(name="orders", metric="orders", detector={"threshold": {"above": {"I": 1e9}}})],
        fuse=Fuse(volume=VOLUME, ratio=0.5),
        time=Time(idle_after_ms=1_000),
        server=Server(port=0),
    )
    apply(shop)
    return shop


def orders(first, count):
    """Return orders of just now."""
    now_ms = int(time.time() * 1000)
    bodies = [
        {"event_id": f"e{at}", "event_time": now_ms, "type": "created", "order_id": f"o{at}", "amount": 1}
        for at in range(first, first + count)
    ]
    return [(0, json.dumps(body).encode()) for body in bodies]


def fuse_alerts(settings):
    told = [one for one in read(settings, settings.topics.alert, 1)[0] if not is_progress(one.headers)]
    return [
        alert for alert in (alert_record.from_record(one.value) for one in told) if alert.kind == "pipeline"
    ]


def counted(settings):
    """Return how many records the partials say were read, of all that lie on the input topic."""
    return sum(from_bytes(one.value).read for one in read(settings, settings.topics.partial, 1)[0])


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def test_a_bad_deploy_blows_the_fuse_and_the_operators_order_goes_on_without_loss(shop, tmp_path):
    config = tmp_path / "fenghuo.yaml"
    kafka = {"bootstrap_servers": shop.kafka.bootstrap_servers, "group": shop.kafka.group}
    config.write_text(yaml.safe_dump({"kafka": kafka, "topics": msgspec.structs.asdict(shop.topics)}))
    with workers(tmp_path) as fleet:
        fleet.real(shop).wait_ready()
        produce(shop, shop.topics.order, orders(0, GOOD))
        until(lambda: counted(shop) == GOOD)

        produce(shop, shop.topics.order, [(0, b"<html>deploy</html>")] * BAD)
        (opened,) = until(lambda: fuse_alerts(shop))
        assert (opened.transition, opened.verdict) == ("opened", "pipeline")
        assert "reset-fuse" in opened.text
        told = until(lambda: read(shop, shop.topics.notification, 1)[0])
        assert notification.from_record(told[0].value).transition == "opened"

        before = counted(shop)
        produce(shop, shop.topics.order, orders(GOOD, GOOD))  # mended, but nobody reads on by himself
        time.sleep(1.5)
        assert counted(shop) == before

        with pytest.raises(SystemExit) as ended:
            main(["dlq", "reset-fuse", "order", "--config", str(config)])
        assert ended.value.code in (None, 0)
        until(lambda: counted(shop) == GOOD + BAD + GOOD)
        until(lambda: [alert.transition for alert in fuse_alerts(shop)] == ["opened", "resolved"])
    letters = read(shop, f"{shop.topics.order}.dlq", 1)[0]
    assert len(letters) == BAD
