"""Outages: every part on the way of an alarm is away for a minute. `python -m tests.chaos.real.outage`.

Real Kafka, worker, courier, Prometheus, Alertmanager with the shipped rules, tree and pace, and a receiver of
webhooks. For each part: one alarm is raised before it dies, one while it is away; it comes back; both are
cleared. What must come of it: each alarm is told, no end is told before there is one, each end is told, and
nothing is told twice beyond what is promised (an Alertmanager that is killed may repeat itself once; webhooks
of the courier may come again under the same key). Writes build/outage.json.
"""

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from streams.kafka.local import Broker
from streams.kafka.port import free_port
from streams.kafka.topics import apply
from streams.runner.exit_code import DONE
from streams.settings.model import Channel, Edge, Kafka, Server, Settings
from tests.chaos.real.alarms import AlarmShop, alarm_settings
from tests.chaos.real.surroundings import Part, alertmanager, prometheus
from tests.deploy.stack import Receiver, until
from tests.kafka.process import Fleet, Worker, read, workers

ROOT = Path(__file__).parents[3]
AWAY_S = 60.0
TOLD_S = 150.0  # the longest way after an outage: retries wait up to a group's interval of a minute
PARTS = ("worker", "prometheus", "alertmanager", "receiver")
NAMES = tuple(f"{part}_{when}" for part in PARTS for when in ("before", "during"))
REPEATS = {"alertmanager": 1}  # it writes down what it told every 15 minutes only


class Site:
    """All parts, and what can be done to them."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        broker = stack.enter_context(Broker(folder / "kafka", ROOT / "build" / "kafka"))
        self.receiver = Receiver()
        stack.callback(self.receiver.close)
        self.settings = _settings(broker.bootstrap_servers, self.receiver.url)
        apply(self.settings)
        self.shop = AlarmShop(self.settings, NAMES)
        self._fleet: Fleet = stack.enter_context(workers(folder))
        self._worker: Worker = self._fleet.real(self.settings).wait_ready()
        self.courier = self._fleet.courier(self.settings).wait_ready()
        self.alertmanager: Part = alertmanager(folder / "alertmanager", self.receiver.url)
        stack.callback(self.alertmanager.kill)
        target = f"127.0.0.1:{self.settings.server.port}"
        self.prometheus: Part = prometheus(folder / "prometheus", target, self.alertmanager.address)
        stack.callback(self.prometheus.kill)

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """Kill a part; start it again at the end."""
        kill, start = self._ways(part)
        kill()
        yield
        start()

    def _ways(self, part: str) -> tuple[Callable[[], object], Callable[[], object]]:
        if part == "worker":
            return lambda: self._worker.send(signal.SIGKILL), self._start_worker
        one: Any = getattr(self, part)
        return (one.close, one.open) if part == "receiver" else (one.kill, one.start)

    def _start_worker(self) -> None:
        self._worker = self._fleet.real(self.settings).wait_ready()

    def turn(self, **changes: list[str]) -> None:
        """Write a window."""
        asyncio.run(self.shop.turn(**changes))

    def told(self, alertname: str) -> Counter[str]:
        """Return how often the page was told of each monitor."""
        return Counter(
            alert["labels"]["monitor"]
            for post in self.receiver.to("page")
            for alert in post.alerts
            if alert["labels"]["alertname"] == alertname
        )


def _settings(servers: str, receiver: str) -> Settings:
    base = Settings(
        kafka=Kafka(bootstrap_servers=servers),
        server=Server(port=free_port(), courier_port=0),
        channels=[Channel(name="hook", kind="webhook", url=f"{receiver}/courier")],
        security=Edge(trusted_hosts=["127.0.0.1"]),
    )
    return alarm_settings(base, NAMES)


def outage(site: Site, part: str) -> dict[str, float]:
    """Let one part be away; return how long its alarms took to be told. Raises AssertionError."""
    before, during = f"{part}_before", f"{part}_during"
    site.turn(bad=[before])
    _await(lambda: site.told("FenghuoAlert")[before], f"{before} was not told")
    with site.without(part):
        site.turn(bad=[during])
        time.sleep(AWAY_S)
    back_s = time.monotonic()
    _await(lambda: site.told("FenghuoAlert")[during], f"{during} was not told")
    told_s = time.monotonic() - back_s
    time.sleep(20)  # what would be false comes by now
    assert not site.told("FenghuoResolved")[before], f"{before} was said to be over"
    assert not site.told("FenghuoResolved")[during], f"{during} was said to be over"
    site.turn(good=[before, during])
    _await(lambda: {before, during} <= site.told("FenghuoResolved").keys(), f"{part}: ends were not told")
    repeats = max(site.told("FenghuoAlert")[name] for name in (before, during)) - 1
    assert repeats <= REPEATS.get(part, 0), f"{part}: told {repeats + 1} times"
    return {"told_after_s": round(told_s, 1), "repeats": repeats}


def courier(site: Site) -> dict[str, int]:
    """Compare what the courier delivered with the notification topic. Raises AssertionError."""
    log = read(site.settings, site.settings.topics.notification, 1)[0]
    written = [_key(msgspec.json.decode(record.value)) for record in log]

    def delivered() -> list[tuple[str, int]]:
        posts = site.receiver.to("courier")
        return [_key(one) for post in posts for one in post.message["notifications"]]

    _await(lambda: set(delivered()) >= set(written), "the courier did not deliver all")
    found = delivered()
    assert list(dict.fromkeys(found)) == written, "the courier told things in another order"
    return {"notifications": len(written), "delivered_again": len(found) - len(set(found))}


def _key(notification: dict[str, Any]) -> tuple[str, int]:
    return notification["incident_id"], notification["sequence"]


def _await(true: Callable[[], object], why: str) -> None:
    until(true, why, TOLD_S)


def main() -> int:
    """Let each part be away, one after the other; write what came of it."""
    folder = Path(tempfile.mkdtemp(prefix="fenghuo-outage-"))
    print(f"logs: {folder}", file=sys.stderr)
    told: dict[str, Any] = {}
    with ExitStack() as stack:
        site = Site(stack, folder)
        site.turn()
        for part in PARTS:
            print(time.strftime("%H:%M:%S"), part, file=sys.stderr, flush=True)
            told[part] = outage(site, part)
        told["courier"] = courier(site)
        site.courier.send(signal.SIGTERM)
        assert site.courier.wait() == DONE
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "outage.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
