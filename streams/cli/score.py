"""`fenghuo score`: recorded series through one detector, a score a line."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from detectors.table import Kind, Table
    from streams.detect.zone import Zone
    from streams.recorded.series_file import Series

ENDINGS = (".csv", ".csv.gz")


@click.command()
@click.option("--detector", "name", required=True, metavar="NAME", help="A detector, river:CLASS, or YAML.")
@click.option(
    "--input", "source", required=True, type=click.Path(path_type=Path), help="CSV, or a folder of."
)
@click.option("--output", "target", required=True, type=click.Path(path_type=Path), help="CSV, or a folder.")
@click.option("--kind", type=click.Choice(["count", "ratio", "value"]), default="value", show_default=True)
@click.option("--exposure", metavar="COLUMN", help="Trials of a ratio; what a count is usually times.")
@click.option(
    "--timezone", default="UTC", show_default=True, help="Zone of the days, and of bare timestamps."
)
def command(name: str, source: Path, target: Path, kind: "Kind", exposure: str | None, timezone: str) -> None:
    """Score each line of a series by what came before it, as live.

    Input: columns timestamp (ISO, or epoch s or ms) and value, .gz or not; an empty value is missing. The
    values of a ratio are the successes among the trials in COLUMN. All files of a folder are scored at once.

    Output: timestamp,value,score,p,expected,lower,upper,grade. score = x / (1 + x) with x = -log10 p,
    comparable across files; empty while the detector warms up. grade: 0 normal, 1 to 4 for IV to I.

    \b
    Examples:
      fenghuo score --detector seasonal --input visits.csv --output scores.csv --kind count
      fenghuo score --detector novelty --input metrics/ --output scores/
      fenghuo score --detector seasonal --input paid.csv --output scores.csv --kind ratio --exposure orders
      fenghuo score --detector '{threshold: {above: {IV: 3, I: 20}}}' --input cpu.csv --output scores.csv
    """
    if kind == "ratio" and exposure is None:
        raise click.UsageError("a ratio needs --exposure COLUMN: the trials of each line")
    table, zone = _table(name, kind), _zone(timezone)
    paths = _paths(source)
    if source.resolve() == target.resolve():
        raise click.UsageError("--output is the --input: give another place, it would be overwritten")
    from streams.recorded.series_file import read_series

    files = [read_series(str(path), zone, exposure) for path in paths]
    _run(files, [_place(path, source, target) for path in paths], table, zone)


def _run(files: "list[Series]", targets: list[Path], table: "Table", zone: "Zone") -> None:
    from streams.failure import Failure
    from streams.recorded.score import score, write

    lines = sum(len(file.values) for file in files)
    hidden = not sys.stderr.isatty()
    try:
        with click.progressbar(
            length=lines, label="scoring", file=sys.stderr, hidden=hidden, update_min_steps=1000
        ) as bar:
            scored = score(files, table, zone, bar.update)
    except ValueError as error:
        raise Failure(f"cannot score these files: {error}") from error
    counts = [0] * 5
    for file, target, said in zip(files, targets, scored, strict=True):
        write(target, file, said, table.kind)
        for grade in said.grade(table.kind).tolist():
            counts[grade] += 1
    grades = ", ".join(f"{name} {counts[at]:,}" for at, name in enumerate(("IV", "III", "II", "I"), 1))
    click.echo(f"{lines:,} lines of {len(files):,} files; lines at grade {grades}", err=True)


def _table(name: str, kind: "Kind") -> "Table":
    """Build the detector. Raises click.BadParameter, saying what is allowed."""
    from detectors.grading import CUTS
    from detectors.registry import build

    try:
        return build(_spec(name), kind, CUTS[kind])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--detector'") from error


def _spec(name: str) -> "str | dict[str, object]":
    """Return `river:CLASS` and inline YAML as they stand in a configuration."""
    river, _, rest = name.partition(":")
    if river == "river" and rest:
        return {"river": rest.strip()}
    if not name.lstrip().startswith("{"):
        return name
    from streams.failure import Failure
    from streams.settings.document import plain, read_document

    try:
        spec = plain(read_document(name, "--detector"))
    except Failure as error:
        raise ValueError(f"{name!r} is no YAML mapping like {{novelty: {{warm: 100}}}}") from error
    return cast("dict[str, object]", spec)


def _zone(name: str) -> "Zone":
    from zoneinfo import ZoneInfoNotFoundError

    from streams.detect.zone import Zone

    try:
        return Zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(
            f"there is no time zone {name!r}; names are like Europe/Paris", param_hint="'--timezone'"
        ) from error


def _paths(source: Path) -> list[Path]:
    """Return the file, or all CSV files below the folder, sorted."""
    from streams.failure import Failure

    if not source.is_dir():
        return [source]
    paths = sorted(path for path in source.rglob("*") if path.is_file() and path.name.endswith(ENDINGS))
    if not paths:
        raise Failure(f"there is no file ending in {' or '.join(ENDINGS)} in {source}")
    return paths


def _place(path: Path, source: Path, target: Path) -> Path:
    """Return where the scores of a file go: a folder's file has the same place in the output folder."""
    return target / path.relative_to(source) if source.is_dir() else target
