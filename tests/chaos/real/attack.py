"""The attacks: what is done to two workers and a broker while a shop's events go by."""

import asyncio
import random
import re
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from streams.kafka.local import Broker
from streams.runner.exit_code import AGAIN
from streams.runner.log import Log
from streams.settings.model import Settings
from tests.chaos.real.failing_worker import STEPS
from tests.kafka.process import Fleet, Worker

KILLED = -signal.SIGKILL
PAUSE = re.compile(r"nothing was read for ([\d.]+) s")
PROGRESS_WITHIN_S = 20.0
STEP_WITHIN_S = 60.0
ONCE = ("fenced", "asked for offsets", "restored", "sought")  # per partition, when it is taken over
SLOW = ("froze a state", "block of a checkpoint", "manifest of a checkpoint")  # every few seconds
ON_REBALANCE = ("losing partitions", "giving a partition up", "gave a partition up")


class Broken(AssertionError):  # noqa: N818 (named like what it says)
    """Something happened that must not, whatever the attack."""


@dataclass
class Tally:
    """What was done."""

    kills: int = 0
    zombies: int = 0
    fenced_commits: int = 0
    rebalances: int = 0
    broker_kills: int = 0
    fail_points: list[str] = field(default_factory=list)
    longest_without_progress_s: float = 0.0


class Pair:
    """Two workers that are started again whenever they end, as a supervisor does."""

    def __init__(self, fleet: Fleet, settings: Settings, broker: Broker, seed: int = 11) -> None:
        self.tally = Tally()
        self.chance = random.Random(seed)
        self.settings = settings
        self._fleet = fleet
        self._broker = broker
        self._running = [self._start(), self._start()]
        for worker in self._running:
            worker.wait_ready()

    def _start(self) -> Worker:
        return self._fleet.real(self.settings)

    def tend(self) -> None:
        """Start again what has ended. Raises Broken if a worker ended in a way no attack explains."""
        for at, worker in enumerate(self._running):
            code = worker.process.poll()
            if code is not None:
                if code not in (KILLED, AGAIN):
                    raise Broken(f"a worker ended with {code}:\n{worker.log.read_text()[-3000:]}")
                self._running[at] = self._start()

    def watch(self, seconds: float) -> None:
        """Let time pass, tending the workers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tend()
            time.sleep(0.1)

    def kill(self, times: int) -> None:
        """Kill -9 one or the other at random moments."""
        for _ in range(times):
            self.watch(self.chance.uniform(1.0, 7.0))
            self._running[self.chance.randrange(2)].send(signal.SIGKILL)
            self.tally.kills += 1
        self.watch(5)

    def freeze(self, times: int, seconds: float) -> None:
        """Stop a worker at any moment for longer than its session; wake it when others took over."""
        for _ in range(times):
            self.watch(self.chance.uniform(1, 3))
            at = self.chance.randrange(2)
            zombie, self._running[at] = self._running[at].wait_ready(), self._start()
            zombie.send(signal.SIGSTOP)
            self.watch(seconds)
            zombie.send(signal.SIGCONT)
            self.watch(6)
            self._end_zombie(zombie)

    def freeze_in_commit(self, times: int, seconds: float) -> None:
        """Freeze a worker right before it commits: what it then sends is refused, and it ends."""
        for _ in range(times):
            zombie = self._swap_in("zombie", self.chance.randrange(5, 60))
            self._await_frozen(zombie)
            self.watch(seconds)
            self._wake_refused(zombie)

    def outlast_transactions(self, seconds: float) -> None:
        """Freeze all workers right before they commit until Kafka aborts what they began."""
        zombies = [self._swap_in("zombie", 5, at) for at in range(2)]
        for zombie in zombies:
            self._await_frozen(zombie)
        self.watch(seconds)
        for zombie in zombies:
            self._wake_refused(zombie)
        self.watch(10)

    def _await_frozen(self, zombie: Worker) -> None:
        self._until(lambda: "frozen" in zombie.log.read_text(), "a commit", 60)

    def _wake_refused(self, zombie: Worker) -> None:
        zombie.send(signal.SIGCONT)
        code = zombie.wait(20)
        if code != AGAIN or "took a partition over" not in zombie.log.read_text():
            raise Broken(f"a zombie ended with {code}:\n{zombie.log.read_text()[-3000:]}")
        self.tally.zombies += 1
        self.tally.fenced_commits += 1

    def _end_zombie(self, zombie: Worker) -> None:
        """Count how a zombie ended; one that was asleep outside any transaction may have joined again."""
        code = zombie.process.poll()
        if code is None:
            zombie.send(signal.SIGTERM)
            code = zombie.wait()
        if code not in (0, AGAIN):
            raise Broken(f"a zombie ended with {code}:\n{zombie.log.read_text()[-3000:]}")
        self.tally.zombies += 1

    def scale(self, seconds: float) -> None:
        """Start and stop a third worker every few seconds; there must be progress all the time."""
        until, progress = time.monotonic() + seconds, Progress(self.settings)
        while time.monotonic() < until:
            third = self._start()
            self._watch_progress(self.chance.uniform(3, 7), progress)
            third.send(self.chance.choice((signal.SIGTERM, signal.SIGTERM, signal.SIGKILL)))
            self._watch_progress(self.chance.uniform(2, 5), progress)
            if not _ended_well(third):
                raise Broken(f"the third worker ended with {third.process.poll()}")
        self.tally.longest_without_progress_s = progress.longest_s

    def _watch_progress(self, seconds: float, progress: "Progress") -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch(0.5)
            progress.look()

    def crash_at_each_step(self, steps: list[str]) -> None:
        """Have a worker die at each step of the runner's work."""
        for name in steps:
            passage = self.chance.randrange(1, _passages(name) + 1)
            failing = self._swap_in(name, passage)
            if name in ON_REBALANCE:
                self._rebalance_under(failing)
            code = failing.wait(STEP_WITHIN_S)
            if code != KILLED:
                raise Broken(f"a worker was to die at {name!r}, but ended with {code}")
            self.tally.fail_points.append(name)
            self.watch(1)

    def _swap_in(self, fault: str, number: int, at: int = 0) -> Worker:
        """Replace a worker by one with a fault built in."""
        self._running[at].send(signal.SIGTERM)
        self._running[at].wait()
        self._running[at] = self._fleet.failing(self.settings, fault, number)
        return self._running[at]

    def _rebalance_under(self, worker: Worker) -> None:
        self._until(lambda: "partitions over in" in worker.log.read_text(), "partitions to be taken", 60)
        self.watch(2)
        self._running[1].send(signal.SIGTERM)
        self._running[1].wait()
        self._running[1] = self._start()

    def jump_clocks(self, seconds: float) -> None:
        """Let the clock of one worker jump ten minutes ahead, of the next one ten minutes back."""
        jumping = [self._fleet.failing(self.settings, "clock", jump_s) for jump_s in (600, -600)]
        self.watch(seconds)
        for worker in jumping:
            worker.send(signal.SIGTERM)
            if (code := worker.wait()) != 0:
                raise Broken(
                    f"a worker whose clock jumped ended with {code}: {worker.log.read_text()[-3000:]}"
                )

    def kill_broker(self, times: int) -> None:
        """Kill -9 the broker, and start it again."""
        for _ in range(times):
            self._broker.kill()
            self.watch(self.chance.uniform(1, 4))
            self._broker.restart()
            self.tally.broker_kills += 1
            self.watch(15)

    def end(self) -> None:
        """Stop both in order: each leaves the state of its last offset."""
        self.watch(5)
        for worker in self._running:
            worker.wait_ready().send(signal.SIGTERM)
        if codes := [code for code in (worker.wait() for worker in self._running) if code != 0]:
            raise Broken(f"asked to end, workers ended with {codes}")

    def _until(self, true: Callable[[], object], what: str, seconds: float) -> object:
        until = time.monotonic() + seconds
        while (found := true()) is None or found is False:
            if time.monotonic() > until:
                raise Broken(f"waited {seconds:.0f} s for {what}")
            self.watch(0.1)
        return found

    def pauses_s(self) -> list[float]:
        """Return how long nothing was read, for each rebalance a worker went through."""
        return [
            float(pause) for worker in self._fleet.started for pause in PAUSE.findall(worker.log.read_text())
        ]

    def median_pause_s(self) -> float:
        """Return the median pause of a rebalance."""
        return round(statistics.median(self.pauses_s() or [0.0]), 2)


def _ended_well(worker: Worker) -> bool:
    """Whether a worker that was told to end did; one still on its way up has nothing to drain."""
    unready = "ready" not in worker.log.read_text()
    return worker.process.poll() in (0, KILLED, AGAIN) or (
        unready and worker.process.poll() == -signal.SIGTERM
    )


def _passages(step: str) -> int:
    """Return at which passage of a step a worker may die at the latest."""
    if step in ON_REBALANCE:
        return 1
    return 3 if step in ONCE + SLOW else 12


class Progress:
    """Looks at the end of the alert topic: windows close and are told."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._end = -1
        self._since_s = time.monotonic()
        self.longest_s = 0.0

    def look(self) -> None:
        """Take note of progress. Raises Broken if there was none for too long."""
        end = end_of(self._settings, self._settings.topics.alert)
        now_s = time.monotonic()
        self.longest_s = max(self.longest_s, now_s - self._since_s)
        if end != self._end:
            self._end, self._since_s = end, now_s
        if now_s - self._since_s > PROGRESS_WITHIN_S:
            raise Broken(f"no progress for {now_s - self._since_s:.0f} s")


def end_of(settings: Settings, topic: str) -> int:
    """Return the end of a one-partition topic, as a read_committed reader sees it."""

    async def ask() -> int:
        async with Log(settings.kafka, TopicPartition(topic, 0)) as log:
            return (await log.bounds()).end

    return asyncio.run(ask())


EVERY_STEP = list(STEPS)
