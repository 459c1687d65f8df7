"""Which partition a key belongs to: Kafka's default partitioner, so that anybody can find it."""

from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return the 32-bit hash of Kafka's Java client (murmur2, seed 0x9747b28c)."""
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _M & _MASK
        h = (h * _M ^ (k ^ k >> 24) * _M) & _MASK
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=200_000)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key among so many."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
