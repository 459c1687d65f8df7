import click
import pytest

from streams.demo.page import WIDTH, Clock, commands, incident, programme, rest, stamp, table
from streams.demo.script import HALF_HOUR_MS, write_script
from streams.demo.verdict import Finding, Others
from tests.streams.demo.notes import note

SCRIPT = write_script(1, 1_700_049_600_000)
LONG = (
    "Orders in channel app are breaking off: 0 instead of about 12.4, and so on and so forth, for very long."
)


def test_an_incident_of_any_length_is_folded_and_keeps_its_colour() -> None:
    line = incident(note(100, 105, ("fast", "orders"), text=LONG), SCRIPT)
    plain = click.unstyle(line)
    assert line != plain
    assert all(len(part) <= WIDTH for part in plain.splitlines())
    assert " ".join(plain.split()).endswith(LONG)


def test_the_clock_tells_each_half_hour_once() -> None:
    clock = Clock(SCRIPT)
    later = SCRIPT.live_ms // HALF_HOUR_MS * HALF_HOUR_MS + HALF_HOUR_MS
    told = [clock.line(time) for time in (SCRIPT.live_ms, later, later + 1, later + 2 * HALF_HOUR_MS)]
    assert [line is None for line in told] == [True, False, True, False]
    assert stamp(later, SCRIPT) in str(told[1])


def test_what_is_going_to_happen_names_each_fault_with_its_time() -> None:
    lines = list(programme(SCRIPT))
    for fault in SCRIPT.truth.faults:
        assert any(fault.kind in line and stamp(fault.start_ms, SCRIPT) in line for line in lines)
    assert all(len(line) <= WIDTH for line in lines)


def test_the_table_shows_what_was_found_and_what_was_not() -> None:
    first, second, _ = SCRIPT.truth.faults
    findings = [Finding(first, 4, "order_outage", 120.0), Finding(second, 0, "", None)]
    _, found, missed = (click.unstyle(line) for line in table(findings, SCRIPT))
    assert found.split()[-4:] == ["order_outage", "I", "2", "min"]
    assert missed.endswith("not found")


def test_what_else_was_told_is_listed_and_fits_the_width() -> None:
    lines = list(rest(Others([note(10, 15, text=LONG)], []), SCRIPT))
    assert lines[0].startswith("1 further incident during")
    assert lines[-1].startswith("0 further incidents at other times")
    assert all(len(line) <= WIDTH for line in lines)


@pytest.mark.parametrize("keep", [True, False])
def test_commands_that_need_the_demo_running_are_shown_only_if_it_is(keep: bool) -> None:
    text = "\n".join(commands("demo.yaml", 1234, keep=keep))
    assert ("alerts list --config demo.yaml" in text) == keep
    assert ("127.0.0.1:1234/metrics" in text) == keep
    assert ("--keep" in text) != keep
