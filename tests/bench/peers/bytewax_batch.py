"""Bytewax at its best: whole batches into a dict of our own."""

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.connectors.stdio import StdOutSink
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main
from job import Arguments, Meter, Sums, decode

arguments = Arguments()
meter, sums = Meter(arguments), Sums()


def add(messages):
    """Take a batch, give nothing."""
    sums.add([decode(message.value) for message in messages])
    meter.took(len(messages))
    return []


flow = Dataflow("batch")
source = KafkaSource([arguments.bootstrap], [arguments.topic], tail=False, batch_size=5_000)
messages = op.input("kafka", flow, source)
op.output("nowhere", op.flat_map_batch("add", messages, add), StdOutSink())
run_main(flow)
meter.write(sums.named())
