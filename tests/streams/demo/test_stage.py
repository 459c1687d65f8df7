import os
import signal
from pathlib import Path

import pytest

from streams.demo.stage import ended_by_signals, write_config
from streams.settings import load


def test_the_settings_of_the_demo_are_a_file_that_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "fenghuo.yaml"
    write_config(path, {"shop": "demo", "time": {"timezone": "Etc/GMT-5"}, "server": {"port": 1234}})
    settings = load(str(path))
    assert (settings.shop, settings.time.timezone, settings.server.port) == ("demo", "Etc/GMT-5", 1234)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_the_demo_ends_it_in_order(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before
