"""The vendors' robots against a real receiver: sent is what they document, what they answer counts."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from sinks.address import Policy
from sinks.channels.channel import Channel, Parcel, Robot
from sinks.channels.dingtalk import Dingtalk
from sinks.channels.feishu import Feishu
from sinks.channels.feishu import signature as feishu_signature
from sinks.channels.wecom import CONTENT_BYTES, Wecom
from sinks.http import Poster
from sinks.message import Desk, compose, digest
from sinks.outcome import Outcome
from sinks.secret import Secret
from tests.sinks.notifications import notification
from tests.sinks.receiver import Receiver, Reply, receiving

NOW_S = 1_795_521_600.25
DESK = Desk("zh-CN", "Asia/Shanghai", {"看板": "https://grafana.example/d/shop"})
OK = {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success"}
INJECTION = "<at id=all></at> [free](https://evil.example) **x** <font color='red'>`y`\n# z"


@pytest.fixture
def receiver():
    with receiving() as running:
        running.reply = Reply(body=json.dumps(OK).encode())
        yield running


def parcel(**changes) -> Parcel:
    told = notification(**changes)
    return Parcel(compose(told, DESK), [told])


def send(kind: Callable[[Robot], Channel], url: str, what: Parcel, secret: str = "") -> Outcome:
    async def once() -> Outcome:
        async with Poster(Policy(trusted=("127.0.0.1",)), lambda: NOW_S) as poster:
            robot = Robot(url, Secret("t0ken"), Secret(secret), 5.0, poster, DESK, lambda: NOW_S)
            return await kind(robot).send(what)

    return asyncio.run(once())


def test_wecom_takes_markdown_by_its_key(receiver: Receiver) -> None:
    assert send(Wecom, receiver.url, parcel()).what == "delivered"
    (request,) = receiver.requests
    assert request.query == {"key": ["t0ken"]}
    assert request.json["msgtype"] == "markdown"
    content = request.json["markdown"]["content"]
    assert content.startswith('**<font color="warning">【II级·橙】新告警：orders in 2 regions</font>**\n')
    assert "**损失**：至今约 12,346 CNY，每分钟约 490 CNY" in content
    assert content.endswith("[看板](https://grafana.example/d/shop)")


def test_dingtalk_is_signed_in_the_query(receiver: Receiver) -> None:
    assert send(Dingtalk, receiver.url, parcel(), "SECret").what == "delivered"
    (request,) = receiver.requests
    key = hmac.new(b"SECret", b"1795521600250\nSECret", hashlib.sha256).digest()
    assert request.query == {
        "access_token": ["t0ken"],
        "timestamp": ["1795521600250"],
        "sign": [base64.b64encode(key).decode()],
    }
    assert request.json["msgtype"] == "markdown"
    assert request.json["markdown"]["title"] == "【II级·橙】新告警：orders in 2 regions"
    assert request.json["markdown"]["text"].startswith('### <font color="#fa8c16">【II级·橙】')


def test_feishu_is_signed_in_the_body_and_sends_a_card(receiver: Receiver) -> None:
    assert send(Feishu, receiver.url, parcel(), "s3cret").what == "delivered"
    (request,) = receiver.requests
    assert request.path == "/in/t0ken"
    sign = hmac.new(b"1795521600\ns3cret", b"", hashlib.sha256).digest()
    assert (request.json["timestamp"], request.json["sign"]) == (
        "1795521600",
        base64.b64encode(sign).decode(),
    )
    card = request.json["card"]
    assert card["header"]["template"] == "orange"
    assert card["elements"][-1]["actions"][0]["url"] == "https://grafana.example/d/shop"


def test_feishus_documented_example_of_a_signature() -> None:
    signed = feishu_signature(Secret("demo"), 1_599_360_473)
    expected = hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()
    assert signed["sign"] == base64.b64encode(expected).decode()


@pytest.mark.parametrize("kind", [Dingtalk, Feishu])
def test_without_a_secret_nothing_is_signed(receiver: Receiver, kind: Callable[[Robot], Channel]) -> None:
    send(kind, receiver.url, parcel())
    (request,) = receiver.requests
    assert "sign" not in request.query
    assert "sign" not in request.json


@pytest.mark.parametrize(
    ("kind", "said", "what", "after_s"),
    [
        pytest.param(Wecom, {"errcode": 93000, "errmsg": "invalid url"}, "refused", None, id="wecom url"),
        pytest.param(Wecom, {"errcode": 45009, "errmsg": "out of limit"}, "retry", 60.0, id="wecom rate"),
        pytest.param(Wecom, {"errcode": -1, "errmsg": "system busy"}, "retry", 5.0, id="wecom busy"),
        pytest.param(Dingtalk, {"errcode": 310000, "errmsg": "sign not match"}, "refused", None, id="sign"),
        pytest.param(Dingtalk, {"errcode": 130101, "errmsg": "too fast"}, "retry", 600.0, id="dingtalk rate"),
        pytest.param(Feishu, {"code": 19021, "msg": "sign match fail"}, "refused", None, id="feishu sign"),
        pytest.param(Feishu, {"code": 11232, "msg": "frequency limited"}, "retry", 60.0, id="feishu rate"),
        pytest.param(Feishu, {"StatusCode": 0}, "refused", None, id="no code"),
        pytest.param(Wecom, [], "retry", None, id="no object"),
    ],
)
def test_a_code_in_the_body_counts_whatever_the_status(receiver, kind, said, what, after_s) -> None:
    receiver.reply = Reply(body=json.dumps(said).encode())
    outcome = send(kind, receiver.url, parcel())
    assert (outcome.what, outcome.after_s) == (what, after_s)
    assert "t0ken" not in outcome.reason


@pytest.mark.parametrize("kind", [Wecom, Dingtalk, Feishu])
def test_the_status_counts_before_the_body(receiver: Receiver, kind: Callable[[Robot], Channel]) -> None:
    receiver.reply = Reply(503, json.dumps(OK).encode())
    assert send(kind, receiver.url, parcel()).what == "retry"


@pytest.mark.parametrize("kind", [Wecom, Dingtalk])
def test_texts_of_the_shop_are_no_mark_up(receiver: Receiver, kind: Callable[[Robot], Channel]) -> None:
    send(kind, receiver.url, parcel(text=INJECTION, title=INJECTION, action=INJECTION))
    (request,) = receiver.requests
    content = request.json["markdown"].get("content") or request.json["markdown"]["text"]
    for harm in ("<at", "[free]", "**x**", "<font color='red'", "`y`", "\n# z"):
        assert harm not in content


def test_in_a_card_texts_of_the_shop_are_plain(receiver: Receiver) -> None:
    send(Feishu, receiver.url, parcel(text=INJECTION))
    card = receiver.requests[0].json["card"]
    texts = [card["header"]["title"], *(each["text"] for each in card["elements"] if "text" in each)]
    assert {text["tag"] for text in texts} == {"plain_text"}


def test_a_long_digest_fits_the_robot(receiver: Receiver) -> None:
    told = [notification(n, text="长" * 600) for n in range(1, 40)]
    for kind in (Wecom, Dingtalk, Feishu):
        send(kind, receiver.url, Parcel(digest(told, 0, DESK), told))
    wecom, dingtalk, feishu = receiver.requests
    assert len(wecom.json["markdown"]["content"].encode()) <= CONTENT_BYTES
    assert len(dingtalk.body) <= 20_000
    assert len(feishu.body) <= 20_000
