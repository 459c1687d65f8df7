import logging
import pickle

import msgspec
import pytest

from sinks.secret import Secret


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "%s".__mod__, ascii], ids=["repr", "str", "format", "%", "ascii"]
)
def test_a_secret_shows_nowhere(show):
    assert "hunter2" not in show(Secret("hunter2"))
    assert Secret("hunter2").reveal() == "hunter2"


def test_a_secret_shows_in_no_log(caplog):
    logging.getLogger("x").warning("%s %r", Secret("hunter2"), {"a": Secret("hunter2")})
    assert "hunter2" not in caplog.text


def test_a_secret_is_written_into_no_document():
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret("hunter2"))


def test_secrets_are_compared_by_their_text_and_empty_ones_are_none():
    assert Secret("a") == Secret("a") != Secret("b")
    assert not Secret()
    assert pickle.loads(pickle.dumps(Secret("a"))) == Secret("a")  # noqa: S301 (our own)
