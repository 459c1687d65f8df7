"""A broker in memory: logs, transactional producers, committed offsets, one consumer group.

What we rely on beyond the logs:
* `init_producer` fences: it aborts what the former holder of a transactional id had open, and from then on
  refuses whatever that one sends, however late it arrives.
* Records and offsets of a transaction take effect together, or not at all.
* Nothing ties the two together but the transactional id: a producer that is not fenced may commit, whether
  or not its process still belongs to the group.
* A restart answers nothing that was on its way, and aborts what was open.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aiokafka import OffsetAndMetadata, TopicPartition
from aiokafka.errors import ProducerFenced

from tests.chaos.simulated.fake_log import FakeLog, Fate, New, Transaction


class Broker:
    """All state of the broker; requests are plain calls (see `wire` for how they get here).

    fencing: without it (a planted fault) a new producer joins in with the former one.
    """

    def __init__(self, *, fencing: bool = True) -> None:
        self.logs: defaultdict[TopicPartition, FakeLog] = defaultdict(FakeLog)
        self.boots = 0
        self.up = True
        self._fencing = fencing
        self._epochs: defaultdict[str, int] = defaultdict(int)
        self._open: dict[str, Transaction] = {}
        self._offsets: dict[tuple[str, str, int], tuple[int, str]] = {}

    # -- producers

    def init_producer(self, transactional_id: str) -> int:
        """Return the epoch of the new holder of an id; fence the former one."""
        if self._fencing:
            self._end(transactional_id, Fate.ABORTED)
            self._epochs[transactional_id] += 1
        return self._epochs[transactional_id]

    def add_partition(self, transactional_id: str, epoch: int) -> None:
        """Open the transaction. Raises ProducerFenced."""
        self._transaction(transactional_id, epoch)

    def produce(self, transactional_id: str, epoch: int, partition: TopicPartition, new: New) -> None:
        """Append to the open transaction. Raises ProducerFenced."""
        self.logs[partition].append(new, self._transaction(transactional_id, epoch))

    def add_offsets(
        self,
        transactional_id: str,
        epoch: int,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
        group: str,
    ) -> None:
        """Make committed offsets part of the open transaction. Raises ProducerFenced."""
        transaction = self._transaction(transactional_id, epoch)
        for partition, offset in offsets.items():
            transaction.offsets[group, *partition] = (offset.offset, offset.metadata)

    def commit(self, transactional_id: str, epoch: int) -> None:
        """Make all of a transaction visible. Raises ProducerFenced."""
        self._offsets.update(self._transaction(transactional_id, epoch).offsets)
        self._end(transactional_id, Fate.COMMITTED)

    def _transaction(self, transactional_id: str, epoch: int) -> Transaction:
        if epoch != self._epochs[transactional_id]:
            raise ProducerFenced
        return self._open.setdefault(transactional_id, Transaction())

    def _end(self, transactional_id: str, fate: Fate) -> None:
        if (transaction := self._open.pop(transactional_id, None)) is not None:
            transaction.end(fate)

    # -- consumers

    def committed(
        self, group: str, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Return the committed offsets of a group; a partition without one is left out."""
        known = [partition for partition in partitions if (group, *partition) in self._offsets]
        return {partition: OffsetAndMetadata(*self._offsets[group, *partition]) for partition in known}

    # -- trouble

    def crash(self) -> None:
        """Stop answering; whatever is open is aborted, and its producers may not go on."""
        self.up = False
        self.boots += 1
        for transactional_id in list(self._open):
            self._end(transactional_id, Fate.ABORTED)
            self._epochs[transactional_id] += 1

    def boot(self) -> None:
        """Answer again."""
        self.up = True
