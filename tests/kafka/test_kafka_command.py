"""`fenghuo kafka` as a person uses it, on a broker of its own."""

from pathlib import Path

import pytest

from streams.cli.main import main
from streams.kafka.local import Broker
from streams.kafka.port import answers, free_port

pytestmark = pytest.mark.kafka


def fenghuo(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)


def test_up_status_and_down(tmp_path: Path, broker: Broker, capfd: pytest.CaptureFixture[str]) -> None:
    for jars in broker.jars.glob("libs-*"):
        (tmp_path / jars.name).symlink_to(jars.resolve())
    port = str(free_port())
    data = ["--data", str(tmp_path)]
    assert fenghuo("kafka", "status", *data) == 1
    assert "`fenghuo kafka up` starts one" in capfd.readouterr().err
    try:
        assert fenghuo("kafka", "up", "--port", port, *data) == 0
        assert capfd.readouterr().out == f"127.0.0.1:{port}\n"
        assert fenghuo("kafka", "up", "--port", port, *data) == 0
        assert "runs already" in capfd.readouterr().err
        assert fenghuo("kafka", "status", *data) == 0
    finally:
        assert fenghuo("kafka", "down", "--purge", *data) == 0
    assert not answers(int(port))
    assert not (tmp_path / "logs").exists()
    capfd.readouterr()
    assert fenghuo("kafka", "down", *data) == 0
    assert "no broker ran" in capfd.readouterr().err


def test_down_leaves_a_stranger_with_the_old_process_id_alone(
    tmp_path: Path, broker: Broker, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broker.pid").write_text(str(broker.pid))
    assert fenghuo("kafka", "down", "--data", str(tmp_path)) == 0
    assert "no broker ran" in capfd.readouterr().err
    assert broker.pid is not None
