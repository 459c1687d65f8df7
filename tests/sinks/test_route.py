import pytest

from sinks.route import Route, channels_for
from tests.sinks.notifications import notification

CHANNELS = ["pager", "chat", "mail"]
ROUTES = [
    Route(["pager"], grades=["I"]),
    Route(["chat"], owners=["payments"]),
    Route(["mail", "chat"], kinds=["traffic"]),
]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"grade": 4, "owner": "x", "owners": ("x",)}, ["pager"], id="by grade"),
        pytest.param({"owner": "payments"}, ["chat"], id="by owner"),
        pytest.param({"kind": "traffic", "owner": "x", "owners": ("x",)}, ["chat", "mail"], id="by kind"),
        pytest.param({"grade": 4, "owner": "payments"}, ["pager", "chat"], id="all that fit"),
        pytest.param({"owner": "x", "owners": ("x",)}, [], id="nobody"),
        pytest.param(
            {"grade": 0, "peak_grade": 4, "transition": "resolved", "owner": "x", "owners": ("x",)},
            ["pager"],
            id="whoever heard of the worst hears of the end",
        ),
        pytest.param(
            {"owner": "lead", "owners": ("payments", "lead"), "transition": "resolved"},
            ["chat"],
            id="whoever had it hears of the end",
        ),
        pytest.param(
            {"owner": "lead", "owners": ("payments", "lead"), "transition": "overdue"},
            [],
            id="what went on to the next is for the next",
        ),
    ],
)
def test_routes(changes, told):
    assert channels_for(notification(**changes), ROUTES, CHANNELS) == told


def test_without_routes_all_are_told():
    assert channels_for(notification(), [], CHANNELS) == CHANNELS


def test_a_route_to_a_channel_that_is_off_leads_nowhere():
    assert channels_for(notification(grade=4, owners=(), owner="x"), ROUTES, ["chat"]) == []
