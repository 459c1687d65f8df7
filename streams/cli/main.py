"""The command line: one lazily loaded command a file, and the one place where failures become messages."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from streams.failure import FAILED, Failure

INTERRUPTED = 130  # what a shell expects of a program ended by Ctrl-C

EXAMPLES = """\b
Examples:
  fenghuo demo                                      see it work on a simulated shop, 2 minutes
  fenghuo backtest --input events.jsonl.gz --alerts alerts.jsonl
  fenghuo check fenghuo.yaml                        is my configuration right?
  fenghuo topics apply --config fenghuo.yaml        make the topics
  fenghuo worker --config fenghuo.yaml              watch the shop
  fenghuo alerts tail                               what is wrong now?
"""


class Entry(NamedTuple):
    """A command: where it lives, the heading it is listed under, and one line about it."""

    module: str
    heading: str
    short: str


# The one line stands here and not in the module, so that `--help` imports no command.
COMMANDS: dict[str, Entry] = {
    "demo": Entry("streams.cli.demo", "Try", "A simulated shop, three incidents, the alerts they raise."),
    "simulate": Entry("streams.cli.simulate", "Try", "Write a simulated shop's events to Kafka or a file."),
    "kafka": Entry("streams.cli.kafka", "Try", "Start, show or stop a local Kafka broker."),
    "worker": Entry("streams.cli.worker", "Watch", "Read events, detect, write alerts."),
    "learn": Entry("streams.cli.learn", "Watch", "Build the detectors' state from history."),
    "alerts": Entry("streams.cli.alerts", "Watch", "List alerts, or follow them as they come."),
    "courier": Entry("streams.cli.courier", "Watch", "Bring notifications to people."),
    "ack": Entry("streams.cli.ack", "Watch", "Acknowledge an incident: somebody takes it over."),
    "topics": Entry("streams.cli.topics", "Run", "Create the topics, or show how they differ."),
    "dlq": Entry("streams.cli.dlq", "Run", "Look at rejected records, send them again; reset the fuse."),
    "replay": Entry("streams.cli.replay", "Run", "Send recorded events to Kafka."),
    "check": Entry("streams.cli.check", "Tune", "Check a configuration and show what it watches."),
    "schema": Entry("streams.cli.schema", "Tune", "Print the JSON Schema of events, alerts, configuration."),
    "backtest": Entry("streams.cli.backtest", "Tune", "Run recorded events through the detectors."),
    "score": Entry("streams.cli.score", "Tune", "Score a CSV series with one detector."),
}


class CommandLine(click.Group):
    """The group of COMMANDS; imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """Import a command; None for a name that is none."""
        if (entry := COMMANDS.get(cmd_name)) is None:
            return None
        command: click.Command = importlib.import_module(entry.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """Write the list of commands under their headings, without importing any."""
        width = max(map(len, COMMANDS))
        for heading in dict.fromkeys(entry.heading for entry in COMMANDS.values()):
            rows = [(name.ljust(width), e.short) for name, e in COMMANDS.items() if e.heading == heading]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what is left in stdout goes out here, where click handles a closed pipe."""
        result = super().invoke(ctx)
        sys.stdout.flush()
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and end the process; failures become one message on stderr and an exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._exit_code(args, prog_name, complete_var, extra))

    def _exit_code(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, extra: Any
    ) -> int:
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            return INTERRUPTED
        except Failure as failure:
            click.echo(f"fenghuo: {failure}", err=True)
            return failure.exit_code
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"fenghuo: {error.filename}: {error.strerror}", err=True)
            return FAILED
        return result if isinstance(result, int) else 0


@click.group(
    cls=CommandLine,
    help=f"Watch a shop's event bus and tell people, in four grades, what goes wrong.\n\n{EXAMPLES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="fenghuo", prog_name="fenghuo")
def main() -> None:
    """Do nothing before the command: options belong to the commands."""


if __name__ == "__main__":
    main()
