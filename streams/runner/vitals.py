"""The vitals of a runner: what metrics and health checks say of it and of its machines."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from sinks.metrics import Sample
from streams.machine import Shows
from streams.runner.runner import Runner

SILENT_S = 5.0  # a broker that has not answered for so long is away


class Vitals:
    """Looks at a runner, and changes nothing."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def samples(self) -> list[Sample]:
        """Return what /metrics shows of the machines and of the runner now, beside single series."""
        owners = self._runner.owners
        samples = [sample for owner in owners.values() for sample in owner.machine.samples()]
        held = Counter(owner.role.name for owner in owners.values())
        for (topic, partition), owner in owners.items():
            if (behind_s := owner.behind_s()) is not None:
                samples.append(Sample("fenghuo_behind_seconds", (topic, str(partition)), behind_s))
        for name, transactions in self._runner.transactions.items():
            samples.append(Sample("fenghuo_partitions", (name,), held[name]))
            samples.append(Sample("fenghuo_transactions_total", (name,), transactions))
        return samples

    def series(self) -> list[Callable[[int], Iterator[Sample]]]:
        """Return what the thread of a scrape may ask for samples of single series, so many at most."""
        machines = (owner.machine for owner in self._runner.owners.values())
        return [machine.series for machine in machines if isinstance(machine, Shows)]

    def waiting(self) -> str:
        """Return what is in the way of reading all that was assigned; empty if nothing is."""
        claims = len(self._runner.claims)
        if claims:
            return f"restoring {claims} of {claims + len(self._runner.owners)} partitions"
        silent_s = self._silent_s()
        return f"Kafka has not answered for {silent_s:.0f} s" if silent_s > SILENT_S else ""

    def _silent_s(self) -> float:
        """Return for how long there has been no answer though there are partitions to be fetched from."""
        source = self._runner.source
        fetching = any(lease.wanted for lease in self._runner.leases().values())
        answered_s = source.answered_s() if source is not None and fetching else None
        return 0.0 if answered_s is None else time.time() - answered_s
