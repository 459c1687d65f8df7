"""Quix Streams at its best: its consume loop with a dict of our own."""

import os

from job import Arguments, Meter, Sums, decode
from quixstreams import Application

arguments = Arguments()
meter, sums = Meter(arguments), Sums()


def add(value: bytes) -> None:
    """Take one event."""
    sums.add((decode(value),))
    meter.took(1)


app = Application(
    arguments.bootstrap,
    consumer_group=f"quix-{os.getpid()}",  # each run reads from the beginning
    auto_offset_reset="earliest",
    auto_create_topics=False,
    use_changelog_topics=False,
    loglevel="WARNING",
)
frame = app.dataframe(app.topic(arguments.topic, value_deserializer="bytes"))
frame.update(add)
app.run(count=arguments.events, collect=False)
meter.write(sums.named())
