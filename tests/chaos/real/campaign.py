"""A campaign: one attack after another on one stream, then the verdict over all of it.

`python -m tests.chaos.real.campaign [NAME]` runs one of CAMPAIGNS, without a name all there is, and writes
build/chaos.json. `make test` runs a short one.
"""

import contextlib
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from streams.kafka.local import Broker
from streams.kafka.topics import apply
from streams.runner.transaction import TRANSACTION_TIMEOUT_MS
from streams.settings.model import Kafka, Settings
from tests.chaos.real.attack import EVERY_STEP, Pair
from tests.chaos.real.feed import Feed, write_now
from tests.chaos.real.shop import DAY_MS, PARTIALS, WINDOW_MS, Traffic, shop_settings
from tests.chaos.real.verdict import judge, passed
from tests.kafka.process import read, workers

ROOT = Path(__file__).parents[3]
SETTLE_S = 90.0
QUIET_S = 3.0  # more than it takes to see the end of a log, to call a source idle and to write it
EVENTS = 90  # offered in a chunk of a tenth of a second; a third of them becomes events on average
CHUNK_MS = 6_000
SESSION_S = 3.0
# Kafka looks for transactions to abort every ten seconds.
OUTLAST_S = TRANSACTION_TIMEOUT_MS / 1000 + 15


def attacked(
    broker: Broker, settings: Settings, folder: Path, attacks: Callable[[Pair], None]
) -> dict[str, Any]:
    """Run the attacks on a stream; return what was done and the verdict, by the names of build/chaos.json."""
    start_ms = (int(time.time() * 1000) - DAY_MS) // WINDOW_MS * WINDOW_MS
    traffic = Traffic(start_ms, chunk_ms=CHUNK_MS, events=EVENTS)
    with workers(folder) as fleet:
        pair = Pair(fleet, settings, broker)
        with Feed(settings, traffic):
            pair.watch(3)
            attacks(pair)
        write_now(settings, traffic.closing())
        settle(settings, pair, traffic.now_ms)
        pair.end()
        told = {**asdict(pair.tally), "rebalances": len(pair.pauses_s())}
        pauses = {
            "rebalance_pause_s": pair.median_pause_s(),
            "rebalance_pause_max_s": max(pair.pauses_s(), default=0),
        }
    return {**told, **pauses, **judge(settings)._asdict()}


def settle(settings: Settings, pair: Pair, end_ms: int) -> None:
    """Wait until every detect partition has passed the last event, and notify has read it."""
    wanted = end_ms - settings.time.lateness_ms
    until = time.monotonic() + SETTLE_S
    while min((told := passed(settings, read(settings, settings.topics.alert, 1)[0])).values()) < wanted:
        if time.monotonic() > until:
            raise AssertionError(f"not settled after {SETTLE_S:.0f} s: {told}, wanted {wanted}")
        pair.watch(0.5)
    _fall_silent(settings, pair, until)


def _fall_silent(settings: Settings, pair: Pair, until: float) -> None:
    """Wait until nothing more is written: sources go on to say that they are idle, on a slow machine late."""
    before = -1
    while (written := sum(map(len, read(settings, settings.topics.partial, PARTIALS)))) != before:
        if time.monotonic() > until + SETTLE_S:
            raise AssertionError(f"partials are still written: {written}, {before} before")
        before = written
        pair.watch(QUIET_S)


CAMPAIGNS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "full": (
        (Pair.kill, 22),
        (Pair.freeze, 3, 3 * SESSION_S),
        (Pair.freeze_in_commit, 3, 3 * SESSION_S),
        (Pair.outlast_transactions, OUTLAST_S),
        (Pair.crash_at_each_step, EVERY_STEP),
        (Pair.jump_clocks, 15),
        (Pair.scale, 120),
        (Pair.kill_broker, 3),
    ),
    "kills": ((Pair.kill, 2), (Pair.freeze, 1, 2 * SESSION_S), (Pair.freeze_in_commit, 1, 2 * SESSION_S)),
    "transactions": ((Pair.outlast_transactions, OUTLAST_S),),
    "steps": ((Pair.crash_at_each_step, EVERY_STEP),),
    "clocks": ((Pair.jump_clocks, 15),),
    "scale": ((Pair.scale, 30),),
    "broker": ((Pair.kill_broker, 1),),
}


def told(campaign: str) -> Callable[[Pair], None]:
    """Return the attacks of a campaign, each announced."""

    def attacks(pair: Pair) -> None:
        for attack, *arguments in CAMPAIGNS[campaign]:
            print(time.strftime("%H:%M:%S"), attack.__name__, *arguments, file=sys.stderr, flush=True)
            attack(pair, *arguments)

    return attacks


@contextlib.contextmanager
def shop(folder: Path) -> Iterator[tuple[Broker, Settings]]:
    """Run a broker of one's own, with the topics made."""
    with Broker(folder / "kafka", ROOT / "build" / "kafka") as broker:
        settings = shop_settings(Settings(kafka=Kafka(bootstrap_servers=broker.bootstrap_servers)))
        apply(settings)
        yield broker, settings


def main() -> int:
    """Run the full campaign, write build/chaos.json; 0 if nothing differs from the golden run."""
    attacks = told(sys.argv[1] if len(sys.argv) > 1 else "full")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the feed's, of a broker that is killed
    folder = Path(tempfile.mkdtemp(prefix="fenghuo-chaos-"))
    print(f"logs of the workers: {folder}", file=sys.stderr)
    with shop(folder) as (broker, settings):
        result = attacked(broker, settings, folder, attacks)
    return report(result)


def report(result: dict[str, Any]) -> int:
    """Write build/chaos.json, with what the simulation left beside it; say what differs."""
    build = ROOT / "build"
    simulation = build / "chaos-simulation.json"
    schedules = msgspec.json.decode(simulation.read_bytes())["schedules"] if simulation.exists() else 0
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    head = {"commit": commit.stdout.strip(), "command": "make chaos"}
    whole = {**head, **result, "schedules": schedules}
    build.mkdir(exist_ok=True)
    (build / "chaos.json").write_text(json.dumps(whole, indent=1) + "\n")
    for complaint in result["complaints"]:
        print(complaint, file=sys.stderr)
    print(json.dumps(whole, indent=1))
    return 1 if result["complaints"] else 0


if __name__ == "__main__":
    sys.exit(main())
