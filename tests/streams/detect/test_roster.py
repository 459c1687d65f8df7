import pytest

from detectors.series import OTHER
from streams.detect.roster import Roster


def test_an_entity_keeps_its_slot():
    roster = Roster(("sku",), 10)
    assert roster.slots(["sku=b", "sku=a", "sku=b"]).tolist() == [0, 1, 0]
    assert roster.slots(["sku=a"]).tolist() == [1]
    assert roster.entities == ["sku=b", "sku=a"]


def test_first_come_first_served_and_the_rest_share_one_slot():
    roster = Roster(("sku",), 2)
    assert roster.slots(["a", "b", "c", "d", "a"]).tolist() == [0, 1, 2, 2, 0]
    assert roster.entities == ["a", "b", OTHER]
    assert roster.refused == 2


def test_an_entity_called_other_by_the_shop_is_counted_with_the_rest():
    roster = Roster(("sku",), 2)
    assert roster.slots([OTHER, "a", "b"]).tolist() == [0, 1, 0]


def test_stored_entities_keep_their_slots_though_the_limit_is_lower_now():
    roster = Roster(("sku",), 1)
    roster.restore(["a", "b", OTHER, "c"])
    assert roster.slots(["c", "b", "d", OTHER]).tolist() == [3, 1, 2, 2]
    assert (len(roster), roster.refused) == (4, 1)


@pytest.mark.parametrize("n", [0, 1, 5000])
def test_any_number_of_entities_is_admitted_at_once(n):
    roster = Roster(("sku",), 10_000)
    assert roster.slots([f"e{i}" for i in range(n)]).tolist() == list(range(n))


def test_a_slot_that_was_released_is_taken_by_the_next_the_smallest_first():
    roster = Roster(("sku",), 4)
    slots = roster.slots(["a", "b", "c", "d"])
    roster.release(slots[[2, 0]])
    again = Roster(("sku",), 4)
    again.restore(roster.entities)
    for one in (roster, again):
        assert one.slots(["e", "b", "f", "g"]).tolist() == [0, 1, 2, 4]
        assert one.entities == ["e", "b", "f", "d", OTHER]


def test_the_whole_shop_has_no_name_and_yet_a_slot_after_a_restart():
    roster = Roster((), 4)
    roster.restore([""])
    assert roster.slots([""]).tolist() == [0]
