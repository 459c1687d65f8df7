"""A worker process over a machine that counts: what it writes shows what was read, and how often."""

import asyncio
import json
import logging
import sys

import msgspec

from streams.machine import Output, StateRefused
from streams.runner.app import Telemetry, serve
from streams.runner.role import Role
from streams.settings.model import Settings

PAUSE = b"pause"


class Counter:
    """Sums integers; each flush writes the sum and the range it covers. A value of PAUSE blows the fuse."""

    def __init__(self, partition: int, target: str) -> None:
        self._partition = partition
        self._target = target
        self._total = self._count = 0
        self._from = self._to = 0
        self._told = 0
        self._blown_at = -1
        self._reset_to = 0

    def apply(self, records):
        for record in records:
            if record.value == PAUSE:
                self._blown_at = record.offset
            else:
                self._total += int(record.value)
                self._count += 1
            self._to = record.offset + 1

    @property
    def due(self):
        return self._count - self._told >= 500

    @property
    def paused(self):
        return self._blown_at >= self._reset_to

    def reset_fuse(self, offset):
        self._reset_to = max(self._reset_to, offset)

    def flush(self, now_ms, *, caught_up):
        if self._to == self._from:
            return []
        body = {"from": self._from, "to": self._to, "total": self._total, "count": self._count}
        self._from, self._told = self._to, self._count
        key = str(self._partition).encode()
        return [Output(self._target, key, json.dumps(body).encode(), partition=self._partition)]

    def samples(self):
        return []

    def metadata(self):
        return str(self._total)

    def snapshot(self):
        state = [self._total, self._count, self._from, self._to, self._told, self._blown_at]
        padding = bytes(2000)  # several blocks, so that a checkpoint takes several transactions
        return [json.dumps(state).encode(), *([padding] * 9)]

    def restore(self, blocks, metadata):
        state = json.loads(blocks[0])
        if len(state) != 6:
            raise StateRefused("another layout")
        self._total, self._count, self._from, self._to, self._told, self._blown_at = state


def main() -> None:
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    topics = settings.topics
    logging.basicConfig(
        level="INFO", format="%(asctime)s %(process)d %(name)s %(message)s", stream=sys.stderr
    )
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel("WARNING")
    role = Role("ingest", topics.click, topics.ingest_state, lambda part: Counter(part, topics.partial))
    telemetry = Telemetry(
        ready=lambda: print("ready", file=sys.stderr, flush=True),
    )
    needed = [topics.click, topics.partial, topics.ingest_state, topics.control]
    asyncio.run(serve(settings, {role.topic: role}, needed, telemetry))


if __name__ == "__main__":
    main()
