from pathlib import Path

import pytest

from streams.failure import FINDINGS, Failure
from streams.settings import load
from streams.settings.fault import SettingsRefused
from streams.settings.read import read

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_fault_is_told_with_its_line_its_key_and_what_is_allowed(path):
    line, said = path.read_text().splitlines()[0].removeprefix("# ").split(": ", 1)
    with pytest.raises(SettingsRefused) as refused:
        load(str(path), environ={})
    assert refused.value.exit_code == FINDINGS
    (fault,) = refused.value.faults
    assert str(fault).startswith(f"{path}:{line}: {said}")


def test_all_faults_are_told_at_once_in_the_order_of_the_file():
    text = (
        "shop: 1\nkafak: {}\nmetrics:\n  a: {event: order}\nmonitors:\n  - {name: m, metric: b, window: 7m}\n"
    )
    with pytest.raises(SettingsRefused) as refused:
        read(text)
    assert [(fault.mark.line, fault.path[-1]) for fault in refused.value.faults] == [
        (1, "shop"),
        (2, "kafak"),
        (4, "a"),
        (6, "metric"),
        (6, "window"),
    ]
    assert str(refused.value).startswith("5 faults in the settings:")


def test_a_faulty_metric_does_not_fault_the_monitor_that_uses_it():
    with pytest.raises(SettingsRefused) as refused:
        read("metrics:\n  orders: {event: order, cuont: true}\n")
    assert [fault.path for fault in refused.value.faults] == [("metrics", "orders", "cuont")]


def test_without_a_file_the_shipped_catalogue_is_in_force():
    settings = load(environ={})
    assert {"orders", "revenue", "payment_success", "order_silence"} <= {m.name for m in settings.monitors}


@pytest.mark.parametrize("text", ["", "# nothing\n", "metrics:\nmonitors:\n"])
def test_an_empty_file_or_section_changes_nothing(text):
    assert read(text) == load(environ={})


def test_a_monitor_of_a_known_name_changes_only_the_keys_it_gives():
    shipped = {monitor.name: monitor for monitor in load(environ={}).monitors}
    changed = {m.name: m for m in read("monitors:\n  - {name: orders, enabled: false}\n").monitors}
    assert not changed["orders"].enabled
    assert changed["orders"].action == shipped["orders"].action
    assert list(changed) == list(shipped)


def test_a_metric_of_a_known_name_is_replaced_as_a_whole():
    metric = read("metrics: {revenue: {event: order, count: true}}").metrics["revenue"]
    assert (metric.count, metric.sum, metric.where) == (True, None, {})


def test_a_file_may_start_from_nothing():
    settings = read("catalogue: false\nmetrics: {a: {event: click, count: true}}\n")
    assert (list(settings.metrics), settings.monitors) == (["a"], [])


@pytest.mark.parametrize(
    ("name", "value", "get", "expected"),
    [
        ("KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2", lambda s: s.kafka.bootstrap_servers, "a:1,b:2"),
        ("TIME__LATENESS", "10s", lambda s: s.time.lateness_ms, 10_000),
        ("SERVER__PORT", "0", lambda s: s.server.port, 0),
        ("LIMITS__AMOUNT_MAX", "1e6", lambda s: s.limits.amount_max, 1e6),
        ("FUSE__ENABLED", "false", lambda s: s.fuse.enabled, False),
        ("SHOP", "123", lambda s: s.shop, "123"),
        ("CURRENCY__BASE", "USD", lambda s: s.currency.base, "USD"),
        ("MONITORS__ORDERS__WINDOW", "1h", lambda s: s.monitors[0].window, "1h"),
        ("MONITORS__ORDERS__BY", "[[], [region]]", lambda s: s.monitors[0].by, [[], ["region"]]),
        ("METRICS__REVENUE__UNIT", "EUR", lambda s: s.metrics["revenue"].unit, "EUR"),
    ],
)
def test_the_environment_overrides_every_key(name, value, get, expected):
    assert get(read("time: {lateness: 1m}", environ={f"FENGHUO_{name}": value})) == expected


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TIME__LATENES", "10s", "time.latenes: unknown key: found 'latenes' (did you mean lateness?)"),
        ("KAFAK__GROUP", "a", "kafak: unknown key: found 'kafak' (did you mean kafka?)"),
        ("SERVER__PORT", "http", "server.port: found 'http'; allowed: a whole number"),
        ("MONITORS__ORDRES__WINDOW", "1h", "monitors.ordres.window: found 'ordres' (did you mean orders?)"),
        ("MONITORS__ORDERS__WINDOW", "7m", "monitors.orders.window: found 7m; allowed: multiples"),
        ("MONITORS__ORDERS__BY", "[[", "monitors.orders.by: not YAML"),
    ],
)
def test_a_fault_of_the_environment_names_the_variable(name, value, said):
    with pytest.raises(SettingsRefused, match="environment") as refused:
        read("", environ={f"FENGHUO_{name}": value})
    assert str(refused.value.faults[0]).startswith(f"environment FENGHUO_{name}: {said}")


def test_variables_that_kubernetes_sets_beside_a_service_of_our_name_are_not_ours():
    environ = {"FENGHUO_PORT": "tcp://10.0.0.1:9464", "FENGHUO_SERVICE_HOST": "10.0.0.1", "HOME": "/"}
    assert read("", environ=environ) == read("")


def test_a_file_that_is_not_there_is_a_failure_with_its_name(tmp_path):
    with pytest.raises(Failure, match=r"none\.yaml: No such file"):
        load(str(tmp_path / "none.yaml"))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsRefused, match="not UTF-8"):
        load(str(path))


def test_aliases_that_blow_up_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(SettingsRefused, match="more than 100000 values"):
        read("\n".join(lines))
