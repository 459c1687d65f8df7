"""`fenghuo topics`: make the topics, or show how they differ from what they should be."""

import json

import click

from streams.failure import FINDINGS
from streams.kafka.topic_spec import Drift
from streams.kafka.topics import apply as apply_topics
from streams.kafka.topics import diff as diff_topics
from streams.settings import load

EXAMPLES = """\b
Examples:
  fenghuo topics diff                        what is missing or different? (exit code 3 if anything is)
  fenghuo topics apply                       create what is missing
  fenghuo topics apply --fix --config fenghuo.yaml
"""

config_option = click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group(help=f"Create the topics, or show how they differ. Never deletes or shrinks.\n\n{EXAMPLES}")
def command() -> None:
    """Group the two verbs."""


@command.command()
@config_option
@json_option
def diff(config: str | None, *, as_json: bool) -> int:
    """Show missing topics, other partition counts and other configs; exit code 3 if there are any."""
    settings = load(config)
    drifts = diff_topics(settings)
    for drift in drifts:
        click.echo(_line("differs", drift, as_json=as_json))
    if not drifts:
        click.echo("all topics are as they should be", err=True)
        return 0
    click.echo("`fenghuo topics apply` creates what is missing, `--fix` alters what differs", err=True)
    return FINDINGS


@command.command()
@click.option("--fix", is_flag=True, help="Also raise partition counts and set configs.")
@config_option
@json_option
def apply(config: str | None, *, fix: bool, as_json: bool) -> int:
    """Create the missing topics; exit code 3 if differences are left."""
    settings = load(config)
    done, left = apply_topics(settings, fix=fix)
    for verb, drifts in (("done", done), ("left", left)):
        for drift in drifts:
            click.echo(_line(verb, drift, as_json=as_json))
    click.echo(f"{len(done)} done, {len(left)} differences left", err=True)
    if any(drift.fixable for drift in left):
        click.echo("`--fix` alters partition counts and configs of topics that are there", err=True)
    if not all(drift.fixable for drift in left):
        click.echo(
            "partitions never become fewer: say how many there are (`kafka: {partitions: {click: 12}}`), "
            "or name another topic (`topics:`)",
            err=True,
        )
    return FINDINGS if left else 0


def _line(verb: str, drift: Drift, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"state": verb, **drift._asdict(), "fixable": drift.fixable})
    if drift.what == "missing":
        return f"{verb:8} {drift.topic:36} {'created' if verb == 'done' else 'missing'}, {drift.wanted}"
    return f"{verb:8} {drift.topic:36} {drift.what}: {drift.found or '(none)'} -> {drift.wanted}"
