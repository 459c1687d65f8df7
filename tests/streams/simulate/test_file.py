"""The file: one value a line, the same bytes for the same records."""

import gzip

from streams.simulate.file import write_lines
from streams.simulate.record import Record

RECORDS = [Record("click", b"u", b'{"n":%d}' % n, n, n) for n in range(4_500)]


def test_a_plain_file_has_one_value_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    assert write_lines(RECORDS, str(path)) == len(RECORDS)
    assert path.read_bytes().splitlines() == [record.value for record in RECORDS]


def test_a_gzip_file_holds_the_same_and_depends_on_nothing_else(tmp_path):
    one, other = tmp_path / "one.jsonl.gz", tmp_path / "other.jsonl.gz"
    write_lines(RECORDS, str(one))
    write_lines(RECORDS, str(other))
    assert one.read_bytes() == other.read_bytes()
    assert gzip.decompress(one.read_bytes()).splitlines() == [record.value for record in RECORDS]


def test_a_dash_is_stdout(capfdbinary):
    write_lines(RECORDS[:2], "-")
    assert capfdbinary.readouterr().out == b'{"n":0}\n{"n":1}\n'
