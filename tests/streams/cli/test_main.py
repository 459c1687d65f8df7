import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from streams.cli import main as module
from streams.failure import Failure


@pytest.fixture
def command(monkeypatch):
    """Put a command of the test's own in the place of every command."""

    def put(function):
        made = click.command(function)
        monkeypatch.setattr(module.CommandLine, "get_command", lambda *_: made)

    return put


def test_help_lists_every_command_and_imports_none():
    code = "import sys\nfrom streams.cli.main import main\nmain(['--help'], standalone_mode=False)\n"
    code += "print([n for n in ('numpy', 'yaml', 'msgspec', 'faust') if n in sys.modules], file=sys.stderr)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in module.COMMANDS)
    assert done.stdout.index("Examples") < done.stdout.index("Options")
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", module.COMMANDS)
def test_every_command_exists_and_says_what_it_does(name):
    result = CliRunner().invoke(module.main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage: " in result.output


def test_an_unknown_command_is_a_usage_error():
    result = CliRunner().invoke(module.main, ["wrok"])
    assert result.exit_code == 2
    assert "No such command 'wrok'" in result.stderr


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        pytest.param(Failure("no broker: start one"), 1, "fenghuo: no broker: start one\n", id="failure"),
        pytest.param(Failure("3 findings", 3), 3, "fenghuo: 3 findings\n", id="failure with its own code"),
        pytest.param(
            FileNotFoundError(2, "No such file or directory", "a.jsonl"),
            1,
            "fenghuo: a.jsonl: No such file or directory\n",
            id="file not there",
        ),
        pytest.param(KeyboardInterrupt(), 130, "\n", id="Ctrl-C"),
    ],
)
def test_a_failure_is_one_message_and_an_exit_code(command, error, exit_code, said):
    def fail():
        raise error

    command(fail)
    result = CliRunner().invoke(module.main, ["any"])
    assert (result.exit_code, result.stderr) == (exit_code, said)


def test_a_bug_is_not_hidden(command):
    def fail():
        raise ZeroDivisionError

    command(fail)
    assert isinstance(CliRunner().invoke(module.main, ["any"]).exception, ZeroDivisionError)


def test_what_a_command_returns_is_the_exit_code(command):
    command(lambda: 3)
    assert CliRunner().invoke(module.main, ["any"]).exit_code == 3


def test_a_reader_that_leaves_early_is_no_traceback():
    code = (
        "import click\nfrom streams.cli.main import CommandLine\n"
        "@click.group(cls=CommandLine)\ndef main(): pass\n"
        "@click.command()\ndef many():\n    for n in range(100_000): click.echo(n)\n"
        "CommandLine.get_command = lambda *_: many\nmain(['many'])\n"
    )
    writer = subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writer.stdout.readline()
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 1
