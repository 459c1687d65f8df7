"""Bytewax as documented: keyed, `fold_window` over tumbling minutes of event time."""

from datetime import UTC, datetime, timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.testing import TestingSink, run_main
from job import DIMENSIONS, MINUTE_MS, MONEY, PLACE, TYPES, Arguments, Meter, decode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
arguments = Arguments()
meter = Meter(arguments)


def entities(message):
    """Give the click to each entity it counts for."""
    click = decode(message.value)
    meter.took(1)
    yield "", click
    for dim in DIMENSIONS:
        yield f"{dim}={getattr(click, dim)}", click


def fold(cell, click):
    """Add a click to a cell."""
    cell[PLACE[click.type]] += 1
    cell[-1] += round(click.cost * MONEY)
    return cell


def merge(one, other):
    """Add two cells."""
    return [a + b for a, b in zip(one, other, strict=True)]


flow = Dataflow("window")
messages = op.input("kafka", flow, KafkaSource([arguments.bootstrap], [arguments.topic], tail=False))
clicks = op.flat_map("entities", messages, entities)
clock = EventClock(
    ts_getter=lambda click: EPOCH + timedelta(milliseconds=click.event_time),
    wait_for_system_duration=timedelta(minutes=10),
)
minutes = TumblingWindower(length=timedelta(minutes=1), align_to=EPOCH)
folded = fold_window("fold", clicks, clock, minutes, lambda: [0] * (len(TYPES) + 1), fold, merge)
found = []
op.output("found", folded.down, TestingSink(found))
run_main(flow)
meter.ended()
meter.write({f"{window * MINUTE_MS} {entity}": cell for entity, (window, cell) in found})
