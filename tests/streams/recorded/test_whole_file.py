import os
import threading

import pytest

from streams.recorded.whole_file import whole_file


def test_a_file_is_there_when_all_of_it_is_written(tmp_path):
    path = tmp_path / "alerts"
    with whole_file(str(path)) as file:
        file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["alerts"]


def interrupted(path):
    with whole_file(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_failure_leaves_what_was_there_before(tmp_path):
    path = tmp_path / "alerts"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        interrupted(str(path))
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["alerts"]


def test_a_link_goes_on_leading_to_its_file(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with whole_file(str(link)) as file:
        file.write(b"one")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"one")


def test_a_pipe_is_written_to_directly(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with whole_file(str(pipe)) as file:
        file.write(b"one")
    reader.join()
    assert read == [b"one"]
    assert os.listdir(tmp_path) == ["pipe"]
