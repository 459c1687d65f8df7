import math
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sinks.metrics import CATALOGUE, Sample
from sinks.prometheus import CannotServe, Exhibit, Server, serve


def parsed(exhibit: Exhibit) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the values shown, by name and by the values of the labels in the order of their names."""
    families = text_string_to_metric_families(exhibit.render().decode())
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def one_of_each() -> list[Sample]:
    return [
        Sample(name, tuple(f'{label} ü\n"\\' for label in family.labels), 1.5)
        for name, family in CATALOGUE.items()
        if family.type != "histogram"
    ]


def full_exhibit() -> Exhibit:
    exhibit = Exhibit(100)
    exhibit.publish(one_of_each())
    for name, family in CATALOGUE.items():
        if family.type == "histogram":
            exhibit.observe(name, ("detect",) * len(family.labels), 0.02)
    return exhibit


def test_every_family_of_the_catalogue_is_shown_with_help_and_type() -> None:
    page = full_exhibit().render().decode()
    for name, family in CATALOGUE.items():
        assert f"# HELP {name} {family.help}\n# TYPE {name} {family.type}\n" in page


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_wrong() -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=full_exhibit().render(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_counters_of_several_machines_add_up_and_the_last_gauge_counts() -> None:
    exhibit = Exhibit(100)
    rejects, blown = ("fenghuo_rejects_total", ("t", "bad_json")), ("fenghuo_fuse_blown", ("t", "0"))
    exhibit.publish([Sample(*rejects, 2), Sample(*blown, 1), Sample(*rejects, 3), Sample(*blown, 0)])
    shown = parsed(exhibit)
    assert shown["fenghuo_rejects_total", ("bad_json", "t")] == 5
    assert shown["fenghuo_fuse_blown", ("0", "t")] == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_shown(value: float) -> None:
    exhibit = Exhibit(100)
    exhibit.publish([Sample("fenghuo_expected", ("m", "m", ""), value)])
    assert not [name for name, _ in parsed(exhibit) if name == "fenghuo_expected"]


def test_the_budget_is_kept_and_what_was_dropped_is_said() -> None:
    exhibit = Exhibit(10)
    exhibit.publish([Sample("fenghuo_value", ("m", "m", f"sku={n}"), n) for n in range(25)])
    shown = parsed(exhibit)
    assert len([name for name, _ in shown if name == "fenghuo_value"]) == 10
    assert shown["fenghuo_samples_dropped", ()] == 15


def test_histograms_count_observations_of_all_threads() -> None:
    exhibit = Exhibit(10)

    def observe() -> None:
        for _ in range(1000):
            exhibit.observe("fenghuo_flush_seconds", ("detect",), 0.02)

    threads = [threading.Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parsed(exhibit)["fenghuo_flush_seconds_count", ("detect",)] == 4000


def test_the_page_says_what_was_built() -> None:
    assert [value for (name, _), value in parsed(Exhibit(10)).items() if name == "fenghuo_build_info"] == [1]


def test_five_thousand_series_are_rendered_in_a_tenth_of_a_second() -> None:
    exhibit = Exhibit(30_000)
    exhibit.publish(
        [Sample("fenghuo_value", ("orders", "orders", f"sku=s{n}"), n * 1.5) for n in range(5000)]
    )
    exhibit.render()
    took = []
    for _ in range(5):
        started = time.thread_time()
        exhibit.render()
        took.append(time.thread_time() - started)
    assert min(took) < 0.1


@pytest.fixture
def state() -> dict[str, str]:
    return {"healthy": "", "ready": ""}


@pytest.fixture
def server(state: dict[str, str]) -> Iterator[Server]:
    running = serve(
        full_exhibit(),
        "127.0.0.1",
        0,
        healthy=lambda: state["healthy"],
        ready=lambda: state["ready"],
    )
    yield running
    running.close()


def fetch(server: Server, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_the_metrics_page_is_served(server: Server) -> None:
    status, page = fetch(server, "/metrics")
    assert status == 200
    assert "fenghuo_build_info{" in page


@pytest.mark.parametrize("name", ["healthy", "ready"])
def test_the_health_pages_tell_trouble(server: Server, state: dict[str, str], name: str) -> None:
    assert fetch(server, f"/-/{name}") == (200, "ok\n")
    state[name] = "restoring 2 of 4 partitions"
    assert fetch(server, f"/-/{name}") == (503, "restoring 2 of 4 partitions\n")


def test_another_page_names_those_there_are(server: Server) -> None:
    assert fetch(server, "/") == (404, "pages: /metrics /-/healthy /-/ready\n")


def test_a_taken_port_is_a_named_error(server: Server) -> None:
    again = ("127.0.0.1", server.port)
    with pytest.raises(
        CannotServe, match=f"cannot listen on 127.0.0.1:{server.port}: Address already in use"
    ):
        serve(Exhibit(1), *again, healthy=str, ready=str)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("no.such.host.invalid", "cannot listen on no.such.host.invalid:0"),
        ("192.0.2.1", "cannot listen on 192.0.2.1:0"),
    ],
    ids=["unknown host", "not an address of this machine"],
)
def test_an_address_that_cannot_be_bound_is_a_named_error(host: str, message: str) -> None:
    with pytest.raises(CannotServe, match=message):
        serve(Exhibit(1), host, 0, healthy=str, ready=str)
