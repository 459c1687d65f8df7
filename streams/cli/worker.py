"""`fenghuo worker`: read events, detect, write alerts."""

import click

from streams.cli.supervised import run_supervised, supervised


@click.command()
@click.option(
    "--config", type=click.Path(dir_okay=False), help="fenghuo.yaml; without: the shipped catalogue."
)
@supervised
def command(config: str | None, *, supervise: bool, watch_stdin: bool) -> None:
    """Watch the shop: events in, alerts and incidents out, until Ctrl-C or SIGTERM.

    Start as many as you like, here or on other machines: they share the partitions. A worker ends on every
    error and starts again from what was committed; each event counts once, each alert appears once.

    Incidents are printed on stdout. Ctrl-C commits what was read and ends; a second one ends at once.
    Exit codes: 0 ended as asked; 1 an operator must act; 70, 75: start it again (what --supervise does).

    \b
    Examples:
      fenghuo worker
      fenghuo worker --config fenghuo.yaml
    """
    from streams.settings import load

    settings = load(config)
    if supervise:
        run_supervised("worker", config)
    from streams.runner.worker import run

    run(settings, watch_stdin=watch_stdin)
