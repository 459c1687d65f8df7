"""`fenghuo check`: whether the configuration is right, and what it watches."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.detect.capacity import Cost
    from streams.plan import Group
    from streams.settings import Settings
    from streams.settings.model import DetectorSpec, Monitor


@click.command()
@click.argument("config", required=False, type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the settings in force, merged, as JSON.")
@click.option("--capacity", is_flag=True, help="Show what series cost in memory and CPU.")
def command(config: str | None, as_json: bool, capacity: bool) -> None:
    """Check a configuration and show what it watches.

    Without CONFIG: the shipped catalogue under the environment. Exit code 3 and every fault, with file, line
    and what is allowed, if something is wrong.

    \b
    Examples:
      fenghuo check
      fenghuo check fenghuo.yaml
      fenghuo check fenghuo.yaml --capacity
      fenghuo check fenghuo.yaml --json | jq .kafka
    """
    from streams.settings import load

    settings = load(config)
    lines = _capacity(settings) if capacity else _summary(settings)
    click.echo(_json(settings) if as_json else "\n".join(lines))
    click.echo(f"fenghuo: {config or 'the shipped catalogue'} is in order", err=True)


def _json(settings: "Settings") -> str:
    import msgspec

    # Secrets are the only values without a JSON form of their own: they show as what `repr` lets out.
    return msgspec.json.format(msgspec.json.encode(settings, enc_hook=repr), indent=2).decode()


def _summary(settings: "Settings") -> "Iterator[str]":
    from streams.plan import build_plan, plan_hash

    groups = build_plan(settings)
    used = {group.metric for group in groups}
    monitors = [monitor for monitor in settings.monitors if monitor.enabled]
    servers = settings.kafka.bootstrap_servers
    yield f"shop {settings.shop}, time zone {settings.time.timezone}, Kafka {servers}"
    yield f"\n{len(monitors)} monitors ({len(settings.monitors) - len(monitors)} switched off)"
    yield from map(_monitor_line, monitors)
    yield "\nyoung and thin series borrow their shape (docs/tuning.md)"
    yield from _borrowing_lines(settings, monitors)
    yield f"\n{len(settings.metrics)} metrics, {len(used)} of them counted"
    yield f"\n{len(groups)} groups of sums from events to detectors (plan {plan_hash(groups)})"
    yield from _group_lines(groups)


def _capacity(settings: "Settings") -> "Iterator[str]":
    import time

    from streams.detect.capacity import costs

    partitions, limit = settings.kafka.partial_partitions, settings.limits.series
    found = list(costs(settings, time.perf_counter))
    yield f"detect, each of {partitions} partial partitions, limits.series: {limit:,} a set of dimensions"
    yield "bytes: of a series; us: CPU of a series for one window, timed here; series, MB: at the limit"
    yield "  " + " ".join(_HEAD)
    yield from map(_cost_line, found)
    for dims in sorted({one.dims for one in found}):
        yield _dims_line(dims, [one for one in found if one.dims == dims])
    total = sum(one.bytes_max for one in found)
    yield f"at the limits: {total / 1e9:,.2f} GB a partition, {partitions * total / 1e9:,.2f} GB in all"


_HEAD = (
    f"{'monitor':<20} {'window':>6} {'detector':<9}",
    f"{'bytes':>7} {'us':>6} {'series':>9} {'MB':>8}",
    " by",
)


def _cost_line(cost: "Cost") -> str:
    return (
        f"  {cost.monitor:<20} {cost.window_s / 60:>5g}m {cost.detector:<9} {cost.row_bytes:>7,}"
        f" {cost.row_us:>6.1f} {cost.series_max:>9,} {cost.bytes_max / 1e6:>8,.1f}  {_dims(cost.dims)}"
    )


def _dims_line(dims: tuple[str, ...], found: "list[Cost]") -> str:
    each = sum(cost.row_bytes for cost in found)
    busy = sum(cost.row_us / cost.window_s for cost in found)
    return f"  one {_dims(dims)}, over all its monitors: {each:,} bytes, {busy:.3f} us of CPU a second"


def _dims(dims: tuple[str, ...]) -> str:
    return "+".join(dims) or "whole shop"


def _monitor_line(monitor: "Monitor") -> str:
    from detectors.alert import GRADE_NAMES

    split = ", ".join(_dims(tuple(dims)) for dims in monitor.by)
    way = {"up": "above", "down": "below", "both": "both sides"}[monitor.direction]
    worst = f"up to {GRADE_NAMES[monitor.grade_max]}"
    return (
        f"  {monitor.name:<20} {monitor.window:<5} {_detector_name(monitor.detector):<10} "
        f"{way:<11} {worst:<9} {monitor.owner:<14} {split}"
    )


def _borrowing_lines(settings: "Settings", monitors: "list[Monitor]") -> "Iterator[str]":
    from streams.plan import lending

    split = [(monitor, tuple(dims)) for monitor in monitors for dims in monitor.by]
    for who, says in (("category", "from their category, then the shop"), ("shop", "from the whole shop")):
        found = [f"{m.name}/{','.join(dims)}" for m, dims in split if lending(settings, m, dims) == who]
        if found:
            yield f"  {says}: {', '.join(found)}"


def _detector_name(spec: "DetectorSpec") -> str:
    if isinstance(spec, str):
        return spec
    return str(spec["river"]) if "river" in spec else next(iter(spec), "")


def _group_lines(groups: "tuple[Group, ...]") -> "Iterator[str]":
    for event in sorted({group.event for group in groups}):
        keys = [group.key.rstrip("/") for group in groups if group.event == event]
        yield f"  {event:<10} {', '.join(keys)}"
