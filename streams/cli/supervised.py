"""What commands share that run until told to end: their options, and the supervisor in front of them."""

from collections.abc import Callable
from typing import Any, NoReturn

import click

Command = Callable[..., Any]


def supervised(command: Command) -> Command:
    """Add `--supervise/--no-supervise` and the flag by which a supervisor's child learns that it is gone."""
    stdin = click.option("--watch-stdin", is_flag=True, hidden=True, help="End when stdin is closed.")
    supervise = click.option(
        "--supervise/--no-supervise",
        default=True,
        show_default=True,
        help="Start again after an error (--no-supervise under systemd or Kubernetes).",
    )
    return supervise(stdin(command))


def run_supervised(name: str, config: str | None) -> NoReturn:
    """Run `fenghuo NAME` in a child, again and again until it ends for good; end with its exit code."""
    import sys

    from streams.runner.supervisor import Supervisor, child_command

    sys.exit(Supervisor(child_command(name, ["--config", config] if config else [])).run())
