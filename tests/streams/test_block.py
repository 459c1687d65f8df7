import pytest

from streams.block import BLOCK_BYTES, from_blocks, to_blocks, version_of
from streams.machine import StateRefused

STATE = bytes(range(256)) * 5_000


@pytest.mark.parametrize("state", [b"", b"x", STATE], ids=["empty", "one byte", "three blocks"])
def test_state_comes_back_whole_in_blocks_that_fit_a_record(state: bytes) -> None:
    blocks = to_blocks(1, state)
    assert max(map(len, blocks)) <= BLOCK_BYTES
    assert from_blocks(1, blocks) == state


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        pytest.param([], "cut off", id="none"),
        pytest.param([b"FHST"], "cut off", id="half a head"),
        pytest.param(to_blocks(2, b"x"), "version 2, have 1", id="another version"),
        pytest.param([b"else" + to_blocks(1, b"x")[0][4:]], "version", id="something else"),
        pytest.param(to_blocks(1, STATE)[:2], "damaged", id="a block missing"),
        pytest.param(to_blocks(1, STATE)[::-1], "version", id="blocks in the wrong order"),
        pytest.param([to_blocks(1, b"abc")[0][:-1] + b"d"], "damaged", id="a byte flipped"),
        pytest.param([*to_blocks(1, b"abc"), b"d"], "damaged", id="a byte too many"),
    ],
)
def test_damaged_state_is_refused(blocks: list[bytes], message: str) -> None:
    with pytest.raises(StateRefused, match=message):
        from_blocks(1, blocks)


@pytest.mark.parametrize(
    ("blocks", "version"),
    [
        pytest.param(to_blocks(7, b"x"), 7, id="ours"),
        pytest.param([b"FHST"], None, id="half a head"),
        pytest.param([b"else" + to_blocks(1, b"x")[0][4:]], None, id="something else"),
    ],
)
def test_a_state_tells_its_version(blocks: list[bytes], version: int | None) -> None:
    assert version_of(blocks) == version
