"""Rules of what people are told: who follows whom, how long it takes, and how much is enough."""

from collections.abc import Iterator, Mapping

from streams.settings.fault import not_one_of
from streams.settings.metric_rules import Finding
from streams.settings.model import GradeName, Settings

PIPELINE_OWNER = "operations"  # of what is wrong with the data itself


def response_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with `response` and `budget`."""
    response, budget = settings.response, settings.budget
    for key in ("pages_a_day", "warnings_a_day"):
        if (target := getattr(budget, key)) is not None and not target > 0:
            yield ("budget", key), f"found {target:g}; allowed: a number above 0, or null for no target"
    own = {monitor.owner for monitor in settings.monitors} | {PIPELINE_OWNER}
    for key, times in (("within", response.within), ("remind_every", response.remind_every)):
        yield from _short(times, ("response", key))
    for owner, chain in response.chains.items():
        path = ("response", "chains", owner)
        if owner not in own:
            yield path, f"no monitor's owner: {not_one_of(owner, own)}"
        if not chain.then and not chain.within:
            yield path, "says nothing; allowed: then, within"
        everyone = [owner, *chain.then]
        for name in sorted({name for name in everyone if everyone.count(name) > 1}):
            yield (*path, "then"), f"found {name!r} twice; allowed: each once, and not {owner!r} again"
        yield from _short(chain.within, (*path, "within"))


def owners_of(settings: Settings) -> set[str]:
    """Return everybody who can be told."""
    chained = {name for chain in settings.response.chains.values() for name in chain.then}
    return {monitor.owner for monitor in settings.monitors} | {PIPELINE_OWNER} | chained


def _short(times: Mapping[GradeName, int], path: tuple[str, ...]) -> Iterator[Finding]:
    for grade, time_ms in times.items():
        if time_ms <= 0:
            yield (*path, grade), "found 0s; allowed: a longer time"
