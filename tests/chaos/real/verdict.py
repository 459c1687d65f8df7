"""The verdict: what the workers left in Kafka, against the golden run and the oracle."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from kafka import KafkaAdminClient

from sinks import alert_record
from streams.drift import is_drift
from streams.ingest.state import Small
from streams.machine import Machine, Output, Record
from streams.partial import from_bytes
from streams.plan import build_plan
from streams.progress import from_value, is_progress
from streams.runner.checkpoint import find, source_of
from streams.runner.log import compacted
from streams.settings.model import Settings
from tests.chaos.real import golden, oracle
from tests.chaos.real.shop import LATENESS_MS, PARTITIONS, WINDOW_MS
from tests.kafka.process import read

SHOWN = 3  # differences of a kind that are spelt out


class Verdict(NamedTuple):
    """How much differs from the golden run; passed when there are no complaints."""

    events: int
    golden_alerts: int
    lost: int
    duplicates: int
    unaccounted: int
    state_equal: bool
    complaints: list[str]


def judge(settings: Settings) -> Verdict:
    """Compare everything the workers wrote. Call when all of the input is read and the workers have ended."""
    logs = read_logs(settings)
    told, machines = golden.told_from_inputs(settings, logs)
    expected, found = Counter(transitions(told)), Counter(transitions(logs.alerts))
    outcomes = committed_outcomes(settings)
    read_of = {source: sum(outcome.values()) for source, outcome in outcomes.items()}
    unaccounted = sum(abs(len(log) - read_of.get(source, 0)) for source, log in logs.inputs.items())
    state_complaints = list(states(settings, logs))
    complaints = [
        *differing("transitions", expected, found),
        *counted(settings, logs, outcomes, machines),
        *downstream(settings, logs),
        *tiling(logs),
        *state_complaints,
    ]
    return Verdict(
        events=sum(map(len, logs.inputs.values())),
        golden_alerts=len(expected),
        lost=(expected - found).total(),
        duplicates=sum(found.values()) - len(found),
        unaccounted=unaccounted,
        state_equal=not state_complaints,
        complaints=complaints,
    )


def read_logs(settings: Settings) -> golden.Logs:
    """Read everything the workers read and wrote."""
    inputs = {}
    for kind, count in PARTITIONS.items():
        topic = settings.topics.of_event(kind)
        inputs |= {(topic, part): log for part, log in enumerate(read(settings, topic, count))}
    topics = settings.topics
    return golden.Logs(
        inputs,
        read(settings, topics.partial, settings.kafka.partial_partitions),
        read(settings, topics.alert, 1)[0],
        read(settings, topics.notification, 1)[0],
    )


def transitions(records: Iterable[Record | Output]) -> Iterator[tuple[object, ...]]:
    """Return what identifies each transition of an alert about the shop."""
    for alert in alerts(records):
        yield (
            alert.alert_id,
            alert.sequence,
            alert.transition,
            alert.grade,
            alert.monitor,
            alert.entity,
            alert.window_end_ms,
            alert.actual,
        )


def alerts(records: Iterable[Record | Output]) -> Iterator[alert_record.Alert]:
    """Decode the alerts about the shop."""
    for record in records:
        if is_progress(record.headers) or is_drift(record.headers):
            continue
        alert = alert_record.from_record(record.value)
        if alert.verdict == "business":
            yield alert


def passed(settings: Settings, records: Iterable[Record | Output]) -> dict[int, int]:
    """Return how far each detect partition has closed windows."""
    told = [from_value(record.value) for record in records if is_progress(record.headers)]
    parts = range(settings.kafka.partial_partitions)
    return {part: max((one.passed_ms for one in told if one.partition == part), default=0) for part in parts}


def committed_outcomes(settings: Settings) -> dict[golden.Source, dict[str, int]]:
    """Return the four counters of each input partition, as committed with its offset."""
    client = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    offsets = client.list_group_offsets({settings.kafka.group: None})[settings.kafka.group]
    client.close()
    inputs = {settings.topics.of_event(kind) for kind in PARTITIONS}
    return {
        (at.topic, at.partition): outcomes_in(found.metadata)
        for at, found in offsets.items()
        if at.topic in inputs
    }


def outcomes_in(metadata: str) -> dict[str, int]:
    """Return the four counters that are committed with an offset."""
    return msgspec.json.decode(metadata, type=Small).outcomes


def counted(settings, logs, outcomes, machines) -> Iterator[str]:
    """Compare counters, sums and dead letters with the oracle, the counters also with the golden run."""
    counts, sums, rejected = Counter(), Counter(), Counter()
    for (topic, part), log in logs.inputs.items():
        kind = next(kind for kind in PARTITIONS if settings.topics.of_event(kind) == topic)
        expected, counts_here, sums_here = oracle.count(kind, log, LATENESS_MS, WINDOW_MS)
        counts.update(counts_here)
        sums.update(sums_here)
        rejected[topic] += expected["rejected"]
        found = outcomes.get((topic, part), {})
        yield from differing(f"outcomes of {topic}/{part}", expected, Counter(found))
        golden_outcomes = Counter(outcomes_in(machines[topic, part].metadata()))
        yield from differing(f"golden outcomes of {topic}/{part}", expected, golden_outcomes)
    found_counts, found_sums = merged(settings, logs)
    yield from differing("counts", counts, found_counts)
    yield from differing("sums", +sums, +found_sums)
    yield from lent(settings, logs, counts)
    letters = {topic: len(read(settings, f"{topic}.dlq", 1)[0]) for topic in rejected}
    yield from differing("dead letters", rejected, Counter(letters))


def merged(settings: Settings, logs: golden.Logs) -> tuple[Counter, Counter]:
    """Return counts and sums by (group, window, entity), out of the partials; not what all are told alike."""
    beside = {group.key for group in build_plan(settings) if group.lends}
    counts, sums = Counter(), Counter()
    for record in (record for log in logs.partials for record in log):
        for group, entity, pane, count, value in from_bytes(record.value).rows():
            if group not in beside:
                key = group, pane // WINDOW_MS * WINDOW_MS, entity
                counts[key] += count
                sums[key] += value
    return counts, sums


def lent(settings: Settings, logs: golden.Logs, counts: Counter) -> Iterator[str]:
    """Complain if a partition was told another total of the shop than the oracle's, where that is known."""
    for group in (group for group in build_plan(settings) if group.everywhere):
        whole = {window: n for (name, window, _), n in counts.items() if name == f"{group.metric}/"}
        for part, log in enumerate(logs.partials):
            found: Counter[int] = Counter()
            for record in log:
                for key, _, pane, count, _ in from_bytes(record.value).rows():
                    if key == group.key:
                        found[pane // WINDOW_MS * WINDOW_MS] += count
            yield from differing(f"{group.key} in partial {part}", Counter(whole), found)


def downstream(settings: Settings, logs: golden.Logs) -> Iterator[str]:
    """Compare alerts and notifications, to the byte, with what the machines make of the logs before them."""
    told = [
        output
        for machine, log in zip(golden.detects(settings), logs.partials, strict=True)
        for output in golden.run(machine, log)
    ]
    yield from differing("alert records", _values(told), _values(logs.alerts))
    notified = golden.run(golden.notify(settings), logs.alerts)
    topic = settings.topics.notification
    expected = _values(output for output in notified if output.topic == topic)
    yield from differing("notifications", expected, _values(logs.notifications))


def tiling(logs: golden.Logs) -> Iterator[str]:
    """Complain of source ranges that do not follow each other."""
    for part, log in enumerate(logs.partials):
        ends: dict[str, int] = {}
        for partial in map(from_bytes, (record.value for record in log)):
            if partial.from_offset != ends.get(partial.source, 0):
                yield f"partial {part}: {partial.source} goes on at {partial.from_offset}, not {ends}"
            ends[partial.source] = partial.to_offset


def states(settings: Settings, logs: golden.Logs) -> Iterator[str]:
    """Complain of newest checkpoints that are not the golden machine's state at their offset."""
    topics = settings.topics
    for (topic, part), machine in golden.ingests(settings).items():
        yield from state(settings, topics.ingest_state, (topic, part), machine, logs.inputs[topic, part])
    for part, machine in enumerate(golden.detects(settings)):
        yield from state(settings, topics.detect_state, (topics.partial, part), machine, logs.partials[part])
    yield from state(settings, topics.notify_state, (topics.alert, 0), golden.notify(settings), logs.alerts)


def state(
    settings: Settings, topic: str, source: golden.Source, machine: Machine, log: Sequence[Record]
) -> Iterator[str]:
    """Compare the newest checkpoint of a source."""
    name = source_of(settings.kafka.group, *source)
    found = find(asyncio.run(compacted(settings.kafka, topic)), name)
    if not found:
        yield f"{name}: no checkpoint"
        return
    checkpoint = found[0].checkpoint
    if log and checkpoint.offset <= log[-1].offset:
        yield f"{name}: the state left is of {checkpoint.offset}, the log ends at {log[-1].offset}"
    if tuple(golden.at(machine, log, checkpoint.offset).snapshot()) != checkpoint.blocks:
        yield f"{name}: the state at {checkpoint.offset} is not the golden run's"


def differing(name: str, expected: Counter, found: Counter) -> Iterator[str]:
    """Complain of what is missing in `found`, and of what should not be there."""
    pairs: tuple[tuple[str, Callable[[], Counter]], ...] = (
        ("missing", lambda: expected - found),
        ("too much", lambda: found - expected),
    )
    for word, difference in pairs:
        if left := difference():
            shown = "; ".join(f"{key}: {count}" for key, count in left.most_common(SHOWN))
            yield f"{name}: {left.total()} {word}: {shown}"


def _values(records: Iterable[Record | Output]) -> Counter:
    """Return the values of alerts about the shop and of whatever else is no progress record."""
    return Counter(record.value for record in records if not is_progress(record.headers))
