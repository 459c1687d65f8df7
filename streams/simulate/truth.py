"""The truth: which faults a simulation holds, and where they should be seen; written beside the events."""

from collections.abc import Iterable, Mapping

import msgspec

from streams.simulate.fault import Fault
from streams.simulate.shop import Shop

VERSION = 1


class FaultTruth(msgspec.Struct):
    """One fault: times are epoch ms of event time, [start_ms, end_ms)."""

    kind: str
    name: str
    start_ms: int
    end_ms: int
    dimensions: dict[str, str]
    metrics: tuple[str, ...]
    direction: str
    story: str


class Truth(msgspec.Struct):
    """A simulation: its span, its faults by start, and how many records of each kind were written.

    records  topic kind -> records, and of these late, duplicates, broken; empty before the end
    """

    version: int
    shop: str
    seed: int
    timezone: str
    start_ms: int
    end_ms: int
    faults: list[FaultTruth]
    records: dict[str, dict[str, int]] = {}

    def to_json(self) -> bytes:
        """Return the file's content."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def tell_truth(shop: Shop, seed: int, span_ms: tuple[int, int], faults: Iterable[Fault]) -> Truth:
    """Return the truth about a simulation to come. Names are unique: kind, numbered from the second on."""
    told: list[FaultTruth] = []
    seen: dict[str, int] = {}
    for fault in sorted(faults, key=lambda fault: fault.start_ms):
        seen[fault.kind] = seen.get(fault.kind, 0) + 1
        name = fault.kind if seen[fault.kind] == 1 else f"{fault.kind}-{seen[fault.kind]}"
        told.append(
            FaultTruth(
                fault.kind,
                name,
                fault.start_ms,
                fault.end_ms,
                fault.dimensions,
                fault.metrics,
                fault.direction,
                fault.story,
            )
        )
    return Truth(VERSION, shop.name, seed, shop.timezone, *span_ms, told)


def count_records(tally: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """Return the counts of (topic kind, flaw) as `Truth.records` shows them."""
    kinds = dict.fromkeys(kind for kind, _ in tally)
    return {
        kind: {
            "records": sum(count for (of, _), count in tally.items() if of == kind),
            **{flaw: tally.get((kind, flaw), 0) for flaw in ("late", "duplicates", "broken")},
        }
        for kind in kinds
    }
