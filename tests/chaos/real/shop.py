"""The shop under attack: its settings, and its events, full of what real streams are full of."""

import json
import random
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.settings.model import Metric, MinChange, Monitor, Server, Settings, Time

MINUTE_MS = 60_000
WINDOW_MS = 5 * MINUTE_MS
DAY_MS = 86_400_000
LATENESS_MS = 60_000
PARTITIONS = {"order": 5, "click": 3}  # so that a third worker is given something, too
PARTIALS = 3
CHANNELS = ("app", "web", "store")
REGIONS = ("north", "east", "south")
RATES = (0.3, 1, 1, 1, 2, 4)  # of a channel, in one window
CODECS = (None, "gzip", "snappy", "lz4", "zstd")
POISON, DUPLICATE, LATE = 0.01, 0.01, 0.003  # shares of the events
DISORDER_MS = 5_000


class Sent(NamedTuple):
    """One event on its way to a partition."""

    kind: str
    partition: int
    value: bytes | None


def shop_settings(base: Settings, *, idle_after_ms: int = 3_600_000) -> Settings:
    """Return settings whose monitors open and resolve alerts all the time, some with what they learned."""
    kafka = msgspec.structs.replace(
        base.kafka,
        partitions=PARTITIONS,
        input_partitions=1,
        partial_partitions=PARTIALS,
        session_timeout_ms=3_000,
        checkpoint_every_ms=2_000,
        flush_ceiling_ms=100,
    )
    return msgspec.structs.replace(
        base,
        metrics={
            "orders": Metric(event="order", where={"type": "created"}, count=True),
            "revenue": Metric(event="order", where={"type": "created"}, sum="amount"),
            "views": Metric(event="click", count=True),
            "adjusted": Metric(event="order", where={"type": "adjusted"}, count=True),
        },
        monitors=[
            _watch("orders", {"threshold": {"above": {"IV": 60, "II": 150}}}, [["channel", "region"]]),
            _watch("orders", {"threshold": {"above": {"IV": 500, "I": 900}}}, [[]], "all orders"),
            _watch("orders", {"seasonal": {}}, [["channel", "region"]], "orders as usual"),  # borrows
            _watch("revenue", {"jump": {}}, [["channel"]]),
            _watch("views", {"threshold": {"above": {"IV": 150, "I": 300}}}, [["region"]]),
            _watch("adjusted", {"threshold": {"above": {"IV": 1e6}}}, [["channel"]]),
        ],
        kafka=kafka,
        time=Time(
            lateness_ms=LATENESS_MS,
            idle_after_ms=idle_after_ms,
            max_skew_ms=3_600_000,
            notify_within_ms=30 * DAY_MS,
        ),
        server=Server(port=0),
    )


def _watch(metric: str, detector: dict, by: list[list[str]], name: str = "") -> Monitor:
    return Monitor(
        name=name or metric,
        metric=metric,
        by=by,
        detector=detector,
        direction="up",
        min_change=MinChange(),
        resolve_after=1,
    )


class Traffic:
    """Chunks of `chunk_ms` of event time each. The same seed: the same events.

    Late events are of a type of their own, on which no alert depends: whether a late event finds its window
    closed depends on how the partitions run side by side, and there is one golden run to compare with.

    silent: partitions (kind, number) that get nothing.
    """

    def __init__(self, start_ms: int, *, chunk_ms: int, events: int, seed: int = 1) -> None:
        """Begin at `start_ms`; `events`: offered in a chunk, each with the chance of its channel's rate."""
        self.now_ms = start_ms
        self.silent: Sequence[tuple[str, int]] = ()
        self._chunk_ms = chunk_ms
        self._events = events
        self._chance = random.Random(seed)
        self._number = 0
        self._window = -1
        self._rates: dict[str, float] = {}
        self._again: list[Sent] = []

    def chunk(self) -> list[Sent]:
        """Return the next chunk in any order; events lie up to five seconds of event time beyond it."""
        chance = self._chance
        self._turn()
        sent, self._again = self._again, []
        for _ in range(self._events):
            channel = chance.choice(CHANNELS)
            if chance.random() < self._rates[channel] / max(RATES):
                sent.append(self._event(channel))
                if chance.random() < DUPLICATE:
                    self._again.append(sent[-1])
        chance.shuffle(sent)
        self.now_ms += self._chunk_ms
        return [one for one in sent if (one.kind, one.partition) not in self.silent]

    def closing(self) -> list[Sent]:
        """Return one event for each partition, an hour later: they close what is open."""
        self.now_ms += 60 * MINUTE_MS
        return [
            self._sent(kind, partition, {**self._body(kind, "app"), "event_time": self.now_ms})
            for kind, partitions in PARTITIONS.items()
            for partition in range(partitions)
        ]

    def _turn(self) -> None:
        """Set new rates when a window begins: volume comes and goes."""
        window = self.now_ms // WINDOW_MS
        if window != self._window:
            self._window = window
            self._rates = {channel: self._chance.choice(RATES) for channel in CHANNELS}

    def _event(self, channel: str) -> Sent:
        chance = self._chance
        kind = chance.choice(("order", "order", "click"))
        partition = chance.randrange(PARTITIONS[kind])
        body = self._body(kind, channel)
        draw = chance.random()
        if draw < POISON:
            return Sent(kind, partition, self._poison(body))
        if draw < POISON + LATE and kind == "order":
            behind_ms = chance.choice((3 * MINUTE_MS, 8 * MINUTE_MS, 2 * DAY_MS))
            body |= {"type": "adjusted", "event_time": body["event_time"] - behind_ms}
        return self._sent(kind, partition, body)

    def _body(self, kind: str, channel: str) -> dict:
        chance, self._number = self._chance, self._number + 1
        jitter_ms = chance.randrange(self._chunk_ms) + chance.randrange(-DISORDER_MS, DISORDER_MS)
        body = {
            "event_id": f"e{self._number}",
            "event_time": self.now_ms + jitter_ms,
            "channel": channel,
            "region": chance.choice(REGIONS),
        }
        if kind == "click":
            return body | {"type": chance.choice(("view", "search", "add_to_cart"))}
        amount = round(chance.uniform(1, 500), 2)
        return body | {"type": "created", "order_id": f"o{self._number}", "amount": amount}

    def _poison(self, body: dict) -> bytes | None:
        """Return a record that can never be counted; one kind is that of a producer whose clock jumped."""
        whole = json.dumps(body).encode()
        return self._chance.choice(
            (
                None,
                whole[:-3],
                b"\xff\xfe" + whole,
                json.dumps([body]).encode(),
                json.dumps({**body, "event_time": "yesterday"}).encode(),
                json.dumps({**body, "event_time": body["event_time"] + 30 * DAY_MS}).encode(),
                json.dumps({**body, "type": "teleported"}).encode(),
                json.dumps({key: value for key, value in body.items() if key != "type"}).encode(),
            )
        )

    @staticmethod
    def _sent(kind: str, partition: int, body: dict) -> Sent:
        return Sent(kind, partition, json.dumps(body).encode())
