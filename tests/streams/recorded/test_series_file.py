import gzip

import numpy as np
import pytest

from streams.detect.zone import Zone
from streams.recorded.lines import FileUnreadable
from streams.recorded.series_file import FIRST_STEP_S, SeriesUnusable, read_series

UTC = Zone("UTC")
NOON_MS = 1_396_353_600_000  # 2014-04-01T12:00:00Z, a Tuesday


def written(tmp_path, text, name="series.csv"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return str(path)


def read(tmp_path, *lines, zone=UTC, exposure=None, header="timestamp,value"):
    return read_series(written(tmp_path, "\n".join([header, *lines]) + "\n"), zone, exposure)


@pytest.mark.parametrize(
    "stamp",
    [
        "1396353600",
        "1396353600.0",
        "1396353600000",
        "2014-04-01T12:00:00Z",
        "2014-04-01T14:00:00+02:00",
        "2014-04-01 12:00:00",
        "2014-04-01T12:00",
        "  2014-04-01 12:00:00.000  ",
    ],
)
def test_a_time_may_be_written_so(tmp_path, stamp):
    assert read(tmp_path, f"{stamp},1").time_ms.tolist() == [NOON_MS]


def test_a_bare_time_is_local_and_the_day_is_the_zone_s(tmp_path):
    zone = Zone("Asia/Shanghai")
    series = read(tmp_path, "2014-04-01 20:00:00,1", "2014-04-01T12:00:00Z,1", zone=zone)
    assert series.time_ms.tolist() == [NOON_MS, NOON_MS]
    assert series.weeks_s(zone).tolist() == [(24 + 20) * 3600] * 2


def test_missing_values_are_kept_as_lines_without_a_value(tmp_path):
    series = read(tmp_path, "1,1.5", "2,", "3,NaN", "4,0", "5,-2e3")
    assert series.present.tolist() == [True, False, False, True, True]
    assert series.texts == ["1.5", "", "NaN", "0", "-2e3"]
    np.testing.assert_array_equal(series.values, [1.5, np.nan, np.nan, 0, -2000])


def test_other_columns_order_case_blank_lines_and_a_byte_order_mark_do_not_matter(tmp_path):
    series = read(tmp_path, "0,7,60", "", '1,"8",120', header="\ufefflabel, Value ,Timestamp")
    assert series.values.tolist() == [7, 8]
    assert series.stamps == ["60", "120"]


def test_gzip_is_read_as_it_is(tmp_path):
    path = written(tmp_path, "timestamp,value\r\n60,7\r\n", "series.csv.gz")
    assert read_series(path, UTC).values.tolist() == [7]


def test_without_trials_there_is_nothing_to_score(tmp_path):
    lines = ("1,5,10", "2,0,0", "3,1,")
    series = read(tmp_path, *lines, exposure="trials", header="timestamp,value,trials")
    assert series.present.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("times", "steps"),
    [
        pytest.param([0, 60, 120], [FIRST_STEP_S, 60, 60], id="regular"),
        pytest.param([0, 60, 120, 9999, 10059], [FIRST_STEP_S, 60, 60, 60, 60], id="a gap is not the step"),
        pytest.param([0, 60, 60, 120], [FIRST_STEP_S, 60, 60, 60], id="a time twice"),
        pytest.param([120, 60, 0, 300], [FIRST_STEP_S, FIRST_STEP_S, FIRST_STEP_S, 300], id="backwards"),
        pytest.param([0], [FIRST_STEP_S], id="one line"),
    ],
)
def test_the_step_is_the_usual_one_so_far(tmp_path, times, steps):
    assert read(tmp_path, *[f"{at},1" for at in times]).steps_s().tolist() == steps


def test_every_step_is_the_median_of_the_last_fifteen_differences(tmp_path):
    rng = np.random.default_rng(5)
    differences = np.repeat(rng.integers(1, 9, 12), rng.integers(1, 40, 12))
    steps = read(tmp_path, *[f"{at},1" for at in np.cumsum([0, *differences])]).steps_s()
    medians = [np.median(differences[max(0, at - 15) : at]) for at in range(1, len(steps))]
    assert steps.tolist() == [FIRST_STEP_S, *medians]


def test_a_new_step_is_taken_over_and_no_line_looks_ahead(tmp_path):
    times = np.cumsum([60] * 40 + [300] * 40)
    steps = read(tmp_path, *[f"{at},1" for at in times]).steps_s()
    assert steps[20] == 60
    assert steps[-1] == 300
    early = read(tmp_path, *[f"{at},1" for at in times[:43]]).steps_s()
    np.testing.assert_array_equal(early, steps[:43])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "is empty: a header", id="empty file"),
        pytest.param("timestamp,value\n", "no line after its header", id="header only"),
        pytest.param(
            "time,value\n1,2\n", "no column timestamp: its header is `time,value`", id="no timestamp"
        ),
        pytest.param("1,2\n3,4\n", "no column timestamp and value", id="no header"),
        pytest.param("timestamp,value\n1,2\n2,x\n", "line 3: value is 'x', but a number", id="no number"),
        pytest.param("timestamp,value\n1,1_0\n", "line 2: value is '1_0'", id="a number for Python only"),
        pytest.param("timestamp,value\n1,1e400\n", "line 2: value is '1e400', but a finite", id="too large"),
        pytest.param("timestamp,value\n1,-inf\n", "line 2: value is '-inf', but a finite", id="infinite"),
        pytest.param(
            "timestamp,value\nyesterday,1\n", "line 2: timestamp is 'yesterday', but ISO", id="no time"
        ),
        pytest.param(
            "timestamp,value\nnan,1\n", "line 2: timestamp is 'nan', but a finite", id="no finite time"
        ),
        pytest.param("timestamp,value\n1e18,1\n", "line 2: .* years 2 and 9998", id="absurd time"),
        pytest.param("timestamp,value\n,1\n", "line 2: timestamp is ''", id="time missing"),
        pytest.param("timestamp,value\n1,2\n3\n", "line 3: 1 fields, the header has 2", id="short line"),
    ],
)
def test_what_is_no_series_is_said_with_its_line(tmp_path, text, message):
    with pytest.raises(SeriesUnusable, match=message):
        read_series(written(tmp_path, text), UTC)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"timestamp,value\n1,\xff\xfe\n", "damaged or no CSV", id="no UTF-8"),
        pytest.param(gzip.compress(b"timestamp,value\n1,2\n")[:-9], "damaged or no CSV", id="cut gzip"),
        pytest.param(None, "cannot read .*No such file", id="not there"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, data, message):
    path = tmp_path / "series.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileUnreadable, match=message):
        read_series(str(path), UTC)
