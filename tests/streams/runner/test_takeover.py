import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiokafka import OffsetAndMetadata, TopicPartition

from streams.runner import takeover
from streams.runner.role import Role
from streams.runner.takeover import Takeover

SOURCE = TopicPartition("click", 0)


class Begun(Exception):  # noqa: N818 (ends the test where the takeover would go on)
    """Where the machine would begin."""


class Elsewhere:
    """Another worker, which takes over from us while we read states: it commits, and writes a state."""

    def __init__(self):
        self.offset = 7

    async def compacted(self, *_):
        self.offset = 68
        return {}

    async def committed(self, partitions):
        return {partition: OffsetAndMetadata(self.offset, "") for partition in partitions}

    @asynccontextmanager
    async def log(self, *_):
        async def bounds():
            return SimpleNamespace(start=0, end=68)

        yield SimpleNamespace(bounds=bounds)


async def opened():
    return None


def begun(name, build, found, committed, bounds):
    raise Begun(committed)


def test_a_state_that_another_writes_meanwhile_is_never_ahead_of_the_offset(monkeypatch):
    """Then the first commit says that we are fenced; Refused would say that the log was tampered with."""
    other = Elsewhere()
    monkeypatch.setattr(takeover, "compacted", other.compacted)
    monkeypatch.setattr(takeover, "Log", other.log)
    monkeypatch.setattr(takeover, "begin", begun)
    settings = SimpleNamespace(kafka=SimpleNamespace(group="g"))
    control = SimpleNamespace(offset=lambda _: None)
    taking = Takeover(settings, {"click": Role("ingest", "click", "state", lambda _: None)}, control, None)
    claims = {SOURCE: SimpleNamespace(open=opened)}
    with pytest.raises(Begun, match="68"):
        asyncio.run(taking.complete(other, claims, lambda _: None))
