import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.decoder import Decoder
from streams.ingest.reject import REASONS, Reject
from streams.machine import Record
from streams.settings.model import Currency, EventKind, Limits, Metric, Settings
from tests.streams.records import T0, click, order, record, settings_of


def reason_of(kind: EventKind, event: object, settings: Settings | None = None, **kwargs: Any) -> str:
    decoder = Decoder(settings or Settings(), kind)
    with pytest.raises(Reject) as caught:
        decoder.decode(record(0, event, **kwargs))
    assert caught.value.reason in REASONS
    assert len(caught.value.message) > 5
    return caught.value.reason


def raw(**fields: Any) -> bytes:
    """Return a click whose extra fields are literal JSON texts."""
    extra = "".join(f',"{name}":{text}' for name, text in fields.items())
    return f'{{"event_id":"a","event_time":{T0},"type":"view"{extra}}}'.encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b'{"event_id":"a"', "broken_json", id="cut JSON"),
        pytest.param(b"not json", "broken_json", id="no JSON"),
        pytest.param(b"\xef\xbb\xbf{}", "broken_json", id="byte order mark"),
        pytest.param(raw() + b"," + raw(), "broken_json", id="two objects"),
        pytest.param(b"[1]", "wrong_type", id="an array"),
        pytest.param(b"null", "wrong_type", id="null"),
        pytest.param(raw(cost='"12"'), "wrong_type", id="number as string"),
        pytest.param(raw(cost="true"), "wrong_type", id="number as bool"),
        pytest.param(raw(user_id="7"), "wrong_type", id="string as number"),
        pytest.param(raw(cost="NaN"), "broken_json", id="NaN"),
        pytest.param(raw(cost="Infinity"), "broken_json", id="Infinity"),
        pytest.param(raw(cost="1e400"), "out_of_range", id="1e400"),
        pytest.param(raw(cost="-1e400"), "out_of_range", id="-1e400"),
        pytest.param(raw(cost="1000000001"), "out_of_range", id="beyond amount_max"),
        pytest.param(raw(cost="9" * 200_000), "out_of_range", id="200,000 digits"),
        pytest.param(raw(cost="9" * 1_000_000), "too_large", id="10^6 digits"),
        pytest.param(raw(extra="[" * 100_000 + "]" * 100_000), "too_deep", id="deep nesting, unknown field"),
        pytest.param(
            raw(user_id="[" * 100_000 + "]" * 100_000), "wrong_type", id="deep nesting, known field"
        ),
        pytest.param(raw(extra='"' + "x" * 5_000_000 + '"'), "too_large", id="5 MB"),
        pytest.param(raw(user_id='"' + "x" * 1_025 + '"'), "text_too_long", id="string over 1 KiB"),
        pytest.param(raw(user_id='"' + "火" * 342 + '"'), "text_too_long", id="string over 1 KiB in bytes"),
        pytest.param(raw(user_id='"x"').replace(b"x", b"\xff"), "bad_utf8", id="bad UTF-8"),
        pytest.param(raw(user_id='"\\ud800"'), "broken_json", id="half a surrogate pair"),
        pytest.param(
            raw(user_id='"\\ud800 and more"'), "broken_json", id="half a surrogate pair, more follows"
        ),
        pytest.param(raw(user_id='"\\udc00 and more"'), "broken_json", id="the other half alone"),
        pytest.param({"event_time": T0, "type": "view"}, "missing_field", id="no id"),
        pytest.param({"event_id": "", "event_time": T0, "type": "view"}, "missing_field", id="empty id"),
        pytest.param({"event_id": "a", "type": "view"}, "missing_field", id="no time"),
        pytest.param({"event_id": "a", "event_time": T0}, "missing_field", id="no type"),
        pytest.param(click("a", type="wink"), "unknown_type", id="unknown type"),
        pytest.param(click("a", type="created"), "unknown_type", id="type of another topic"),
        pytest.param(click("a", at=0), "bad_time", id="1970"),
        pytest.param(click("a", at=T0 // 1000), "bad_time", id="seconds for milliseconds"),
        pytest.param(click("a", at=-1), "bad_time", id="before 1970"),
        pytest.param(click("a", at=4_070_908_800_000), "ahead_of_time", id="2099"),
        pytest.param(click("a", at=T0 + 300_001), "ahead_of_time", id="5 min ahead, and 1 ms"),
        pytest.param(raw().replace(str(T0).encode(), b"9" * 30), "ahead_of_time", id="time of 30 digits"),
        pytest.param(raw().replace(str(T0).encode(), b"9" * 5_000), "bad_time", id="time of 5,000 digits"),
        pytest.param(raw().replace(str(T0).encode(), b"1.5"), "bad_time", id="time with a fraction"),
        pytest.param({**click("a"), "event_time": "yesterday"}, "bad_time", id="no time at all"),
        pytest.param({**click("a"), "event_time": "2023-11-14T22:14:00"}, "bad_time", id="time without zone"),
    ],
)
def test_a_bad_click_is_rejected_with_its_reason(value: object, reason: str) -> None:
    assert reason_of("click", value) == reason


@pytest.mark.parametrize(
    ("kind", "event", "reason"),
    [
        pytest.param("order", {**click("a"), "type": "paid"}, "missing_field", id="order without order_id"),
        pytest.param("order", order("a", lines=[{"qty": 1}]), "missing_field", id="line without sku"),
        pytest.param("order", order("a", lines=[{"sku": "s"}]), "missing_field", id="line without qty"),
        pytest.param("order", order("a", lines=[None]), "wrong_type", id="line that is null"),
        pytest.param("order", order("a", lines={"sku": "s"}), "wrong_type", id="lines that are no list"),
        pytest.param("order", order("a", amount=1e10), "out_of_range", id="amount beyond its bound"),
        pytest.param(
            "order",
            order("a", lines=[{"sku": "s", "qty": 1e6, "unit_price": 1e6}]),
            "out_of_range",
            id="line whose amount is beyond its bound",
        ),
        pytest.param(
            "order", order("a", lines=[{"sku": "s" * 1_025, "qty": 1}]), "text_too_long", id="long sku"
        ),
        pytest.param("inventory", click("a", type="movement", delta=1), "missing_field", id="no sku"),
        pytest.param("inventory", click("a", type="movement", sku="s"), "missing_field", id="no delta"),
        pytest.param(
            "inventory", click("a", type="level", sku="s", delta=1), "missing_field", id="no on_hand"
        ),
        pytest.param(
            "inventory", click("a", type="movement", sku="s", delta=1e300), "out_of_range", id="delta"
        ),
        pytest.param("metric", click("a", type="sample", value=1), "missing_field", id="no name"),
        pytest.param("metric", click("a", type="sample", name="n"), "missing_field", id="no value"),
        pytest.param(
            "metric",
            click("a", type="sample", name="n", value=1, dimensions={"a": 1}),
            "wrong_type",
            id="dim",
        ),
    ],
)
def test_a_bad_event_is_rejected_with_its_reason(kind: EventKind, event: object, reason: str) -> None:
    assert reason_of(kind, event) == reason


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("click", click("a", cost=0.5, ip="::1", nobody_knows={"a": [1]})),
        (
            "order",
            order("a", type="refunded", amount=-12.5, lines=[{"sku": "s", "qty": -2, "unit_price": 6}]),
        ),
        ("order", order("a", amount=None)),
        ("inventory", click("a", type="movement", sku="s", delta=-3)),
        ("inventory", click("a", type="level", sku="s", on_hand=0)),
        ("metric", click("a", type="sample", name="n", value=1e9, dimensions={"pool": "db"})),
    ],
)
def test_a_good_event_is_read(kind: EventKind, event: dict[str, Any]) -> None:
    assert Decoder(Settings(), kind).decode(record(0, event)).event_id == "a"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        pytest.param("2023-11-14T22:14:00Z", T0, id="UTC"),
        pytest.param("2023-11-15T06:14:00.250+08:00", T0 + 250, id="offset and fraction"),
        pytest.param("2023-11-14T22:14:00.0009Z", T0, id="below a millisecond"),
    ],
)
def test_rfc_3339_times_become_epoch_ms(text: str, ms: int) -> None:
    event = Decoder(Settings(), "click").decode(record(0, {**click("a"), "event_time": text}))
    assert event.event_time == ms


def test_amounts_are_turned_into_the_base_currency() -> None:
    settings = Settings(currency=Currency(base="EUR", rates={"CNY": 0.125}))
    event: Any = Decoder(settings, "order").decode(
        record(0, order("a", currency="CNY", amount=80, lines=[{"sku": "s", "qty": 2, "unit_price": 40}]))
    )
    assert (event.amount, event.lines[0].unit_price, event.lines[0].amount) == (10.0, 5.0, 10.0)


@pytest.mark.parametrize("currency", ["EUR", None])
def test_amounts_in_the_base_currency_stay(currency: str | None) -> None:
    settings = Settings(currency=Currency(base="EUR", rates={"CNY": 0.125}))
    event: Any = Decoder(settings, "order").decode(record(0, order("a", currency=currency, amount=80)))
    assert event.amount == 80


def test_an_unknown_currency_is_rejected_only_where_currencies_are_configured() -> None:
    event = order("a", currency="XXX", amount=80)
    assert reason_of("order", event, Settings(currency=Currency(base="EUR"))) == "unknown_currency"
    assert Decoder(Settings(), "order").decode(record(0, event))


def test_the_amount_in_the_base_currency_is_bounded_too() -> None:
    settings = Settings(currency=Currency(base="EUR", rates={"KWD": 3.0}))
    assert reason_of("order", order("a", currency="KWD", amount=9e8), settings) == "out_of_range"


def test_a_producers_own_field_names_are_mapped() -> None:
    settings = Settings(fields={"order": {"event_id": "uuid", "amount": "total", "qty": "pieces"}})
    event: Any = Decoder(settings, "order").decode(
        record(
            0,
            {
                "uuid": "u",
                "event_time": T0,
                "type": "created",
                "order_id": "o",
                "total": 5,
                "lines": [{"sku": "s", "pieces": 2}],
            },
        )
    )
    assert (event.event_id, event.amount, event.lines[0].qty) == ("u", 5.0, 2.0)


def test_numbers_beyond_exact_fixed_point_are_rejected() -> None:
    settings = settings_of({"m": Metric(event="metric", sum="value", scale=10_000)})
    event = click("a", type="sample", name="n", value=2.0**53 / 10_000)
    assert reason_of("metric", event, settings) == "out_of_range"
    assert Decoder(Settings(), "metric").decode(record(0, event))


def test_limits_are_those_of_the_settings() -> None:
    settings = Settings(limits=Limits(record_bytes=200, string_bytes=10, amount_max=5, ahead_ms=1_000))
    assert reason_of("click", click("a", user_id="x" * 200), settings) == "too_large"
    assert reason_of("click", click("a", user_id="x" * 11), settings) == "text_too_long"
    assert reason_of("click", click("a", cost=6), settings) == "out_of_range"
    assert reason_of("click", click("a", at=T0 + 1_001), settings) == "ahead_of_time"


def test_unknown_fields_are_counted_by_the_producers_names() -> None:
    decoder = Decoder(Settings(fields={"click": {"sku": "article"}}), "click")
    assert decoder.unknown_fields(record(0, click("a", article="s", sku="s", colour="red"))) == 2
    assert decoder.unknown_fields(record(0, b"{")) == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_a_reject(value: bytes) -> None:
    for kind in ("click", "order", "inventory", "metric"):
        with pytest.raises(Reject):
            Decoder(Settings(), kind).decode(Record(0, T0, None, value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("event_id", "event_time", "type", "user_id", "cost", "amount", "lines", "order_id", "currency")
DECODERS = [Decoder(Settings(), kind) for kind in ("click", "order")]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_json_is_an_event_or_a_reject(fields: dict[str, Any]) -> None:
    text = json.dumps({**order("a"), **fields})
    for decoder in DECODERS:
        with contextlib.suppress(Reject):
            event = decoder.decode(Record(0, T0, None, text.encode()))
            assert event.event_id.encode()
            assert isinstance(event.event_time, int)
