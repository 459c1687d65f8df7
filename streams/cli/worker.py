"""`fenghuo worker`: read events, detect, write alerts."""

import click


@click.command()
@click.option(
    "--config", type=click.Path(dir_okay=False), help="fenghuo.yaml; without: the shipped catalogue."
)
@click.option(
    "--supervise/--no-supervise",
    default=True,
    show_default=True,
    help="Start again after an error (--no-supervise under systemd or Kubernetes).",
)
@click.option("--watch-stdin", is_flag=True, hidden=True, help="End when stdin is closed.")
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
    import sys

    from streams.settings import load

    settings = load(config)
    if not supervise:
        from streams.runner.worker import run

        run(settings, watch_stdin=watch_stdin)
        return
    from streams.runner.supervisor import Supervisor, worker_command

    sys.exit(Supervisor(worker_command(["--config", config] if config else [])).run())
