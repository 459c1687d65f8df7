import re

import msgspec

from streams.asyncapi import FILE, document
from streams.ingest.event import EVENTS
from streams.kafka.topic_spec import wanted
from streams.settings.model import Settings

DOCUMENT = msgspec.yaml.decode(document())


def test_the_document_is_what_the_structs_say():
    assert FILE.read_bytes() == document(), "run: python -m streams.asyncapi"


def test_every_topic_that_others_meet_is_a_channel():
    topics = Settings().topics
    own = {topics.partial, topics.control, *(name for name in wanted(Settings()) if "-state." in name)}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == wanted(
        Settings()
    ).keys() - own


def test_every_channel_has_one_operation_and_is_of_its_topic():
    targets = [operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()]
    assert sorted(targets) == sorted(f"#/channels/{name}" for name in DOCUMENT["channels"])


def test_references_lead_somewhere():
    for reference in re.findall(r"#(/[\w/-]+)", document().decode()):
        found = DOCUMENT
        for name in reference.strip("/").split("/"):
            found = found[name]


def test_only_events_are_received():
    received = {
        name for name, operation in DOCUMENT["operations"].items() if operation["action"] == "receive"
    }
    assert received == {f"receive-{kind}" for kind in EVENTS}
