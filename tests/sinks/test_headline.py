import pytest

from detectors.alert import Alert
from sinks.headline import affected, headline
from tests.sinks.alerts import alert


def parts(*entities: str, metric: str = "orders") -> list[Alert]:
    return [alert(entity=entity, metric=metric) for entity in entities]


@pytest.mark.parametrize(
    ("alerts", "said", "said_zh"),
    [
        pytest.param(parts("region=east"), "orders in region east", "orders（地区 east）", id="one"),
        pytest.param(parts("", "region=east", "region=west"), "orders", "orders", id="led by the shop"),
        pytest.param(
            parts("region=a", "region=b", "channel=app"),
            "orders in 2 regions",
            "orders（2 个地区）",
            id="many",
        ),
        pytest.param(
            parts("category=toys,sku=a", "category=toys,sku=b"),
            "orders in 2 skus of category toys",
            "orders（2 个商品，类目 toys）",
            id="of one category",
        ),
        pytest.param(
            parts("region=a,sku=a", "region=b,sku=b"),
            "orders in 2 combinations of region and sku",
            "orders（2 个地区/商品）",
            id="nothing shared",
        ),
        pytest.param(
            [*parts(""), *parts("", metric="net_revenue")],
            "orders, with net revenue",
            "orders，同时 net revenue",
            id="another metric",
        ),
        pytest.param(
            [alert(metric=metric, entity="") for metric in "abcdefg"],
            "a, with b, c, d, e +2",
            "a，同时 b, c, d, e +2",
            id="many metrics",
        ),
        pytest.param(
            parts("category=x", "category=y"),
            "orders in 2 categories",
            "orders（2 个类目）",
            id="plural of y",
        ),
    ],
)
def test_a_headline_says_what_the_alerts_are_about(alerts: list[Alert], said: str, said_zh: str) -> None:
    assert headline(alerts[0], alerts, "en") == said
    assert headline(alerts[0], alerts, "zh-CN") == said_zh


def test_a_headline_can_follow_a_text() -> None:
    assert (
        "Sales fell." + affected("orders in 2 regions", "en") == "Sales fell. Affected: orders in 2 regions."
    )
