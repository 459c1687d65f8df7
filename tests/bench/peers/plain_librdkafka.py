"""Floor: librdkafka's consume loop, with nothing done but asking each message for its bytes."""

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from job import PARTITIONS, Arguments, Meter

arguments = Arguments()
meter = Meter(arguments)
consumer = Consumer(
    {"bootstrap.servers": arguments.bootstrap, "group.id": "floor", "enable.auto.commit": False}
)
consumer.assign([TopicPartition(arguments.topic, at, OFFSET_BEGINNING) for at in range(PARTITIONS)])
while True:
    values = [message.value() for message in consumer.consume(10_000, 1.0)]
    if meter.took(len(values)):
        break
meter.write({})
consumer.close()
