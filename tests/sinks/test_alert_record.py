import math
from dataclasses import fields, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alert import Alert
from detectors.series import OTHER, entity_of
from sinks.alert_record import AlertRecord, AlertRefused, from_record, rounded, to_record
from tests.sinks.alerts import OPENED, alert

NUMBERS = [f.name for f in fields(Alert) if "float" in str(f.type)]


def test_an_alert_comes_back_with_six_digits() -> None:
    _, value, _ = to_record(OPENED, "demo")
    assert from_record(value) == replace(OPENED, expected=101.346)


@pytest.mark.parametrize(
    "entity",
    ["", "region=east", OTHER, entity_of([("sku", "a=1,b{%}"), ("warehouse", "华东")])],
    ids=["whole shop", "one dimension", "the rest", "escaped and not ASCII"],
)
def test_every_entity_comes_back(entity: str) -> None:
    key, value, headers = to_record(alert(entity=entity), "demo")
    assert from_record(value).entity == entity
    assert dict(headers)["ce_subject"] == key


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_only_finite_numbers_are_written(actual: float, expected: float, score: float, lag_s: float) -> None:
    _, value, _ = to_record(alert(actual=actual, expected=expected, score=score, lag_s=lag_s), "demo")
    again = from_record(value)
    numbers = [getattr(again, name) for name in NUMBERS]
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert again.actual == rounded(actual)


def test_the_same_alert_gives_the_same_bytes() -> None:
    assert to_record(alert(), "demo") == to_record(alert(), "demo")


def test_the_headers_are_a_binary_cloud_event() -> None:
    _, _, headers = to_record(alert(sequence=2), "my shop")
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": OPENED.alert_id.encode() + b"-2",
        "ce_type": b"fenghuo.alert.v1",
        "ce_source": b"/fenghuo/my%20shop",
        "ce_time": b"2024-03-01T06:10:00.000Z",
        "ce_subject": b"orders{region=east}",
        "content-type": b"application/json",
    }


def test_the_body_names_grade_and_derived_numbers() -> None:
    body = msgspec.json.decode(to_record(OPENED, "demo")[1])
    wanted = {"grade": 3, "grade_name": "II", "colour": "orange", "change": -0.625046, "duration_s": 300.0}
    assert {name: body[name] for name in wanted} == wanted
    assert body["series"] == {
        "id": "orders{region=east}",
        "metric": "orders",
        "dimensions": {"region": "east"},
    }
    assert body["p"] == pytest.approx(math.exp(-13.3), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(b"", "not an alert", id="empty"),
        pytest.param(b"\xff\xfe", "not an alert", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "not an alert", id="nested deeply"),
        pytest.param(b'{"alert_id": "x"}', "not an alert", id="fields missing"),
        pytest.param(
            to_record(OPENED, "demo")[1].replace(b'"schema_version":1', b'"schema_version":9'),
            "schema version 9, have 1",
            id="another version",
        ),
        pytest.param(
            to_record(OPENED, "demo")[1].replace(b'"grade":3', b'"grade":7'),
            "not an alert",
            id="no such grade",
        ),
    ],
)
def test_what_is_no_alert_is_refused(value: bytes, message: str) -> None:
    with pytest.raises(AlertRefused, match=message):
        from_record(value)


def test_the_schema_covers_every_field_of_the_body() -> None:
    schema = msgspec.json.schema(AlertRecord)
    body = msgspec.json.decode(to_record(OPENED, "demo")[1])
    assert list(schema["$defs"]["AlertRecord"]["properties"]) == list(body)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1234567.0, 1234570.0), (-0.0, 0.0), (math.nan, None), (math.inf, None), (None, None), (1e-300, 1e-300)],
)
def test_numbers_have_six_digits(value: float | None, written: float | None) -> None:
    assert str(rounded(value)) == str(written)
