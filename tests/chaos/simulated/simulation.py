"""One seed = one schedule of crashes, zombies, rebalances, redeliveries and stalls, and its audit.

`python -m tests.chaos.simulated.simulation [SCHEDULES]` runs many and writes build/chaos-simulation.json.
"""

import asyncio
import json
import logging
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from streams.runner import log, owner, runner, takeover, transaction
from tests.chaos.simulated.audit import differences
from tests.chaos.simulated.fake_client import Producer, Reader
from tests.chaos.simulated.shop import Shop
from tests.chaos.simulated.stub_machine import shop as stub_shop
from tests.chaos.simulated.world import World

FED_S = 7.0  # events come for so long
TROUBLE_S = (0.3, 9.0)  # faults come between these
FAULTS_MAX = 7
SETTLE_S = 150.0  # after which a schedule counts as stuck
STEPS_MAX = 300  # until a kill, from when it is decided on
WORKERS = 2
SCHEDULES = 10_000  # of a full run
CHUNK = 50  # schedules that one process runs in a row
REPORT = Path("build/chaos-simulation.json")


class Broken(AssertionError):  # noqa: N818 (named like what it says)
    """A schedule whose outcome is not that of the golden run. The seed in the message reproduces it."""


def simulate(
    seed: int, make_shop: Callable[[random.Random], Shop] = stub_shop, *, fencing: bool = True
) -> Counter[str]:
    """Run the schedule of a seed; return how often each fault happened. Raises Broken."""
    chance = random.Random(seed)
    world = World(make_shop(chance), chance, workers=WORKERS, fencing=fencing)
    counts: Counter[str] = Counter()
    with _virtual(world):
        try:
            world.loop.run_until_complete(_story(world, counts))
            found = list(differences(world))
        except Exception as error:
            raise Broken(f"seed {seed}: {type(error).__name__}: {error}") from error
        finally:
            world.close()
    if found:
        raise Broken(f"seed {seed}: {'; '.join(found)}")
    counts["fenced"] = world.fenced
    return counts


def simulate_many(seeds: range) -> Counter[str]:
    """Run the schedules of many seeds; return the sums of their faults. Raises Broken."""
    logging.disable(logging.WARNING)
    total: Counter[str] = Counter()
    for seed in seeds:
        total += simulate(seed)
        total["schedules"] += 1
    return total


async def _story(world: World, counts: Counter[str]) -> None:
    supervisor = asyncio.create_task(world.supervise())
    trouble = asyncio.create_task(_trouble(world, counts))
    await asyncio.wait({supervisor, trouble}, return_when=asyncio.FIRST_COMPLETED)
    if supervisor.done():
        supervisor.result()  # raises why a worker must not have ended
    supervisor.cancel()
    trouble.result()


async def _trouble(world: World, counts: Counter[str]) -> None:
    chance = world.chance
    times = [chance.uniform(*TROUBLE_S) for _ in range(chance.randint(1, FAULTS_MAX))]
    for at_s in times:
        world.loop.call_later(at_s, _strike, world, chance.choices(*zip(*FAULTS, strict=True))[0], counts)
    await asyncio.gather(world.feed(FED_S), asyncio.sleep(max(times)))
    async with asyncio.timeout(SETTLE_S):
        while not world.settled():
            await asyncio.sleep(0.5)


def _strike(world: World, fault: Callable[[World], None], counts: Counter[str]) -> None:
    counts[fault.__name__] += 1
    fault(world)


def kills(world: World) -> None:
    """Kill a worker within its next steps."""
    if world.workers:
        world.chance.choice(world.workers).process.kill_after(world.chance.randint(1, STEPS_MAX))


def zombies(world: World) -> None:
    """Stop a worker, mostly for longer than its session; then it goes on as if nothing had been."""
    if world.workers:
        process = world.chance.choice(world.workers).process
        process.stop()
        world.loop.call_later(world.chance.uniform(0.1, 8.0), process.cont)


def stops(world: World) -> None:
    """Tell a worker to end in order."""
    if world.workers:
        world.chance.choice(world.workers).terminate()


def starts(world: World) -> None:
    """Add a worker: a rebalance."""
    world.start_worker()


def broker_restarts(world: World) -> None:
    """Kill the broker and start it again."""
    world.restart_broker(world.chance.uniform(0.01, 2.0))


def compactions(world: World) -> None:
    """Compact the state topics, whoever may be reading them."""
    for role in world.shop.roles.values():
        world.compact(role.state_topic)


FAULTS = ((kills, 5), (zombies, 3), (stops, 1), (starts, 2), (broker_restarts, 1), (compactions, 2))


@contextmanager
def _virtual(world: World) -> Iterator[None]:
    """Put the world under the runner: its clock, and its clients in place of aiokafka's."""
    clock = SimpleNamespace(
        monotonic=world.loop.time,
        perf_counter=world.loop.time,
        time_ns=lambda: int(world.loop.time() * 1e9),
    )
    with ExitStack() as patches:
        for module in (owner, runner, takeover):
            patches.enter_context(patch.object(module, "time", clock))
        patches.enter_context(patch.object(transaction, "AIOKafkaProducer", partial(Producer, world.net)))
        patches.enter_context(patch.object(log, "AIOKafkaConsumer", partial(Reader, world.net)))
        yield


def run(count: int) -> dict[str, int]:
    """Run so many schedules on all cores; write the figures to REPORT and return them. Raises Broken."""
    started_s = time.monotonic()
    chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        total = sum(pool.map(simulate_many, chunks), Counter())
    figures = {**total, "seconds": round(time.monotonic() - started_s)}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else SCHEDULES)))
