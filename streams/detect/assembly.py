"""Assembly: from settings to boards, banks, pulses and watches."""

from collections.abc import Iterator

from detectors.bank import Bank
from detectors.grading import CUTS
from detectors.registry import build
from detectors.rule import Rule
from detectors.table import Kind
from streams.detect.board import Board
from streams.detect.pulse import Pulse
from streams.detect.roster import Roster
from streams.detect.watch import Subject, Watch, WatchKey, config_hash
from streams.detect.window import AUTO_LEVELS_MS, AUTO_VOLUME, Windows
from streams.detect.zone import Zone
from streams.failure import Failure
from streams.plan import Group, base_metrics, build_plan
from streams.settings.duration import parse_ms
from streams.settings.kind import series_kind
from streams.settings.model import Monitor, Settings

_BankKey = tuple[int, int, str, Kind]  # topics do not matter: rows know nothing of each other


class Refused(Failure):
    """A monitor that cannot run here."""


class Assembly:
    """The parts of one detect machine; built once, filled by the log."""

    def __init__(self, settings: Settings, *, durable: bool) -> None:
        """Build. Raises Refused if `durable` and a detector's state cannot be stored."""
        self.settings = settings
        self.durable = durable
        self.zone = Zone(settings.time.timezone)
        self.groups = {group.key: group for group in build_plan(settings)}
        self.rosters: dict[tuple[str, ...], Roster] = {}
        self.boards: dict[str, list[Board]] = {}  # by group key
        self.pulses: dict[tuple[int, int, frozenset[str]], Pulse] = {}
        self.readers: dict[Board, list[Pulse]] = {}  # who closes windows over a board
        self.watches: dict[WatchKey, Watch] = {}
        self._rules: dict[_BankKey, list[Rule]] = {}
        self._banks: dict[_BankKey, Bank] = {}
        self._build()

    def _build(self) -> None:
        todo = [
            (monitor, windows, rule)
            for monitor in self.settings.monitors
            if monitor.enabled
            for windows, rule in self._levels(monitor)
        ]
        for monitor, windows, rule in todo:
            self._rules.setdefault(self._key(monitor, windows), []).append(rule)
        for monitor, windows, rule in todo:
            for dims in dict.fromkeys(tuple(sorted(by)) for by in monitor.by):
                self._watch(monitor, windows, rule, dims)
        self.readers = {
            board: [pulse for pulse in self.pulses.values() if pulse.cursor in board.readers]
            for boards in self.boards.values()
            for board in boards
        }

    def _levels(self, monitor: Monitor) -> Iterator[tuple[Windows, Rule]]:
        """One level for a fixed window; for `auto`, each speaks where its mean volume is enough."""
        if monitor.window != "auto":
            length = parse_ms(monitor.window)
            hop = length if monitor.hop is None else parse_ms(monitor.hop)
            yield Windows(length, hop, self.zone), self._rule(monitor, 0.0, float("inf"))
            return
        for i, length in enumerate(AUTO_LEVELS_MS):
            finer = AUTO_LEVELS_MS[i - 1] if i else None
            last = i == len(AUTO_LEVELS_MS) - 1
            volume_to = AUTO_VOLUME * length / finer if finer else float("inf")
            rule = self._rule(monitor, 0.0 if last else AUTO_VOLUME, volume_to)
            yield Windows(length, length, self.zone), rule

    def _rule(self, monitor: Monitor, volume_from: float, volume_to: float) -> Rule:
        kind = series_kind(self.settings, monitor.metric)
        return Rule(
            monitor=monitor.name,
            cuts=monitor.grades or CUTS[kind],
            direction=monitor.direction,
            relative_min=monitor.min_change.relative,
            absolute_min=monitor.min_change.absolute,
            volume_min=monitor.min_expected,
            grade_max=monitor.grade_max,
            persistence=monitor.persistence,
            resolve_after=monitor.resolve_after,
            volume_from=volume_from,
            volume_to=volume_to,
        )

    def _watch(self, monitor: Monitor, windows: Windows, rule: Rule, dims: tuple[str, ...]) -> None:
        key = self._key(monitor, windows)
        bank = self._bank(key)
        boards = [
            self._board(self.groups[f"{name}/{','.join(dims)}"], windows)
            for name in base_metrics(self.settings, monitor.metric)
        ]
        metric = self.settings.metrics[monitor.metric]
        subject = Subject(monitor, metric, key[-1], dims, windows.length_ms)
        watch_key = (monitor.name, dims, windows.length_ms, config_hash(self.settings, subject))
        watch = Watch(watch_key, subject, boards, bank, self._rules[key].index(rule))
        topics = self._topics(monitor)
        pulse = self.pulses.setdefault((*key[:2], topics), Pulse(windows, topics))
        pulse.watches.append(watch)
        for board in boards:
            if pulse.cursor not in board.readers:
                board.readers.append(pulse.cursor)
        self.watches[watch_key] = watch

    def _key(self, monitor: Monitor, windows: Windows) -> _BankKey:
        kind = series_kind(self.settings, monitor.metric)
        cuts = monitor.grades or CUTS[kind]
        parts = len(base_metrics(self.settings, monitor.metric))
        size = f" {parts} parts" if kind == "vector" else ""
        return windows.length_ms, windows.hop_ms, f"{monitor.detector!r} {cuts}{size}", kind

    def _topics(self, monitor: Monitor) -> frozenset[str]:
        events = {self.settings.metrics[n].event for n in base_metrics(self.settings, monitor.metric)}
        return frozenset(self.settings.topics.of_event(event) for event in events if event is not None)

    def _bank(self, key: _BankKey) -> Bank:
        if key not in self._banks:
            rules = self._rules[key]
            monitor = next(m for m in self.settings.monitors if m.name == rules[0].monitor)
            parts = len(base_metrics(self.settings, monitor.metric))
            table = build(monitor.detector, key[-1], rules[0].cuts, parts)
            if self.durable and not table.DURABLE:
                raise Refused(
                    f"monitor {monitor.name}: the state of {monitor.detector} cannot be stored, so a worker"
                    " would forget it at every restart; use it in `fenghuo score` and `fenghuo backtest`"
                )
            self._banks[key] = Bank(table, rules)
        return self._banks[key]

    def _board(self, group: Group, windows: Windows) -> Board:
        roster = self.rosters.setdefault(group.dims, Roster(group.dims, self.settings.limits.series))
        boards = self.boards.setdefault(group.key, [])
        for board in boards:
            if board.windows == windows:
                return board
        boards.append(Board(group, windows, roster))
        return boards[-1]
