"""Dead letters as text: on a terminal nothing of what a producer sent is taken for an order."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.cli.redrive import Considered
    from streams.deadletter.letter import Letter
    from streams.deadletter.prospect import Fate

EXCERPT_BYTES = 300
FATES: "dict[Fate, str]" = {
    "counted": "to be sent again: the windows they belong to are open, or will be restated",
    "partly": "to be sent again: counted in longer windows; the shorter ones can no longer be restated",
    "too_late": "not sent: too late for any window, they would only be kept on <topic>.late (--too-late)",
    "refused": "not sent: they would be refused again",
    "exhausted": "not sent: they were sent again three times and refused each time",
    "done": "not sent: they were sent again before",
}


def tell(considered: "Sequence[Considered]", *, as_json: bool) -> None:
    """Say what would become of the letters: each as JSON, or how many of each fate and why."""
    for letter, (fate, why) in considered if as_json else ():
        where = {"partition": letter.place.partition, "offset": letter.place.offset}
        row = {**where, "reason": letter.reason, "attempt": letter.attempt, "fate": fate, "why": why}
        click.echo(json.dumps(row, ensure_ascii=False))
    counts = Counter(prospect.fate for _, prospect in considered)
    for fate, meaning in FATES.items():
        if counts[fate]:
            click.echo(f"{counts[fate]:>10,}  {fate:10} {meaning}", err=True)
    whys = Counter(excerpt(prospect.why.encode()) for _, prospect in considered if prospect.fate == "refused")
    for why, count in whys.most_common(5):
        click.echo(f"{count:>21,}  {why}", err=True)
    click.echo(f"{len(considered):,} dead letters looked at", err=True)


def shown(letter: "Letter") -> dict[str, str]:
    """Return what a person is shown of a letter, safe on a terminal."""
    told = {name: excerpt(text.encode()) for name, text in letter.told.items()}
    own = {"reason": letter.reason, "attempt": str(letter.attempt)}
    return {**told, **own, "key": excerpt(letter.key), "value": excerpt(letter.value)}


def text_of(letter: dict[str, str]) -> str:
    """Return what `shown` returns as lines."""
    where = f"{letter.get('topic')}/{letter.get('partition')} offset {letter.get('offset')}"
    return (
        f"{where}  {letter['reason']}: {letter.get('message', '')}\n"
        f"  key    {letter['key']}\n"
        f"  value  {letter['value']}"
    )


def excerpt(data: bytes | None) -> str:
    """Return the bytes as text that is safe on a terminal, cut after EXCERPT_BYTES."""
    if data is None:
        return "(none)"
    text = data[:EXCERPT_BYTES].decode("utf-8", "backslashreplace")
    safe = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return safe if len(data) <= EXCERPT_BYTES else f"{safe}... ({len(data):,} bytes)"
