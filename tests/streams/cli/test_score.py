import csv

import numpy as np
import pytest
from click.testing import CliRunner

from streams.cli.main import main

HEADER = "timestamp,value,score,p,expected,lower,upper,grade"


def call(*words):
    """Run the command line as people do; messages and exit code included."""
    return CliRunner().invoke(main, ["score", *map(str, words)], standalone_mode=True)


def given(path, n=200, spike=None):
    values = np.random.default_rng(1).normal(100, 5, n).round(3)
    if spike is not None:
        values[spike] = 1000
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("timestamp,value\n" + "".join(f"{300 * i},{value}\n" for i, value in enumerate(values)))
    return path


def lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_becomes_a_file_with_the_spike_found(tmp_path):
    source, target = given(tmp_path / "in.csv", spike=190), tmp_path / "out.csv"
    result = call("--detector", "jump", "--input", source, "--output", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "200 lines of 1 files; lines at grade" in result.stderr
    assert target.read_text().splitlines()[0] == HEADER
    scored = lines(target)
    assert scored[0]["score"] == scored[0]["grade"] == ""
    assert [i for i, line in enumerate(scored) if line["grade"] not in ("", "0")] == [190]
    assert max(scored, key=lambda line: float(line["score"] or 0)) == scored[190]


def test_a_folder_becomes_a_folder_of_the_same_shape(tmp_path):
    for name in ("a.csv", "deep/b.csv"):
        given(tmp_path / "in" / name)
    (tmp_path / "in" / "README.md").write_text("no series")
    result = call(
        "--detector", "river:GaussianScorer", "--input", tmp_path / "in", "--output", tmp_path / "out"
    )
    assert result.exit_code == 0, result.stderr
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.csv"))
    assert found == ["a.csv", "deep/b.csv"]


def test_a_detector_may_be_given_with_its_parameters(tmp_path):
    source, target = given(tmp_path / "in.csv", spike=5), tmp_path / "out.csv"
    spec = "{threshold: {above: {IV: 200, I: 900}}}"
    assert call("--detector", spec, "--input", source, "--output", target).exit_code == 0
    assert [line["grade"] for line in lines(target)][4:7] == ["0", "4", "0"]


def test_a_ratio_is_scored_with_its_trials(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [f"{60 * i},{900 if i < 99 else 100},1000" for i in range(100)]
    source.write_text("\n".join(["timestamp,value,orders", *rows]))
    words = ("--detector", "jump", "--kind", "ratio", "--input", source, "--output", target)
    assert call(*words, "--exposure", "orders").exit_code == 0
    assert lines(target)[-1]["grade"] != "0"
    assert "needs --exposure" in call(*words).stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(("--detector", "jmp"), 2, "no detector 'jmp'; allowed are seasonal", id="detector"),
        pytest.param(("--detector", "river:Nothing"), 2, "no class 'Nothing'", id="class of River"),
        pytest.param(("--detector", "{jump: {ring: 3}}"), 2, "no parameter 'ring'", id="parameter"),
        pytest.param(("--detector", "{jump: "), 2, "is no YAML mapping", id="YAML"),
        pytest.param(("--detector", "silence"), 2, "not 'value' series", id="kind of series"),
        pytest.param(("--detector", "jump", "--timezone", "Moon"), 2, "no time zone 'Moon'", id="zone"),
        pytest.param(("--detector", "jump", "--exposure", "n"), 1, "no column n", id="exposure"),
    ],
)
def test_wrong_use_is_said_with_what_is_right(tmp_path, words, code, message):
    source = given(tmp_path / "in.csv", 10)
    result = call(*words, "--input", source, "--output", tmp_path / "out.csv")
    assert result.exit_code == code
    assert message in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_files_that_cannot_be_scored_are_said_with_the_reason(tmp_path):
    (tmp_path / "empty").mkdir()
    bad = tmp_path / "bad.csv"
    bad.write_text("timestamp,value\n1,2\n2,many\n")
    for source, message in (
        (tmp_path / "none.csv", "cannot read"),
        (tmp_path / "empty", "no file ending in .csv"),
        (bad, "line 3: value is 'many'"),
    ):
        result = call("--detector", "jump", "--input", source, "--output", tmp_path / "out")
        assert result.exit_code == 1
        assert message in result.stderr


def test_the_input_is_never_overwritten(tmp_path):
    source = given(tmp_path / "in.csv", 10)
    before = source.read_text()
    result = call("--detector", "jump", "--input", source, "--output", source)
    assert result.exit_code == 2
    assert source.read_text() == before


def test_more_files_than_a_detector_takes_is_a_message(tmp_path):
    for name in ("a.csv", "b.csv"):
        given(tmp_path / "in" / name, 10)
    spec = "{river: LODA, rows_max: 1}"
    result = call("--detector", spec, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "at most 1 rows" in result.stderr
