"""Faust as documented: a record type, an agent that takes event by event, with a dict of our own."""

import os
import sys

import faust
from job import Arguments, Meter, Sums

arguments = Arguments()
meter, sums = Meter(arguments), Sums()
app = faust.App(
    "stock",
    broker=f"kafka://{arguments.bootstrap}",
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    web_enabled=False,
)


class Click(faust.Record, serializer="json"):
    """What the job reads of a click."""

    event_time: int
    type: str
    channel: str
    campaign: str
    region: str
    sku: str
    cost: float


@app.agent(app.topic(arguments.topic, value_type=Click))
async def add(clicks):
    """Take events one by one, to the last."""
    async for click in clicks:
        sums.add((click,))
        if meter.took(1):
            meter.write(sums.named())
            os._exit(0)


sys.argv = ["stock", "worker", "--loglevel=warn", "--without-web"]
app.main()
