import pytest

from streams.ingest.watermark import Watermark
from streams.partial import NO_TIME


@pytest.mark.parametrize(
    ("events", "behind_ms", "passed_ms"),
    [
        pytest.param([(1_000, 1_000)], [-(2**62) - 1_000 - 30], 970, id="the first is never late"),
        pytest.param([(1_000, 1_000), (1_500, 1_400)], [None, -530], 1_370, id="no further than its record"),
        pytest.param([(1_000, 1_000), (970, 1_001)], [None, 0], 970, id="exactly at the watermark: in time"),
        pytest.param([(1_000, 1_000), (969, 1_001)], [None, 1], 970, id="1 ms below: late"),
        pytest.param([(1_000, 1_000), (500, 1_001), (980, 1_002)], [None, 470, -10], 970, id="never falls"),
    ],
)
def test_the_watermark_follows_the_greatest_event_time(
    events: list[tuple[int, int]], behind_ms: list[int | None], passed_ms: int
) -> None:
    watermark = Watermark(lateness_ms=30)
    found = [watermark.observe(*event) for event in events]
    assert [x for x, y in zip(found, behind_ms, strict=True) if y is not None] == [
        y for y in behind_ms if y is not None
    ]
    assert watermark.passed_ms == passed_ms


@pytest.mark.parametrize(
    ("now_ms", "projected_ms"),
    [
        pytest.param(2_000, 970, id="at the record"),
        pytest.param(2_400, 1_370, id="silence counts from the record's time"),
        pytest.param(1_900, 970, id="a clock behind the broker's does not set it back"),
        pytest.param(99_000, 5_970, id="the horizon stops it"),
    ],
)
def test_silence_projects_the_watermark(now_ms: int, projected_ms: int) -> None:
    watermark = Watermark(lateness_ms=30)
    watermark.observe(1_000, 2_000)
    assert watermark.projected_ms(now_ms, horizon_ms=5_000) == projected_ms


def test_before_any_event_there_is_no_time() -> None:
    watermark = Watermark(lateness_ms=30)
    assert (watermark.passed_ms, watermark.projected_ms(10**12, 10**9)) == (NO_TIME, NO_TIME)
