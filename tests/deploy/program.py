"""Programs that tests of deploy/ run: found, or the test is skipped with the reason."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"


def program(name: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is missing: make setup")
    return found


def run(name: str, *arguments: str | Path) -> str:
    """Run a program; return what it printed. Fails the test if the program fails."""
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
