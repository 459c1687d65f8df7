"""Direct push: what is told of open alerts and of ends, to one Alertmanager and to many."""

import asyncio
import json
import random
import shutil
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sinks.address import Policy
from sinks.alertmanager import ALERTS_MAX, CHUNK, HOLD_MS, REPEAT_MS, Board, Post, bodies
from sinks.http import Poster
from sinks.metrics import Sample
from sinks.outcome import DELIVERED, Outcome, refused, retry
from sinks.pusher import Pusher
from sinks.rules import ALERT, SERIES_LABELS, Links, alert_group
from tests.deploy.stack import Receiver as Webhook
from tests.deploy.stack import alertmanager
from tests.sinks.receiver import until

MINUTE = 60_000
HERE = Sample("fenghuo_alerts_waiting", (), 0)
T0 = 1_795_521_600_000


def shown(grade: int = 3, entity: str = "region=east") -> Sample:
    return Sample("fenghuo_alert_grade", ("orders", "orders", entity, "order_volume", "operations"), grade)


def rule_labels(sample: Sample) -> dict[str, str]:
    """Return the labels Prometheus gives the alert that the rule of this grade raises."""
    rules = [rule for rule in alert_group(Links())["rules"] if rule.get("alert") == ALERT]
    (rule,) = [rule for rule in rules if rule["expr"].endswith(f" == {sample.value}")]
    series = dict(zip(SERIES_LABELS, sample.labels, strict=True))
    return {"alertname": ALERT, **series, **rule["labels"]}


def board(**labels: str) -> Board:
    return Board(MINUTE, labels)


def posted(of: Board, now_ms: int) -> list[dict[str, Any]]:
    return [each for body in bodies(of.postable(now_ms)) for each in json.loads(body)]


def test_an_open_alert_is_pushed_with_the_labels_of_the_rules_and_an_end() -> None:
    made = board(cluster="eu")
    assert made.update([HERE, shown()], T0)
    (only,) = posted(made, T0)
    assert only["labels"] == {"cluster": "eu", **rule_labels(shown())}
    assert (only["startsAt"], only["endsAt"]) == ("2026-11-24T12:00:00.000Z", "2026-11-24T12:04:00.000Z")
    assert only["annotations"] == {"summary": "orders of region=east: grade II, orange"}


def test_each_push_moves_the_end_and_keeps_the_start() -> None:
    made = board()
    made.update([HERE, shown()], T0)
    assert not made.update([HERE, shown()], T0 + MINUTE)
    (only,) = posted(made, T0 + MINUTE)
    assert (only["startsAt"], only["endsAt"]) == ("2026-11-24T12:00:00.000Z", "2026-11-24T12:05:00.000Z")
    assert made.pause_s(T0 + MINUTE) == 60.0


def test_an_end_is_held_back_told_for_five_minutes_and_forgotten() -> None:
    made = board()
    made.update([HERE, shown()], T0)
    over_ms = T0 + MINUTE
    assert made.update([HERE, shown(0)], over_ms)
    assert made.postable(over_ms)[0].ends_ms > over_ms + MINUTE
    assert made.pause_s(over_ms) == HOLD_MS / 1000
    told = [made.postable(over_ms + HOLD_MS + minute * MINUTE)[0].ends_ms for minute in range(5)]
    assert told == [over_ms + HOLD_MS] * 5
    made.update([HERE], over_ms + HOLD_MS + REPEAT_MS)
    assert len(made.postable(over_ms + HOLD_MS + REPEAT_MS)) == 1
    made.update([HERE], over_ms + HOLD_MS + REPEAT_MS + 1)
    assert made.postable(over_ms + HOLD_MS + REPEAT_MS + 1) == []


def test_another_grade_is_another_alert_and_the_old_one_ends_later() -> None:
    made = board()
    made.update([HERE, shown(2)], T0)
    made.update([HERE, shown(4)], T0 + MINUTE)
    now_ms = T0 + MINUTE + HOLD_MS
    ends = {each["labels"]["grade"]: each["endsAt"] for each in posted(made, now_ms)}
    assert ends == {"III": "2026-11-24T12:01:15.000Z", "I": "2026-11-24T12:05:15.000Z"}


def test_an_alert_that_opens_again_is_open() -> None:
    made = board()
    for at_ms, grade in ((T0, 3), (T0 + 1, 0), (T0 + 2, 3)):
        made.update([HERE, shown(grade)], at_ms)
    assert made.postable(T0 + HOLD_MS * 2)[0].ends_ms > T0 + MINUTE


def test_where_notify_does_not_run_nothing_is_known_and_nothing_is_ended() -> None:
    made = board()
    made.update([HERE, shown()], T0)
    assert not made.update([Sample("fenghuo_value", ("m", "m", ""), 1.0)], T0 + 1)
    assert made.postable(T0 + MINUTE) == []


def test_what_is_pushed_is_bounded_and_the_worst() -> None:
    made = board()
    made.update([HERE, *(shown(1, f"sku=s{n}") for n in range(ALERTS_MAX)), shown(4)], T0)
    assert (len(made.postable(T0)), made.left_out) == (ALERTS_MAX, 1)
    grades = [each["labels"]["grade"] for each in posted(made, T0)]
    assert grades.count("I") == 1
    assert len(bodies(made.postable(T0))) == ALERTS_MAX / CHUNK


class Scripted:
    """An Alertmanager that answers by a script, then takes everything."""

    def __init__(self, name: str, *answers: Outcome) -> None:
        self.name = name
        self.answers = list(answers)
        self.pushes: list[list[Any]] = []

    async def push(self, requests: list[bytes]) -> Outcome:
        self.pushes.append([each for body in requests for each in json.loads(body)])
        return self.answers.pop(0) if self.answers else DELIVERED


class Hanging(Scripted):
    async def push(self, requests: list[bytes]) -> Outcome:
        self.pushes.append([])
        await asyncio.Event().wait()
        return DELIVERED


def push(receivers: list[Scripted], enough: Callable[[], bool]) -> Pusher:
    pusher = Pusher(board(), receivers, lambda: int(time.time() * 1000), random.Random(1))

    async def run() -> None:
        task = asyncio.create_task(pusher.run())
        pusher.publish([HERE, shown()])
        while not enough():
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 10))
    return pusher


def counts(pusher: Pusher) -> dict[tuple[str, ...], float]:
    found = [s for s in pusher.samples() if s.name == "fenghuo_deliveries_total" and s.value]
    return {sample.labels: sample.value for sample in found}


def test_one_that_hangs_or_fails_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    hanging, failing, well = (
        Hanging("a"),
        Scripted("b", refused("answered 400"), retry("away")),
        Scripted("c"),
    )
    pusher = push([hanging, failing, well], lambda: len(failing.pushes) == 3 and bool(well.pushes))
    assert well.pushes[0][0]["labels"]["grade"] == "II"
    assert counts(pusher) == {
        ("alertmanager/b", "refused"): 1,
        ("alertmanager/b", "retry"): 1,
        ("alertmanager/b", "delivered"): 1,
        ("alertmanager/c", "delivered"): 1,
    }
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Alertmanager b answered 400: trying again"
    ]


CONFIG = """
route: {{receiver: webhook, group_by: [entity], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: webhook
    webhook_configs: [{{url: "{url}/webhook", send_resolved: true}}]
"""


def rules_say(url: str, ends_in_s: float) -> None:
    """Post what Prometheus posts for its rule about the same alert."""
    now_s = time.time()
    said = {
        "labels": rule_labels(shown()),
        "annotations": {"summary": "as the rule says it"},
        "startsAt": stamp(now_s - 5),
        "endsAt": stamp(now_s + ends_in_s),
    }
    request = urllib.request.Request(  # noqa: S310 (our own loopback)
        f"{url}/api/v2/alerts", json.dumps([said]).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 (our own loopback)


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None, reason="prometheus-alertmanager is missing: make setup"
)
def test_an_alert_that_comes_both_ways_is_one_alert_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.alertmanager.HOLD_MS", 1_000)
    webhook = Webhook()
    with alertmanager(tmp_path, CONFIG.format(url=webhook.url)) as url:
        asyncio.run(both_ways(url, webhook))
        with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310
            assert json.load(answer) == []
    webhook.close()
    statuses = [[each["status"] for each in post.alerts] for post in webhook.posts]
    assert statuses == [["firing"], ["resolved"]]


async def both_ways(url: str, webhook: Webhook) -> None:
    made = Board(MINUTE, {})
    async with Poster(Policy(trusted=("127.0.0.1",)), time.time) as poster:
        posts = [Post("am", f"{url}/api/v2/alerts", {}, 5.0, poster)]
        pusher = Pusher(made, posts, lambda: int(time.time() * 1000), random.Random(1))
        task = asyncio.create_task(pusher.run())
        pusher.publish([HERE, shown()])
        await asyncio.to_thread(until, lambda: webhook.posts, "the push is not told")
        await asyncio.to_thread(rules_say, url, 240.0)
        with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310 (a test)
            assert len(json.load(answer)) == 1, "the same labels"
        await asyncio.to_thread(rules_say, url, 0.0)
        pusher.publish([HERE, shown(0)])
        await asyncio.to_thread(until, lambda: len(webhook.posts) == 2, "the end is not told")
        await asyncio.sleep(3.0)  # whatever else would be told
        task.cancel()
