"""The demo: a small afternoon on a real broker, and Ctrl-C."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from streams.demo.afternoon import Afternoon
from streams.demo.history import learn_history
from streams.demo.script import HOUR_MS, MINUTE_MS, Script
from streams.demo.stage import Worker, fetch, write_config
from streams.demo.verdict import judge
from streams.kafka.local import Broker
from streams.kafka.port import free_port
from streams.recorded.learn import store
from streams.settings import Settings, load
from streams.simulate.fault_kind import PriceError
from streams.simulate.shop import Shop
from tests.kafka.conftest import JARS

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]
BEGUN_S = 60.0


def small_script(now_ms: int) -> Script:
    """Return half a day of a shop with few products, and an hour in which one of them is mispriced."""
    live = now_ms - HOUR_MS
    fault = PriceError(live + 15 * MINUTE_MS, live + 50 * MINUTE_MS)
    shop = Shop(products=4, clicks_per_s=0.5)
    return Script(shop, 1, live - 12 * HOUR_MS, live, now_ms, (fault,), live_s=6.0)


@pytest.fixture
def config(topics: Settings, tmp_path: Path) -> Path:
    """Return a file that names this test's broker and topics, as the demo writes it."""
    path = tmp_path / "fenghuo.yaml"
    kafka = {"bootstrap_servers": topics.kafka.bootstrap_servers, "group": topics.kafka.group}
    sections = {
        "shop": "demo",
        "time": {"notify_within": "1d"},
        "kafka": kafka,
        "topics": msgspec.structs.asdict(topics.topics),
        "server": {"port": free_port()},
    }
    write_config(path, sections)
    return path


def test_a_fault_in_an_afternoon_on_a_fast_clock_is_told_by_a_worker_that_learned(config: Path) -> None:
    script, settings = small_script(int(time.time() * 1000)), load(str(config))
    reached: list[int] = []
    events, states = learn_history(script, settings, reached.append)
    asyncio.run(store(settings, states))
    assert events > 1_000
    assert reached == sorted(reached)
    simulated: list[int] = []
    told: list[str] = []
    with Worker(config, config.parent / "worker.log") as worker:
        worker.wait_until_ready(settings)
        afternoon = Afternoon(script, settings, worker, lambda note: told.append(note.kind))
        asyncio.run(afternoon.play(simulated.append))
        assert "fenghuo_events_total" in fetch(settings, "/metrics")
    (finding,) = judge(script.truth.faults, afternoon.notes)
    assert finding.monitor == "unit_price"
    assert "price" in told
    assert afternoon.sent > 100
    assert script.live_ms <= simulated[0] <= simulated[-1] <= script.end_ms


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_running(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "fenghuo-data").mkdir()
    (tmp_path / "fenghuo-data" / "kafka").symlink_to(JARS)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FENGHUO_")}
    demo = subprocess.Popen(
        [sys.executable, "-m", "streams.cli.main", "demo"],
        cwd=tmp_path,
        env={**environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until_s = time.monotonic() + BEGUN_S
    assert demo.stdout is not None
    while "history" not in demo.stdout.readline():
        assert time.monotonic() < until_s
    assert Broker(tmp_path / "fenghuo-data" / "demo" / "kafka").pid is not None
    demo.send_signal(number)
    demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert Broker(tmp_path / "fenghuo-data" / "demo" / "kafka").pid is None
    with pytest.raises(ProcessLookupError):  # its session: no child is left in it
        os.killpg(demo.pid, 0)
