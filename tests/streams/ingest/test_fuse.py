import pytest

from streams.ingest.fuse import Blow, Fuse
from streams.settings import model

SETTINGS = model.Fuse(ratio=0.5, volume=10)


def fed(fuse: Fuse, outcomes: str, start: int = 0) -> list[int]:
    """Feed `x` = reject, `.` = good record; return the offsets where it blew."""
    blown = []
    for offset, outcome in enumerate(outcomes, start):
        fuse.mended(offset)
        if outcome == "x" and fuse.reject(offset + 1, offset, offset * 100):
            blown.append(offset)
    return blown


@pytest.mark.parametrize(
    ("outcomes", "blown"),
    [
        pytest.param("xxxxx", [], id="half of the volume is not over it"),
        pytest.param("xxxxxx", [5], id="the sixth of ten"),
        pytest.param("x.x.x.x.x.x.x.x.x.x.x.", [], id="every second"),
        pytest.param("xx.xx.xx..", [7], id="six of eight"),
        pytest.param("xxxx......xxxx......xxxx", [], id="bursts forgotten in between"),
        pytest.param("xxxxxxxxxxxxxxxxxxxx", [5], id="only once while blown"),
    ],
)
def test_the_fuse_blows_when_the_share_of_rejects_is_exceeded(outcomes: str, blown: list[int]) -> None:
    fuse = Fuse(SETTINGS)
    assert fed(fuse, outcomes) == blown
    assert fuse.paused is bool(blown)


def test_it_can_be_switched_off() -> None:
    fuse = Fuse(model.Fuse(ratio=0.5, volume=10, enabled=False))
    assert fed(fuse, "x" * 30) == []
    assert not fuse.paused


@pytest.mark.parametrize(
    ("reset", "paused"),
    [
        pytest.param(5, True, id="at the blow itself: not meant for it"),
        pytest.param(6, False, id="after it"),
        pytest.param(1_000, False, id="at the end of the log"),
    ],
)
def test_a_reset_after_the_blow_lifts_the_pause(reset: int, paused: bool) -> None:
    fuse = Fuse(SETTINGS)
    fed(fuse, "xxxxxx")
    fuse.reset(reset)
    assert fuse.paused is paused


def test_rejects_before_the_reset_no_longer_count() -> None:
    fuse = Fuse(SETTINGS)
    fed(fuse, "xxxxxx")
    fuse.reset(8)
    assert fed(fuse, "xx", start=6) == []
    assert fuse.mended(8) == Blow(5, 500, 0.6)
    assert fed(fuse, "xxxxx", start=8) == []
    assert fed(fuse, "x", start=13) == [13]


def test_a_reset_known_beforehand_leads_to_the_same_state() -> None:
    outcomes = "xxxxxxx" + "x.xx.xx.x." + "xxxxxxxx"
    live, replayed = Fuse(SETTINGS), Fuse(SETTINGS)
    blown = fed(live, outcomes[:7])
    live.reset(7)
    blown += fed(live, outcomes[7:], start=7)
    replayed.reset(7)
    assert fed(replayed, outcomes) == blown
    assert (replayed.rejects(), replayed.blow) == (live.rejects(), live.blow)


def test_its_state_can_be_taken_over() -> None:
    original, copy = Fuse(SETTINGS), Fuse(SETTINGS)
    fed(original, "xx.xx")
    copy.load(original.rejects(), original.blow)
    assert fed(copy, "xx", start=5) == fed(original, "xx", start=5) == [6]
