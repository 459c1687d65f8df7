"""`fenghuo check`: whether the configuration is right, and what it watches."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.plan import Group
    from streams.settings import Settings
    from streams.settings.model import DetectorSpec, Monitor


@click.command()
@click.argument("config", required=False, type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the settings in force, merged, as JSON.")
def command(config: str | None, as_json: bool) -> None:
    """Check a configuration and show what it watches.

    Without CONFIG: the shipped catalogue under the environment. Exit code 3 and every fault, with file, line
    and what is allowed, if something is wrong.

    \b
    Examples:
      fenghuo check
      fenghuo check fenghuo.yaml
      fenghuo check fenghuo.yaml --json | jq .kafka
    """
    from streams.settings import load

    settings = load(config)
    click.echo(_json(settings) if as_json else "\n".join(_summary(settings)))
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
    yield f"\n{len(settings.metrics)} metrics, {len(used)} of them counted"
    yield f"\n{len(groups)} groups of sums from events to detectors (plan {plan_hash(groups)})"
    yield from _group_lines(groups)


def _monitor_line(monitor: "Monitor") -> str:
    from detectors.alert import GRADE_NAMES

    split = ", ".join("+".join(dims) or "whole shop" for dims in monitor.by)
    way = {"up": "above", "down": "below", "both": "both sides"}[monitor.direction]
    worst = f"up to {GRADE_NAMES[monitor.grade_max]}"
    return (
        f"  {monitor.name:<20} {monitor.window:<5} {_detector_name(monitor.detector):<10} "
        f"{way:<11} {worst:<9} {monitor.owner:<14} {split}"
    )


def _detector_name(spec: "DetectorSpec") -> str:
    if isinstance(spec, str):
        return spec
    return str(spec["river"]) if "river" in spec else next(iter(spec), "")


def _group_lines(groups: "tuple[Group, ...]") -> "Iterator[str]":
    for event in sorted({group.event for group in groups}):
        keys = [group.key.rstrip("/") for group in groups if group.event == event]
        yield f"  {event:<10} {', '.join(keys)}"
