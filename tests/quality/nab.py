"""Gate d: the Numenta Anomaly Benchmark by its own scoring, through `fenghuo score`.

The corpus (`data/` and `labels/`) and a scorer that reads NAB's result files are not part of the project.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.quality.baseline import BASELINES
from tests.quality.figures import Result, Row
from tests.quality.sample import Judge, Sample

SHARED = Path(__file__).parents[2].parent / "shared"
CORPUS, SCORER = SHARED / "data" / "nab", SHARED / "tools" / "nab_score.py"
LIMITS = {"standard": 74.0, "low_fp": 67.0}
PROFILES = {"standard": "standard", "low_fp": "reward_low_FP_rate"}


def gate() -> Result:
    """Score the corpus with the default detector, and with novelty beside it."""
    with tempfile.TemporaryDirectory() as folder:
        found = {name: _judged(_by_command(name, Path(folder))) for name in ("seasonal", "novelty")}
    rows = [Row("d", f"NAB, {profile}", found["seasonal"][profile], LIMITS[profile]) for profile in LIMITS]
    rows += [Row("d", f"NAB, novelty alone, {profile}", found["novelty"][profile]) for profile in LIMITS]
    return Result(rows, {"nab_dev": found["seasonal"], "nab_dev_novelty": found["novelty"]})


def rivals() -> Result:
    """Score the corpus with the baselines."""
    rows, figures = [], {}
    for name, judge in BASELINES.items():
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = _judged(_by_judge(judge, Path(folder) / "results"))
        rows += [Row("d", f"NAB, {name}, {profile}", figures[name][profile]) for profile in LIMITS]
    return Result(rows, {"nab_dev_baselines": figures})


def _by_command(detector: str, folder: Path) -> Path:
    """Score the corpus with a detector by the command line; return the folder of NAB result files."""
    results, scores = folder / detector / "results", folder / detector / "scores"
    command = [sys.executable, "-m", "streams.cli.main", "score", "--detector", detector]
    said = [*command, "--input", str(CORPUS / "data"), "--output", str(scores)]
    subprocess.run(said, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for path in sorted(scores.rglob("*.csv")):
        lines = _lines(path)
        _write(results / path.relative_to(scores), lines, [line["score"] or "0" for line in lines])
    return results


def _by_judge(judge: Judge, results: Path) -> Path:
    """Let a judge score the corpus, each line a point."""
    paths = sorted((CORPUS / "data").rglob("*.csv"))
    files = [_lines(path) for path in paths]
    samples = [
        Sample("value", path.stem, np.array([float(line["value"]) for line in lines]), None, [], [],
               np.zeros(len(lines), bool), 0, 0, 300.0)
        for path, lines in zip(paths, files, strict=True)
    ]  # fmt: skip
    for path, lines, score in zip(paths, files, judge(samples), strict=True):
        numbers = [f"{x:.9g}" for x in np.nan_to_num(score).tolist()]
        _write(results / path.relative_to(CORPUS / "data"), lines, numbers)
    return results


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(result: Path, lines: list[dict[str, str]], scores: list[str]) -> None:
    """Write one of NAB's files, whose scores are numbers from the first line on."""
    result.parent.mkdir(parents=True, exist_ok=True)
    with result.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("timestamp", "value", "anomaly_score"))
        out.writerows(
            (line["timestamp"], line["value"], score) for line, score in zip(lines, scores, strict=True)
        )


def _judged(results: Path) -> dict[str, float]:
    """Return what the scorer says of the development half."""
    report = results.parent / "report.json"
    command = [sys.executable, str(SCORER), str(results), "--json", str(report)]
    environment = os.environ | {"NAB_ROOT": str(CORPUS)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    (found,) = json.loads(report.read_text()).values()
    return {name: found[profile]["dev"]["opt"] for name, profile in PROFILES.items()}
