"""All gates in one table. Run `make quality`, or `python -m tests.quality [GATE ...]` for some of them.

Writes build/quality.json when all gates ran. Exit code 4 if a figure fell below its floor (floors.py).
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from tests.quality import borrowing, budget, joint, labelled, nab, normal, promotion, real_noise, synthetic
from tests.quality.baseline import OUTSIDE
from tests.quality.figures import HEAD, RIVALS_HEAD, Result, broken, write
from tests.quality.floors import FLOORS

GATES: dict[str, tuple[Callable[[], Result], ...]] = {  # what takes long has more than one part
    "joint": (joint.gate,),  # the longest first
    "labelled": (labelled.gate, labelled.rivals),
    "synthetic": (synthetic.gate, synthetic.rivals),
    "real_noise": (real_noise.gate, real_noise.rivals),
    "nab": (nab.gate, nab.rivals),
    "promotion": (promotion.gate, promotion.rivals),
    "normal": (normal.gate,),
    "budget": (budget.gate,),
    "borrowing": (borrowing.gate,),
}
WORSE = 4  # exit code


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "gates", nargs="*", metavar="GATE", help=f"of {', '.join(GATES)}; all if none is named"
    )
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    if unknown := sorted(set(asked.gates) - set(GATES)):
        parser.error(f"there is no gate {unknown[0]!r}; allowed are {', '.join(GATES)}")
    lacking = [path for path in (nab.SCORER, nab.CORPUS, OUTSIDE) if not path.exists()]
    if lacking:
        parser.error(
            f"{lacking[0]} is missing: recordings stand beside the project, the rest comes by `make quality`"
        )
    results = run(asked.gates or list(GATES), asked.processes)
    show(results)
    rows = [row for result in results for row in result.rows]
    worse = broken(rows, FLOORS)
    if asked.gates:
        worse = [key for key in worse if any(row.key == key for row in rows)]
    else:
        write(results)
    print(*(f"below its floor: {key}" for key in worse), sep="\n", file=sys.stderr, end="\n" if worse else "")
    return WORSE if worse else 0


def run(names: list[str], processes: int) -> list[Result]:
    """Run the gates, some at a time; return their results in the order of GATES."""
    parts = [part for name in GATES if name in names for part in GATES[name]]
    with ProcessPoolExecutor(processes) as pool:
        return [job.result() for job in [pool.submit(part) for part in parts]]


def show(results: list[Result]) -> None:
    """Print the table, the baselines, and the details."""
    print(HEAD)
    for row in sorted((row for result in results for row in result.rows), key=lambda row: row.gate):
        print(row.line(FLOORS))
    print(f"\n{RIVALS_HEAD}")
    rivals = sorted((rival for result in results for rival in result.rivals), key=lambda rival: rival.gate)
    print(*(rival.line() for rival in rivals), sep="\n")
    print("\nin detail")
    for result in results:
        print(
            *(result.rows[0].gate + line for line in result.details),
            sep="\n",
            end="\n" if result.details else "",
        )


if __name__ == "__main__":
    sys.exit(main())
