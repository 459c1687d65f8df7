import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.partitioner import murmur2, partition_of


@given(st.binary(max_size=40))
def test_the_hash_is_the_one_of_the_kafka_client(data: bytes) -> None:
    assert murmur2(data) == reference(bytearray(data)) & 0xFFFFFFFF


@pytest.mark.parametrize("key", ["", "region=east", "sku=火", "campaign=c7,channel=app"])
def test_a_key_goes_where_the_kafka_client_sends_it(key: str) -> None:
    partitions = list(range(7))
    assert partition_of(key, 7) == DefaultPartitioner()(key.encode(), partitions, partitions)


def test_every_partition_is_used() -> None:
    assert {partition_of(f"sku={i}", 8) for i in range(100)} == set(range(8))
