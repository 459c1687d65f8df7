"""`fenghuo kafka`: a local broker to try things with."""

from pathlib import Path

import click

from streams.failure import FAILED
from streams.kafka.local import Broker

EXAMPLES = """\b
Examples:
  fenghuo kafka up                     start on 127.0.0.1:9092, in the background
  fenghuo kafka up --port 9192 --data /tmp/kafka
  fenghuo kafka down
"""
DATA = Path("fenghuo-data/kafka")

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default=True,
    help="Folder of jars, log segments and broker.log.",
)


@click.group(help=f"Start, show or stop a local Kafka broker (needs Java and Maven).\n\n{EXAMPLES}")
def command() -> None:
    """Group the three verbs."""


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), default=9092, show_default=True)
@data_option
def up(port: int, data: Path) -> None:
    """Start the broker and return when it answers."""
    broker = Broker(data)
    running = broker.pid is not None
    if not running:
        click.echo("starting Kafka (the first time fetches 54 MB of jars) ...", err=True)
        broker.start(port)
    elif broker.port != port:
        click.echo(f"it runs on port {broker.port}, not {port}: `fenghuo kafka down` first", err=True)
    click.echo(f"Kafka {'runs already' if running else 'runs'} (pid {broker.pid})", err=True)
    click.echo(broker.bootstrap_servers)


@command.command()
@data_option
def status(data: Path) -> int:
    """Tell whether the broker runs: exit code 0 when it does, 1 when not."""
    broker = Broker(data)
    if broker.pid is None:
        click.echo(f"no broker runs on {data}; `fenghuo kafka up` starts one", err=True)
        return FAILED
    click.echo(f"Kafka runs (pid {broker.pid})", err=True)
    click.echo(broker.bootstrap_servers)
    return 0


@command.command()
@click.option("--purge", is_flag=True, help="Also delete all topics and records.")
@data_option
def down(data: Path, *, purge: bool) -> None:
    """Stop the broker that `up` started; no other one."""
    broker = Broker(data)
    pid = broker.pid
    if purge:
        broker.remove()
    else:
        broker.stop()
    click.echo(f"no broker ran on {data}" if pid is None else f"stopped (pid {pid})", err=True)
