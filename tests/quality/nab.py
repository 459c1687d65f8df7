"""How good detectors are on the Numenta Anomaly Benchmark, by its own scoring.

Run `python -m tests.quality.nab [novelty seasonal ...] [--nab FOLDER] [--scorer FILE]`: the corpus
(`data/` and `labels/`) and a scorer that reads NAB's result files are not part of the project.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SHARED = Path(__file__).parents[2].parent / "shared"
DETECTORS = ("novelty", "seasonal")


def score(detector: str, nab: Path, folder: Path) -> Path:
    """Score the corpus with a detector by the command line; return the folder of NAB result files."""
    results, scores = folder / detector.replace(":", "-"), folder / "scores"
    command = [sys.executable, "-m", "streams.cli.main", "score", "--detector", detector]
    subprocess.run([*command, "--input", str(nab / "data"), "--output", str(scores)], check=True)
    for path in sorted(scores.rglob("*.csv")):
        convert(path, results / path.relative_to(scores))
    return results


def convert(scores: Path, result: Path) -> None:
    """Turn a file of scores into one of NAB's, whose scores are numbers from the first line on."""
    result.parent.mkdir(parents=True, exist_ok=True)
    with scores.open(newline="") as read, result.open("w", newline="") as write:
        lines = csv.writer(write)
        lines.writerow(("timestamp", "value", "anomaly_score"))
        lines.writerows(
            (line["timestamp"], line["value"], line["score"] or "0") for line in csv.DictReader(read)
        )


def main() -> None:
    """Print what the scorer says of each detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detectors", nargs="*", default=DETECTORS)
    parser.add_argument("--nab", type=Path, default=SHARED / "data" / "nab")
    parser.add_argument("--scorer", type=Path, default=SHARED / "tools" / "nab_score.py")
    given = parser.parse_args()
    if not (given.nab / "data").is_dir() or not given.scorer.is_file():
        sys.exit(f"no corpus in {given.nab}, or no scorer at {given.scorer}: give --nab and --scorer")
    for detector in given.detectors:
        with tempfile.TemporaryDirectory() as folder:
            results = score(detector, given.nab, Path(folder))
            environment = os.environ | {"NAB_ROOT": str(given.nab)}
            subprocess.run([sys.executable, str(given.scorer), str(results)], env=environment, check=True)


if __name__ == "__main__":
    main()
