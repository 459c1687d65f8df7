"""Assembly: from settings to boards, banks, pulses and watches."""

from detectors.bank import Bank
from detectors.grading import CUTS
from detectors.registry import build
from detectors.rule import Rule
from detectors.table import Kind
from streams.detect.board import Board
from streams.detect.digest import config_hash
from streams.detect.level import Level, levels_of
from streams.detect.pile import Pile, Route
from streams.detect.pools import Pools
from streams.detect.pulse import Pulse
from streams.detect.roster import Roster
from streams.detect.watch import Subject, Watch, WatchKey
from streams.detect.window import Windows
from streams.detect.zone import Zone
from streams.failure import Failure
from streams.plan import CATEGORY, EVERYWHERE, Group, base_metrics, build_plan, label_metric, lending
from streams.settings.kind import series_kind
from streams.settings.model import Monitor, Settings

_BankKey = tuple[int, int, str, Kind]  # topics do not matter: rows know nothing of each other


def _set_apart(key: WatchKey, lender: str) -> WatchKey:
    """Return the key of a lender: not that of the watch that is told."""
    return (*key[:3], f"{lender} {key[3]}")


class Refused(Failure):
    """A monitor that cannot run here."""


class Assembly:
    """The parts of one detect machine; built once, filled by the log."""

    def __init__(self, settings: Settings, *, durable: bool, homes: int = 1) -> None:
        """Build; homes: see Pools. Raises Refused if `durable` and a detector's state cannot be stored."""
        self.settings = settings
        self.homes = homes
        self.durable = durable
        self.zone = Zone(settings.time.timezone)
        self.groups = {group.key: group for group in build_plan(settings)}
        self.rosters: dict[tuple[str, ...], Roster] = {}
        self.boards: dict[str, list[Board]] = {}  # by group key
        self.piles: dict[tuple[tuple[str, ...], Windows], Pile] = {}
        self.pulses: dict[tuple[int, int, frozenset[str]], Pulse] = {}
        self.readers: dict[Board, list[Pulse]] = {}  # who closes windows over a board
        self.watches: dict[WatchKey, Watch] = {}
        self.lenders: dict[WatchKey, Watch] = {}  # the whole shop and pools of categories, told by none
        self._rules: dict[_BankKey, list[Rule]] = {}
        self._banks: dict[_BankKey, Bank] = {}
        self._routes: dict[tuple[str, ...], list[Route]] = {}
        self._build()

    def _build(self) -> None:
        monitors = [monitor for monitor in self.settings.monitors if monitor.enabled]
        levels = [level for one in monitors for level in levels_of(self.settings, one, self.zone)]
        for level in levels:
            self._rules.setdefault(self._key(level), []).extend((level.rule, level.quiet))
        for level in levels:
            for dims in dict.fromkeys(tuple(sorted(by)) for by in level.monitor.by):
                watch = self._told(level, dims)
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

    @property
    def pools(self) -> list[Pools]:
        """Those of the lenders that are of a category each."""
        return [lender for lender in self.lenders.values() if isinstance(lender, Pools)]

    def _told(self, level: Level, dims: tuple[str, ...]) -> Watch:
        """Return what watches the series by these dimensions."""
        lender = self._lender(level, dims)
        parts = self._parts(level, dims, ",".join(dims))
        return self._joined(Watch(*parts, self._rule(level.rule, level), lender=lender), level)

    def _lender(self, level: Level, dims: tuple[str, ...]) -> Watch | None:
        """Return who lends to series by these dimensions: their category's pool, or the whole shop."""
        who = lending(self.settings, level.monitor, dims)
        if who == "none":
            return None
        shop = self._shop(level)
        return self._pools(level, dims, shop) if who == "category" else shop

    def _shop(self, level: Level) -> Watch:
        parts = self._parts(level, (), EVERYWHERE)
        key = _set_apart(parts[0], EVERYWHERE)
        if key not in self.lenders:
            watch = Watch(key, *parts[1:], self._rule(level.quiet, level), told=False)
            self.lenders[key] = self._joined(watch, level)
        return self.lenders[key]

    def _pools(self, level: Level, dims: tuple[str, ...], shop: Watch) -> Watch:
        parts = self._parts(level, dims, ",".join(dims))
        metric = label_metric(self.settings, level.monitor, dims)
        labels = self._board(self.groups[f"{metric}@{CATEGORY}/{','.join(dims)}"], level.windows)
        rule, limit = self._rule(level.quiet, level), self.settings.limits.categories
        key = _set_apart(parts[0], CATEGORY)
        pools = Pools(key, *parts[1:], rule, labels=labels, lender=shop, limit=limit, homes=self.homes)
        self.lenders[key] = self._joined(pools, level)
        return pools

    def _parts(
        self, level: Level, dims: tuple[str, ...], by: str
    ) -> tuple[WatchKey, Subject, list[Board], Bank]:
        monitor, windows = level.monitor, level.windows
        boards = [
            self._board(self.groups[f"{name}/{by}"], windows)
            for name in base_metrics(self.settings, monitor.metric)
        ]
        bank_key = self._key(level)
        subject = Subject(
            monitor, self.settings.metrics[monitor.metric], bank_key[-1], dims, windows.length_ms
        )
        key = monitor.name, dims, windows.length_ms, config_hash(self.settings, subject)
        return key, subject, boards, self._bank(bank_key)

    def _rule(self, rule: Rule, level: Level) -> int:
        return self._rules[self._key(level)].index(rule)

    def _joined(self, watch: Watch, level: Level) -> Watch:
        """Let a watch take part in the pulse of its windows and topics."""
        windows, topics = level.windows, self._topics(level.monitor)
        pulse = self.pulses.setdefault((windows.length_ms, windows.hop_ms, topics), Pulse(windows, topics))
        pulse.watches.append(watch)
        for board in watch.boards:
            if pulse.cursor not in board.readers:
                board.readers.append(pulse.cursor)
        return watch

    def _key(self, level: Level) -> _BankKey:
        monitor, windows = level.monitor, level.windows
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
