"""The supervisor: starts again what crashed, not what ended for good; passes signals on."""

import os
import signal
import sys
import threading

import pytest

from streams.runner.supervisor import PAUSES_S, Supervisor


@pytest.fixture(autouse=True)
def handlers():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def child(code):
    return [sys.executable, "-S", "-c", code]


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_what_ended_for_good_is_not_started_again(code):
    pauses = []
    assert Supervisor(child(f"raise SystemExit({code})"), pauses.append).run() == code
    assert pauses == []


def test_a_crashed_worker_is_started_again_with_growing_pauses(tmp_path):
    counter = tmp_path / "runs"
    code = f"""
import os, signal
with open({str(counter)!r}, "a") as file: file.write("x")
runs = os.path.getsize({str(counter)!r})
if runs == 2: os.kill(os.getpid(), signal.SIGKILL)
raise SystemExit(0 if runs == 4 else 75)
"""
    pauses = []
    assert Supervisor(child(code), pauses.append).run() == 0
    assert pauses == list(PAUSES_S[:3])


def test_a_signal_reaches_the_child_and_ends_both():
    code = "import signal; signal.sigwait([signal.SIGTERM])\nraise SystemExit(0)"
    blocked = f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n{code}"
    supervisor = Supervisor(child(blocked + "\n"), lambda _: None)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert supervisor.run() == 0
