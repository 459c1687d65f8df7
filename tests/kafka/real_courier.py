"""The real courier as a process, with settings given as JSON instead of a file."""

import sys

import msgspec

from streams.courier.run import run
from streams.settings.model import Settings

if __name__ == "__main__":
    run(msgspec.json.decode(sys.argv[1], type=Settings))
