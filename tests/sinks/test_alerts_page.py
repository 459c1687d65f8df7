"""docs/alerts.md shows what is really written: its examples and tables come from the code."""

import re
from pathlib import Path

import msgspec
import pytest

from sinks.alert_record import AlertRecord, Wire, to_record
from sinks.notification import Notification, build
from sinks.notification import to_record as notification_to_record
from sinks.sentence import FIELDS, sentence
from tests.sinks.alerts import OPENED, alert

PAGE = Path("docs/alerts.md")


def pretty(value: bytes) -> str:
    return msgspec.json.format(value, indent=2).decode()


def alert_example() -> str:
    text = sentence("", OPENED, "en", "Asia/Shanghai")
    return pretty(to_record(alert(text=text), "demo")[1])


def notification_example() -> str:
    alerts = [alert(text=""), alert(entity="region=west", grade=2, alert_id="f" * 32)]
    notification = build(
        "89abcdef" * 4,
        "opened",
        0,
        alerts[0],
        alerts,
        grades=(3, 3),
        since_ms=OPENED.since_ms,
        title="orders in 2 regions",
        text=sentence("", OPENED, "en", "Asia/Shanghai") + " Affected: orders in 2 regions.",
    )
    return pretty(notification_to_record(notification, "demo")[1])


def fields_table() -> str:
    rows = (f"| `{{{name}}}` | {meaning} |" for name, meaning in FIELDS.items())
    return "\n".join(["| field | meaning |", "|---|---|", *rows])


@pytest.mark.parametrize(
    "part", [alert_example(), notification_example(), fields_table()], ids=["alert", "notification", "fields"]
)
def test_the_page_shows_what_the_code_writes(part: str) -> None:
    assert part in PAGE.read_text(encoding="utf-8"), f"put this into {PAGE}:\n{part}"


@pytest.mark.parametrize(
    ("record", "section"),
    [(AlertRecord, "## Alerts"), (Notification, "## Notifications")],
    ids=["alert", "notification"],
)
def test_the_page_explains_every_field(record: type[Wire], section: str) -> None:
    text = PAGE.read_text(encoding="utf-8").split(section, 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    explained = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert set(record.__struct_fields__) <= explained
