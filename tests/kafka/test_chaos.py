"""The short form of the chaos campaign (tests/chaos/real): kills and a zombie, judged to the byte."""

import pytest

from streams.kafka.topics import apply
from tests.chaos.real.attack import Pair
from tests.chaos.real.campaign import attacked
from tests.chaos.real.shop import shop_settings

pytestmark = pytest.mark.kafka


def attacks(pair: Pair) -> None:
    pair.kill(2)
    pair.freeze_in_commit(1, seconds=6)


def test_attacked_workers_leave_what_an_undisturbed_run_leaves(broker, settings, tmp_path):
    shop = shop_settings(settings)
    apply(shop)
    result = attacked(broker, shop, tmp_path, attacks)
    assert result["complaints"] == []
    assert (result["kills"], result["fenced_commits"]) == (2, 1)
    assert result["golden_alerts"] > 20
    assert (result["lost"], result["duplicates"], result["unaccounted"]) == (0, 0, 0)
