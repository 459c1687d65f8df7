"""A lane: order, digests, bounds, and where to go on after a restart."""

from hypothesis import given
from hypothesis import strategies as st

from sinks.lane import Item, Lane
from sinks.message import Desk
from tests.sinks.notifications import notification

DESK = Desk("en", "UTC")


def item(offset: int, incident: int = 0, appended_ms: int = 0, grade: int = 3) -> Item:
    return Item(
        offset, appended_ms or offset, notification(incident or offset + 1, sequence=offset, grade=grade)
    )


def lane(*offsets: int, room: int = 100, digest_from: int | None = None, position: int = 0) -> Lane:
    made = Lane(DESK, room, digest_from, position)
    for offset in offsets:
        made.put(item(offset))
    return made


def offsets_of(made: Lane) -> list[int]:
    """Settle everything, one load after the other, and return the offsets after each."""
    ends = []
    while (load := made.load()) is not None:
        ends.append(load.end)
        made.settle(load)
    return ends


def test_what_waits_goes_out_one_by_one_in_order():
    assert offsets_of(lane(3, 5, 6)) == [4, 6, 7]


def test_from_a_number_on_all_that_waits_is_one_digest():
    made = lane(0, 1, 2, digest_from=3)
    load = made.load()
    assert (load.end, len(load.parcel.notifications)) == (3, 3)
    assert offsets_of(lane(0, 1, digest_from=3)) == [1, 2]


def test_what_comes_while_a_load_is_on_its_way_waits_for_the_next():
    made = lane(0, 1, 2, digest_from=3)
    load = made.load()
    made.put(item(3))
    made.settle(load)
    assert (made.position, offsets_of(made)) == (3, [4])


def test_the_position_is_after_what_is_settled_and_past_what_is_for_others():
    made = lane(position=5)
    assert made.position == 5
    made.skip(5)
    assert made.position == 6
    made.put(item(6))
    made.skip(7)
    assert made.position == 6
    made.settle(made.load())
    made.skip(8)
    assert made.position == 9


def test_what_was_settled_before_a_restart_is_not_taken_again():
    assert len(lane(0, 1, 2, position=2)) == 1


def test_beyond_its_room_the_newest_of_each_incident_is_kept():
    made = Lane(DESK, 4, None, 0)
    for offset in range(10):
        made.put(item(offset, incident=1 + offset % 2))
    load = made.load()
    assert [each.sequence for each in load.parcel.notifications] == [6, 7, 8, 9]
    assert load.parcel.collapsed == 6
    made.settle(load)
    assert (made.position, len(made)) == (10, 0)


def test_beyond_its_room_the_worst_are_kept():
    made = Lane(DESK, 4, None, 0)
    for offset, grade in enumerate([4, 1, 1, 1, 3]):
        made.put(item(offset, grade=grade))
    load = made.load()
    assert [each.grade for each in load.parcel.notifications] == [4, 3]
    assert load.parcel.collapsed == 3


def test_what_is_left_out_while_a_load_is_on_its_way_is_settled_once():
    made = Lane(DESK, 2, None, 0)
    made.put(item(0, incident=1))
    load = made.load()
    for offset in range(1, 6):
        made.put(item(offset, incident=2))
    made.settle(load)
    assert made.position == 1
    assert offsets_of(made) == [6]
    assert (made.position, len(made)) == (6, 0)


def test_what_is_too_old_is_left_out_and_counted():
    made = lane(10, 20, 30)
    assert made.expire(25) == 2
    assert offsets_of(made) == [31]
    assert lane(10, 20).expire(100) == 2


def test_an_emptied_lane_has_nothing_left_out():
    made = Lane(DESK, 2, None, 0)
    for offset in range(5):
        made.put(item(offset, incident=1))
    assert made.expire(1_000) == 5
    assert (len(made), made.load(), made.position) == (0, None, 5)


STEPS = st.lists(st.sampled_from(["put", "skip", "load", "settle", "expire"]), max_size=60)


@given(steps=STEPS, room=st.integers(1, 5), digest_from=st.sampled_from([None, 2, 4]))
def test_everything_is_settled_in_order_and_nothing_is_skipped(steps, room, digest_from):
    made = Lane(DESK, room, digest_from, 0)
    offset, load, last = 0, None, 0
    for step in steps:
        if step == "put":
            made.put(item(offset, incident=1 + offset % 3))
            offset += 1
        elif step == "skip":
            made.skip(offset)
            offset += 1
        elif step == "load":
            load = made.load()
        elif step == "settle" and load is not None:
            made.settle(load)
            load = None
        elif step == "expire" and load is None:
            made.expire(offset - 3)
        assert last <= made.position <= offset
        assert len(made) >= 0
        last = made.position
    offsets_of(made)
    assert (made.position, len(made)) == (offset, 0)
