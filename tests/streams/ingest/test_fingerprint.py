"""Fingerprints, and the labels that events tell of entities by them."""

import random

import numpy as np
import pytest

from streams.ingest.fingerprint import fingerprints, labels_of
from streams.ingest.ingest import Ingest
from streams.settings.model import Metric
from tests.streams.records import PANE_MS, T0, cells_of, click, order, record, settings_of


def test_a_fingerprint_is_the_same_in_every_process_and_a_label_fits_a_sum():
    assert fingerprints(["shoes"]).tolist() == [2069200323341772933]
    assert labels_of(["shoes"]).tolist() == [2069200323341772933 >> 2]
    labels = labels_of(map(str, range(10_000)))
    assert labels.dtype == np.int64
    assert len(set(labels.tolist())) == 10_000
    assert 0 <= labels.min() <= labels.max() < 2**62


def told(kind, metric, events):
    """Return the label of each (sku, minute) that events tell."""
    config = settings_of({"m": metric}, [[], ["sku"]])
    ingest = Ingest(config, kind, 0)
    ingest.apply([record(n, event) for n, event in enumerate(events)])
    cells = cells_of(ingest.flush(T0, caught_up=False), "m@category/sku")
    return {(entity, (pane - T0) // PANE_MS): cell for (entity, pane), cell in cells.items()}


@pytest.mark.parametrize("seed", range(3))
def test_clicks_tell_the_category_of_their_sku_minute_by_minute(seed):
    rows = [
        ("a", 0, "x"),
        ("a", 0, "x"),
        ("b", 0, "y"),
        ("a", 1, "y"),
        ("b", 1, None),
        (None, 0, "x"),
        ("c", 0, "x"),
        ("c", 0, "y"),
    ]
    random.Random(seed).shuffle(rows)
    fields = [{"sku": sku, "category": category} for sku, _, category in rows]
    events = [click(f"{n}", at=T0 + rows[n][1] * PANE_MS, **some) for n, some in enumerate(fields)]
    x, y = labels_of(["x", "y"]).tolist()
    expected = {
        ("sku=a", 0): (2, x),
        ("sku=b", 0): (1, y),
        ("sku=a", 1): (1, y),
        ("sku=c", 0): (2, max(x, y)),
    }
    assert told("click", Metric(event="click", count=True), events) == expected


def test_each_line_of_an_order_tells_that_of_its_own_sku_if_the_metric_counts_it():
    lines = [
        {"sku": "a", "qty": 1, "category": "x"},
        {"sku": "b", "qty": 2, "category": "y"},
        {"sku": "c", "qty": 1},
    ]
    events = [order("1", lines=lines), order("2", lines=lines[1:], type="cancelled")]
    metric = Metric(event="order", where={"type": "created"}, lines=True, sum="qty")
    x, y = labels_of(["x", "y"]).tolist()
    assert told("order", metric, events) == {("sku=a", 0): (1, x), ("sku=b", 0): (1, y)}
