"""Assembly: from settings to boards, banks, pulses and watches."""

from collections.abc import Iterator
from dataclasses import replace

from detectors.bank import Bank
from detectors.grading import CUTS
from detectors.registry import build
from detectors.rule import Rule
from detectors.table import Kind
from streams.detect.board import Board
from streams.detect.pile import Pile, Route
from streams.detect.pulse import Pulse
from streams.detect.roster import Roster
from streams.detect.watch import Subject, Watch, WatchKey, config_hash
from streams.detect.window import AUTO_LEVELS_MS, AUTO_VOLUME, Windows
from streams.detect.zone import Zone
from streams.failure import Failure
from streams.plan import EVERYWHERE, Group, base_metrics, borrows, build_plan
from streams.settings.duration import parse_ms
from streams.settings.kind import series_kind
from streams.settings.model import Monitor, Settings

_BankKey = tuple[int, int, str, Kind]  # topics do not matter: rows know nothing of each other


def _quiet(rule: Rule) -> Rule:
    """Return the rule of a lender: it is judged as it would be and never says so."""
    return replace(rule, grade_max=0)


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
        self.piles: dict[tuple[tuple[str, ...], Windows], Pile] = {}
        self.pulses: dict[tuple[int, int, frozenset[str]], Pulse] = {}
        self.readers: dict[Board, list[Pulse]] = {}  # who closes windows over a board
        self.watches: dict[WatchKey, Watch] = {}
        self.lenders: dict[WatchKey, Watch] = {}  # the whole shop, known to every partition, told by none
        self._rules: dict[_BankKey, list[Rule]] = {}
        self._banks: dict[_BankKey, Bank] = {}
        self._routes: dict[tuple[str, ...], list[Route]] = {}
        self._build()

    def _build(self) -> None:
        todo = [
            (monitor, windows, rule, _quiet(rule) if borrows(self.settings, monitor) else None)
            for monitor in self.settings.monitors
            if monitor.enabled
            for windows, rule in self._levels(monitor)
        ]
        for monitor, windows, rule, quiet in todo:
            rules = self._rules.setdefault(self._key(monitor, windows), [])
            rules += [rule] if quiet is None else [rule, quiet]
        for monitor, windows, rule, quiet in todo:
            lender = None if quiet is None else self._lender(monitor, windows, quiet)
            for dims in dict.fromkeys(tuple(sorted(by)) for by in monitor.by):
                watch = self._watch(monitor, windows, rule, dims, lender=lender if dims else None)
                self.watches[watch.key] = watch
        self.readers = {
            board: [pulse for pulse in self.pulses.values() if pulse.cursor in board.readers]
            for boards in self.boards.values()
            for board in boards
        }

    def routes(self, groups: tuple[str, ...]) -> list[Route]:
        """Return where a sheet of these groups goes, to one pile a window size; nowhere if nobody asks."""
        if groups not in self._routes:
            self._routes[groups] = [
                route for pile in self.piles.values() if (route := pile.route(groups)) is not None
            ]
        return self._routes[groups]

    def merge(self) -> None:
        """Merge what waits in piles into the boards: before they are read."""
        for pile in self.piles.values():
            pile.merge()

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

    def _lender(self, monitor: Monitor, windows: Windows, quiet: Rule) -> Watch:
        watch = self._watch(monitor, windows, quiet, (), told=False)
        self.lenders[watch.key] = watch
        return watch

    def _watch(
        self,
        monitor: Monitor,
        windows: Windows,
        rule: Rule,
        dims: tuple[str, ...],
        *,
        lender: Watch | None = None,
        told: bool = True,
    ) -> Watch:
        key = self._key(monitor, windows)
        by = ",".join(dims) if told else EVERYWHERE
        boards = [
            self._board(self.groups[f"{name}/{by}"], windows)
            for name in base_metrics(self.settings, monitor.metric)
        ]
        subject = Subject(monitor, self.settings.metrics[monitor.metric], key[-1], dims, windows.length_ms)
        digest = config_hash(self.settings, subject)
        watch = Watch(
            (monitor.name, dims, windows.length_ms, digest if told else f"{EVERYWHERE} {digest}"),
            subject,
            boards,
            self._bank(key),
            self._rules[key].index(rule),
            lender=lender,
            told=told,
        )
        self._join_pulse(watch, windows)
        return watch

    def _join_pulse(self, watch: Watch, windows: Windows) -> None:
        topics = self._topics(watch.subject.monitor)
        pulse = self.pulses.setdefault((windows.length_ms, windows.hop_ms, topics), Pulse(windows, topics))
        pulse.watches.append(watch)
        for board in watch.boards:
            if pulse.cursor not in board.readers:
                board.readers.append(pulse.cursor)

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
        pile = self.piles.setdefault((group.dims, windows), Pile(windows, roster))
        pile.boards.append(boards[-1])
        return boards[-1]
