"""The real worker as a process; settings are JSON: its argument or, for those too long, standard input."""

import sys

import msgspec

from streams.runner.worker import run
from streams.settings.model import Settings

if __name__ == "__main__":
    text = sys.argv[1] if len(sys.argv) > 1 else sys.stdin.buffer.read()
    run(msgspec.json.decode(text, type=Settings))
