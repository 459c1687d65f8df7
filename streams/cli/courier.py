"""`fenghuo courier`: bring notifications to people."""

import click

from streams.cli.supervised import run_supervised, supervised


@click.command()
@click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml with `channels`.")
@supervised
def command(config: str | None, *, supervise: bool, watch_stdin: bool) -> None:
    """Deliver notifications to the channels of the settings, until Ctrl-C or SIGTERM.

    Each notification is delivered at least once, in order, and again until the channel takes it; one that is
    away holds up no other. Start several: one works, the others stand by.

    \b
    Examples:
      fenghuo courier --config fenghuo.yaml
    """
    from streams.settings import load

    settings = load(config)
    if supervise:
        run_supervised("courier", config)
    from streams.courier.run import run

    run(settings, watch_stdin=watch_stdin)
