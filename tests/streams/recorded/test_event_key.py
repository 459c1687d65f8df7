import json

import pytest

from streams.recorded.event_key import key_reader
from streams.settings.model import EventKind


@pytest.mark.parametrize(
    ("kind", "event", "key"),
    [
        pytest.param("click", {"user_id": "u1", "sku": "s"}, b"u1", id="click: the visitor"),
        pytest.param("order", {"order_id": "o1", "user_id": "u"}, b"o1", id="order: the order"),
        pytest.param("inventory", {"sku": "s1"}, b"s1", id="inventory: the article"),
        pytest.param("metric", {"name": "n1", "value": 1}, b"n1", id="metric: its name"),
        pytest.param("click", {"user_id": "王"}, "王".encode(), id="UTF-8"),
        pytest.param("click", {"sku": "s"}, None, id="not there"),
        pytest.param("click", {"user_id": 7}, None, id="not a string"),
        pytest.param("order", {"specversion": "1.0", "data": {"order_id": "o"}}, b"o", id="in an envelope"),
    ],
)
def test_the_key_of_an_event(kind: EventKind, event: dict[str, object], key: bytes | None) -> None:
    assert key_reader(kind, {})(json.dumps(event).encode()) == key


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"[1]", b"\xff", b'{"x":' + b"[" * 100_000],
    ids=["empty", "cut off", "a list", "not text", "nested deeply"],
)
def test_a_broken_event_has_no_key(value: bytes) -> None:
    assert key_reader("order", {})(value) is None


def test_the_producers_field_name_is_read() -> None:
    assert key_reader("click", {"user_id": "visitor"})(b'{"visitor": "v", "user_id": "u"}') == b"v"
