import pytest

from streams.ingest.duplicate import Duplicates


def fed(duplicates: Duplicates, ids: list[tuple[str, int]]) -> list[bool]:
    return [duplicates.seen(event_id, clock_ms) for event_id, clock_ms in ids]


@pytest.mark.parametrize(
    ("again_ms", "told"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(800, True, id="at the horizon"),
        pytest.param(1_000, False, id="after nine eighths of it"),
    ],
)
def test_an_id_is_remembered_for_the_horizon(again_ms: int, told: bool) -> None:
    duplicates = Duplicates(800, 1_000_000)
    fed(duplicates, [("a", 0), *((f"x{ms}", ms) for ms in range(1, again_ms, 10))])
    assert duplicates.seen("a", again_ms) is told


def test_the_first_id_of_a_partition_is_remembered_like_any_other() -> None:
    duplicates = Duplicates(800, 1_000_000)
    assert fed(duplicates, [("a", 10**12), ("b", 10**12 + 700), ("a", 10**12 + 701)]) == [False, False, True]


def test_never_more_ids_than_the_capacity_are_kept() -> None:
    duplicates = Duplicates(10**9, 80)
    sizes = []
    for i in range(1_000):
        duplicates.seen(str(i), 0)
        sizes.append(len(duplicates))
    assert max(sizes) <= 80
    assert min(sizes[80:]) == 70
    assert fed(duplicates, [("999", 0), ("930", 0), ("0", 0)]) == [True, True, False]


def test_a_duplicate_does_not_lengthen_its_own_life() -> None:
    duplicates = Duplicates(800, 1_000_000)
    fed(duplicates, [("a", 0), *((f"x{ms}", ms) for ms in range(1, 700, 10))])
    assert duplicates.seen("a", 700) is True
    fed(duplicates, [(f"x{ms}", ms) for ms in range(701, 1_000, 10)])
    assert duplicates.seen("a", 1_000) is False


def test_segments_carry_the_whole_state() -> None:
    original, copy = Duplicates(800, 100), Duplicates(800, 100)
    fed(original, [(str(i), i * 7) for i in range(150)])
    copy.load(original.segments())
    later = [(str(i), i * 7) for i in range(120, 400)]
    assert fed(copy, later) == fed(original, later)
    assert copy.segments() == original.segments()
