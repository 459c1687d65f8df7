"""`fenghuo courier`: bring notifications to people."""

import click


@click.command()
@click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml with `channels`.")
@click.option(
    "--supervise/--no-supervise",
    default=True,
    show_default=True,
    help="Start again after an error (--no-supervise under systemd or Kubernetes).",
)
@click.option("--watch-stdin", is_flag=True, hidden=True, help="End when stdin is closed.")
def command(config: str | None, *, supervise: bool, watch_stdin: bool) -> None:
    """Deliver notifications to the channels of the settings, until Ctrl-C or SIGTERM.

    Each notification is delivered at least once, in order, and again until the channel takes it; one that is
    away holds up no other. Start several: one works, the others stand by.

    \b
    Examples:
      fenghuo courier --config fenghuo.yaml
    """
    import sys

    from streams.settings import load

    settings = load(config)
    if not supervise:
        from streams.courier.run import run

        run(settings, watch_stdin=watch_stdin)
        return
    from streams.runner.supervisor import Supervisor, child_command

    sys.exit(Supervisor(child_command("courier", ["--config", config] if config else [])).run())
