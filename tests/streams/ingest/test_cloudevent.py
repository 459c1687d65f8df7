from typing import Any

import pytest

from streams.ingest.decoder import Decoder
from streams.ingest.reject import Reject
from streams.machine import Headers
from streams.settings.model import Settings
from tests.streams.records import T0, click, record

BINARY = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"from-header"),
    ("ce_time", b"2023-11-14T22:14:00Z"),
    ("ce_type", b"com.example.shop.search"),
    ("content-type", b"application/json"),
)
STRUCTURED = (("Content-Type", b"application/cloudevents+json; charset=UTF-8"),)
ENVELOPE = {"specversion": "1.0", "id": "outer", "time": "2023-11-14T22:14:00Z", "type": "shop.search"}


def read(event: object, headers: Headers) -> tuple[str, object, str]:
    decoded = Decoder(Settings(), "click").decode(record(0, event, headers=headers))
    return decoded.event_id, decoded.event_time, decoded.type


@pytest.mark.parametrize(
    ("event", "headers", "expected"),
    [
        pytest.param(click("a"), (("trace", b"\xff"),), ("a", T0, "view"), id="plain with foreign headers"),
        pytest.param(click("a"), BINARY, ("a", T0, "view"), id="binary: the body wins"),
        pytest.param({}, BINARY, ("from-header", T0, "search"), id="binary: headers fill what lacks"),
        pytest.param(
            {**ENVELOPE, "data": click("a")}, STRUCTURED, ("a", T0, "view"), id="structured: data wins"
        ),
        pytest.param({**ENVELOPE, "data": {}}, STRUCTURED, ("outer", T0, "search"), id="structured: fills"),
    ],
)
def test_an_event_is_read_out_of_its_envelope(
    event: object, headers: Headers, expected: tuple[str, object, str]
) -> None:
    assert read(event, headers) == expected


@pytest.mark.parametrize(
    ("event", "headers", "reason"),
    [
        pytest.param({}, (("ce_id", b"a"),), "missing_field", id="headers that lack the time"),
        pytest.param({}, (*BINARY, ("ce_time", b"noon")), "bad_time", id="bad ce_time"),
        pytest.param({}, (*BINARY, ("ce_type", b"shop.wink")), "unknown_type", id="unknown ce_type"),
        pytest.param({}, (*BINARY, ("ce_id", b"\xff")), "bad_utf8", id="ce_id that is no UTF-8"),
        pytest.param(ENVELOPE, STRUCTURED, "missing_field", id="structured without data"),
        pytest.param({**ENVELOPE, "data": 5}, STRUCTURED, "wrong_type", id="data that is no object"),
        pytest.param({**ENVELOPE, "id": 5, "data": {}}, STRUCTURED, "wrong_type", id="id that is a number"),
        pytest.param(b"{", STRUCTURED, "broken_json", id="structured, cut"),
    ],
)
def test_a_bad_envelope_is_rejected(event: object, headers: Headers, reason: str) -> None:
    with pytest.raises(Reject) as caught:
        read(event, headers)
    assert caught.value.reason == reason


def test_a_header_without_value_is_as_good_as_none() -> None:
    headers: Any = (("ce_id", None), ("content-type", None))
    assert read(click("a"), headers) == ("a", T0, "view")
