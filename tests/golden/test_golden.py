"""What was stored by this version and by older ones can be read, and means the same."""

import msgspec
import pytest

from streams import partial
from streams.machine import Record, Shows, StateRefused
from streams.runner.checkpoint import FORMAT, find
from tests.golden.make import FOLDER, SOURCE, T0, VERSIONS, file_of, load, log, machines, partials, run

OLDER = [(name, version) for name, newest in VERSIONS.items() for version in range(1, newest)]


@pytest.fixture(scope="module")
def after():
    return run()


def restored(name, version):
    metadata, blocks = load(file_of(name, version))
    machine = machines()[name]
    machine.restore(blocks, metadata)
    return machine


@pytest.mark.parametrize("name", VERSIONS)
def test_the_state_of_today_is_written_as_it_was_read(name):
    metadata, blocks = load(file_of(name, VERSIONS[name]))
    machine = restored(name, VERSIONS[name])
    assert list(machine.snapshot()) == blocks
    assert machine.metadata() == metadata


@pytest.mark.parametrize("name", ["ingest", "notify"])
def test_the_log_still_leads_to_the_golden_state(name, after):
    """Not asked of detect: its numbers come from exp and log, which differ in the last bit by machine."""
    assert list(after[name].snapshot()) == load(file_of(name, VERSIONS[name]))[1]


def test_the_log_still_leads_to_the_alerts_of_the_golden_state(after):
    golden = restored("detect", VERSIONS["detect"])
    for key, watch in after["detect"].parts.watches.items():
        other = golden.parts.watches[key]
        for column in ("grade", "opened_end", "sequence"):
            assert (watch.bank.life[column][watch.rows] == other.bank.life[column][other.rows]).all()


@pytest.mark.parametrize(("name", "version"), OLDER, ids=str)
def test_an_older_state_is_migrated(name, version):
    old, again = restored(name, version), machines()[name]
    again.restore(old.snapshot(), old.metadata())
    assert list(again.snapshot()) == list(old.snapshot())
    assert list(again.samples()) == list(old.samples()) != []
    if isinstance(old, Shows):
        assert list(again.series(10_000)) == list(old.series(10_000)) != []


def test_a_migrated_ingest_is_the_one_of_today(after):
    for version in range(1, VERSIONS["ingest"]):
        machine = restored("ingest", version)
        assert list(machine.snapshot()) == list(after["ingest"].snapshot())
        assert machine.metadata() == after["ingest"].metadata()


@pytest.mark.parametrize("format_", range(1, FORMAT + 1))
def test_checkpoints_of_every_format_are_found_newest_first(format_):
    kept = msgspec.msgpack.decode(file_of("checkpoint", format_).read_bytes(), type=dict[bytes, bytes])
    found = [one.checkpoint for one in find(kept, SOURCE)]
    assert [one.offset for one in found] == [600, 300]
    for checkpoint in found:
        straight, ingest = machines()["ingest"], machines()["ingest"]
        straight.apply(log()[: checkpoint.offset])
        straight.flush(0, caught_up=False)
        ingest.restore(checkpoint.blocks, checkpoint.metadata)
        assert ingest.snapshot() == straight.snapshot()


def stored_partials(version):
    return msgspec.msgpack.decode(file_of("partial", version).read_bytes(), type=list[bytes])


def test_the_log_still_leads_to_the_golden_partials():
    assert partials() == stored_partials(partial.VERSION)


@pytest.mark.parametrize("version", range(1, partial.VERSION + 1))
def test_partials_of_every_version_mean_the_same(version):
    stored, written = (map(partial.from_bytes, values) for values in (stored_partials(version), partials()))
    for old, new in zip(stored, written, strict=True):
        assert old[:-1] == new[:-1]
        assert sorted(old.rows()) == sorted(new.rows())


@pytest.mark.parametrize("version", range(1, partial.VERSION + 1))
def test_partials_of_every_version_lead_to_the_same_alerts_and_may_follow_each_other(version):
    def told(values):
        detect = machines()["detect"]
        detect.apply([Record(offset, T0, None, value) for offset, value in enumerate(values)])
        return detect.flush(0, caught_up=False)

    straight = told(partials())
    first, second = stored_partials(version)[0], partials()[1]
    assert told([first, second]) == straight
    assert len(straight) > 2


@pytest.mark.parametrize("name", VERSIONS)
def test_a_state_of_a_version_to_come_is_refused(name):
    metadata, (first, *others) = load(file_of(name, VERSIONS[name]))
    version = VERSIONS[name]
    if name == "detect":
        part, _, *rest = msgspec.msgpack.decode(first)
        first = msgspec.msgpack.encode((part, version + 1, *rest))
    else:
        first = first[:4] + (version + 1).to_bytes(2, "little") + first[6:]
    with pytest.raises(StateRefused, match=f"version {version + 1}"):
        machines()[name].restore([first, *others], metadata)


def test_every_golden_file_is_of_a_format_that_there_is():
    known = {file_of(name, one) for name, version in VERSIONS.items() for one in range(1, version + 1)}
    known |= {file_of("checkpoint", one) for one in range(1, FORMAT + 1)}
    known |= {file_of("partial", one) for one in range(1, partial.VERSION + 1)}
    assert set(FOLDER.glob("*.bin")) == known
