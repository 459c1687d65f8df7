"""A batch: records in a row, decoded together, and which of them need a look of their own.

Most records are alike: readable, new, in time. Stretches of such records are taken as columns, which comes to
the same as taking them one by one and costs a third of it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.ingest.decoder import Decoder
from streams.ingest.duplicate import Duplicates
from streams.ingest.watermark import Watermark
from streams.machine import Record

Ints = NDArray[np.int64]


class Batch:
    """Records and their columns, one entry a record.

    events     None where the decoder rejects the record
    offsets    of the records
    record_ms  record timestamps
    steps_ms   what each does to the watermark: min(event time, record timestamp), 0 where there is no event
    """

    def __init__(self, records: Sequence[Record], decoder: Decoder) -> None:
        self.records = records
        self.offsets = _offsets(records)
        self.record_ms: Ints = np.fromiter([record.timestamp for record in records], np.int64, len(records))
        self.events, self._times = decoder.batch(records, self.record_ms)
        self.ids = ["" if event is None else event.event_id for event in self.events]
        self.steps_ms: Ints = np.minimum(self._times, self.record_ms)

    def odd(self, duplicates: Duplicates, watermark: Watermark, sample_every: int) -> list[int]:
        """Return, in order, the entries that must be looked at one by one, and perhaps a few more.

        Rejects, those to be sampled, ids that may be duplicates, and what comes late, if every record before
        it counts.
        """
        before = np.concatenate(([watermark.top_ms], self.steps_ms[:-1]))
        odd = watermark.behind_ms(np.maximum.accumulate(before), self._times) > 0
        odd |= self.offsets % sample_every == 0
        odd |= self._times == 0
        odd[duplicates.suspects(self.ids)] = True
        return np.flatnonzero(odd).tolist()


def _offsets(records: Sequence[Record]) -> Ints:
    first, last = records[0].offset, records[-1].offset
    if last - first == len(records) - 1:  # nearly always
        return np.arange(first, last + 1)
    return np.fromiter([record.offset for record in records], np.int64, len(records))
