"""From the end of a window to the webhook. Run as `python -m tests.bench.notified [ALARMS]`.

Real Kafka, worker, Prometheus and two Alertmanagers with the shipped rules, tree and pace: one is told by the
rules, the other by direct push. For each alarm: the time from the last record that lets event time pass the
window until its webhook. Figures go to build/bench-notified.json.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from streams.kafka.local import Broker
from streams.kafka.port import free_port
from streams.kafka.topics import apply
from streams.settings.model import Alertmanagers, Edge, Kafka, Server, Settings
from tests.chaos.real.alarms import AlarmShop, alarm_settings
from tests.chaos.real.surroundings import alertmanager, prometheus
from tests.deploy.stack import Receiver, until
from tests.kafka.process import workers

ROOT = Path(__file__).parents[2]
ALARMS = 40
TOLD_S = 30.0
SCRAPE_S = 5.0  # alarms are raised at any phase of it


def heard_s(receiver: Receiver, name: str) -> float | None:
    """Return when the page of a monitor came."""
    for post in receiver.to("page"):
        labels = [alert["labels"] for alert in post.alerts]
        if any(one["alertname"] == "FenghuoAlert" and one["monitor"] == name for one in labels):
            return post.at_s
    return None


def measure(folder: Path, names: list[str]) -> dict[str, list[float]]:
    """Return the seconds of each alarm, by the way it took."""
    chance = random.Random(5)
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "kafka", ROOT / "build" / "kafka"))
        receivers = {"rules": Receiver(), "push": Receiver()}
        managers = {}
        for way, receiver in receivers.items():
            stack.callback(receiver.close)
            managers[way] = alertmanager(folder / way, receiver.url)
            stack.callback(managers[way].kill)
        settings = _settings(broker.bootstrap_servers, names, managers["push"].url)
        apply(settings)
        shop = AlarmShop(settings, names)
        stack.enter_context(workers(folder)).real(settings).wait_ready()
        target = f"127.0.0.1:{settings.server.port}"
        watcher = prometheus(folder / "prometheus", target, managers["rules"].address)
        stack.callback(watcher.kill)
        until(
            lambda: receivers["rules"].to("watchdog"), "the watchdog never barked", 150
        )  # sent again each minute
        asyncio.run(shop.turn())
        found: dict[str, list[float]] = {way: [] for way in receivers}
        for name in names:
            time.sleep(chance.uniform(0, SCRAPE_S))
            written_s = asyncio.run(shop.turn(bad=[name]))
            for way, receiver in receivers.items():
                at_s = until(lambda r=receiver, n=name: heard_s(r, n), f"{name} was not told", TOLD_S)
                found[way].append(at_s - written_s)
        return found


def _settings(servers: str, names: list[str], manager: str) -> Settings:
    base = Settings(
        kafka=Kafka(bootstrap_servers=servers),
        server=Server(port=free_port()),
        security=Edge(trusted_hosts=["127.0.0.1"]),
        alertmanagers=Alertmanagers(urls=[manager]),
    )
    settings = alarm_settings(base, names)
    return msgspec.structs.replace(
        settings, kafka=msgspec.structs.replace(settings.kafka, session_timeout_ms=10_000)
    )


def main() -> None:
    """Measure, print, write."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ALARMS
    folder = Path(tempfile.mkdtemp(prefix="fenghuo-notified-"))
    found = measure(folder, [f"alarm_{number}" for number in range(count)])
    figures = {
        way: {
            "alarms": len(times),
            "p50_s": round(float(np.percentile(times, 50)), 2),
            "p99_s": round(float(np.percentile(times, 99)), 2),
        }
        for way, times in found.items()
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-notified.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
