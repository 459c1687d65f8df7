"""Rules a monitor must keep beyond the types of its keys."""

from collections.abc import Iterator, Mapping

from detectors.grading import CUTS
from detectors.registry import build
from sinks.sentence import check_template
from streams.plan import base_metrics, hindrance, label_metric
from streams.settings.duration import UNITS_MS, parse_ms
from streams.settings.fault import not_one_of
from streams.settings.kind import series_kind
from streams.settings.metric_rules import NAME, NAME_ALLOWED, Finding
from streams.settings.model import Metric, Monitor, Settings
from streams.settings.vocabulary import PERSONAL, vocabulary_of

AUTO = "auto"
DAY_MS = UNITS_MS["d"]


def monitor_findings(
    monitor: Monitor, settings: Settings, metrics: Mapping[str, Metric | None]
) -> Iterator[Finding]:
    """Yield what is wrong with a monitor. `metrics`: all of them; None for one that is faulty itself."""
    if not NAME.fullmatch(monitor.name):
        yield ("name",), f"found {monitor.name!r}; allowed: {NAME_ALLOWED}"
    yield from _window_findings(monitor, settings.time.pane_ms)
    yield from _bound_findings(monitor)
    yield from _text_findings(monitor)
    if monitor.metric not in metrics:
        yield ("metric",), f"no such metric: {not_one_of(monitor.metric, metrics)}"
    elif all(
        metrics.get(part) is not None for part in (monitor.metric, *base_metrics(settings, monitor.metric))
    ):
        yield from _dimension_findings(monitor, settings)
        yield from _detector_findings(monitor, settings)


def _window_findings(monitor: Monitor, pane_ms: int) -> Iterator[Finding]:
    if monitor.window == AUTO:
        if monitor.hop is not None:
            yield ("hop",), "window: auto takes no hop; give the window a duration"
        return
    if pane_ms <= 0 or DAY_MS % pane_ms:
        return  # a fault of the pane, told there
    try:
        window_ms = parse_ms(monitor.window)
    except ValueError as error:
        yield ("window",), f"{error}, or auto"
        return
    if not pane_ms <= window_ms <= DAY_MS or window_ms % pane_ms or DAY_MS % window_ms:
        yield (
            ("window",),
            f"found {monitor.window}; allowed: multiples of time.pane that divide a day, or auto",
        )
    elif monitor.hop is not None:
        yield from _hop_findings(monitor.hop, window_ms, pane_ms)


def _hop_findings(hop: str, window_ms: int, pane_ms: int) -> Iterator[Finding]:
    try:
        hop_ms = parse_ms(hop)
    except ValueError as error:
        yield ("hop",), str(error)
        return
    if hop_ms < pane_ms or hop_ms % pane_ms or window_ms % hop_ms:
        yield ("hop",), f"found {hop}; allowed: multiples of time.pane that divide the window"


def _bound_findings(monitor: Monitor) -> Iterator[Finding]:
    for key in ("persistence", "resolve_after"):
        if (found := getattr(monitor, key)) < 1:
            yield (key,), f"found {found}; allowed: 1 or more windows"
    for key in ("relative", "absolute"):
        if (change := getattr(monitor.min_change, key)) < 0:
            yield ("min_change", key), f"found {change:g}; allowed: 0 or more"
    if monitor.min_expected < 0:
        yield ("min_expected",), f"found {monitor.min_expected:g}; allowed: 0 or more"
    if monitor.respond_within_ms is not None and monitor.respond_within_ms == 0:
        yield ("respond_within",), "found 0s; allowed: a longer time"
    cuts = monitor.grades
    if cuts is not None and not 0 < cuts[0] < cuts[1] < cuts[2] < cuts[3]:
        yield (
            ("grades",),
            f"found {list(cuts)}; allowed: four increasing numbers above 0, for [IV, III, II, I]",
        )


def _text_findings(monitor: Monitor) -> Iterator[Finding]:
    for locale, template in (("en", monitor.text.en), ("zh-CN", monitor.text.zh)):
        try:
            check_template(template)
        except ValueError as error:
            yield ("text", locale), str(error)


def _dimension_findings(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    used = [name for dims in monitor.by for name in dims]
    if not monitor.by:
        yield (
            ("by",),
            "found an empty list; allowed: [[]] for the whole shop, [[], [region]] for its parts too",
        )
    for dims in monitor.by:
        if len(set(dims)) < len(dims):
            yield ("by",), f"found {dims}; allowed: each dimension once"
    for name in dict.fromkeys(used):
        yield from ((("by",), said) for said in _dimension_faults(name, monitor.metric, settings))
    for name in monitor.only:
        if name not in used:
            yield ("only", name), f"not split by: {not_one_of(name, used)}"


def _dimension_faults(name: str, metric: str, settings: Settings) -> Iterator[str]:
    if name in PERSONAL:
        yield f"found {name!r}, which is refused: {PERSONAL[name]}"
        return
    for part in base_metrics(settings, metric):
        words = vocabulary_of(settings.metrics[part])
        if name not in words.dimensions and not words.any_dimension:
            yield f"metric {part} has no such dimension: {not_one_of(name, words.dimensions)}"


def _detector_findings(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    kind = series_kind(settings, monitor.metric)
    try:
        parts = len(base_metrics(settings, monitor.metric))
        build(monitor.detector, kind, monitor.grades or CUTS[kind], parts)
    except ValueError as error:
        yield ("detector",), str(error)
    else:
        yield from _borrowing_findings(monitor, settings)


def _borrowing_findings(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    if monitor.borrow in {None, "none"}:
        return
    if (why := hindrance(settings, monitor)) is not None:
        yield ("borrow",), f"found {monitor.borrow}, but {why}; allowed: none"
    elif monitor.borrow == "category" and all(
        label_metric(settings, monitor, dims) is None for dims in monitor.by
    ):
        yield (
            ("borrow",),
            "found category, but no series is of a sku whose events tell one; allowed: shop, none",
        )
