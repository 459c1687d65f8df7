import json

from click.testing import CliRunner

from streams.cli.main import main


def run(*args, env=None):
    return CliRunner(env=env).invoke(main, ["check", *args])


def test_without_a_file_it_shows_what_the_catalogue_watches():
    result = run()
    assert result.exit_code == 0
    assert "payment_success" in result.stdout
    assert "orders/region" in result.stdout
    assert "is in order" in result.stderr


def test_a_wrong_file_ends_in_all_its_faults_and_exit_code_3(tmp_path):
    path = tmp_path / "fenghuo.yaml"
    path.write_text("time: {latenes: 3s}\nmonitors:\n  - {name: orders, window: 7m}\n")
    result = run(str(path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"{path}:1: time.latenes" in result.stderr
    assert f"{path}:3: monitors.orders.window" in result.stderr


def test_json_shows_the_settings_in_force():
    result = run("--json", env={"FENGHUO_KAFKA__GROUP": "mine"})
    assert json.loads(result.stdout)["kafka"]["group"] == "mine"


def test_a_monitor_switched_off_is_counted_but_not_listed(tmp_path):
    path = tmp_path / "fenghuo.yaml"
    path.write_text("monitors:\n  - {name: write_offs, enabled: false}\n")
    result = run(str(path))
    assert "(1 switched off)" in result.stdout
    assert "write_offs" not in result.stdout


def test_capacity_shows_what_each_monitor_costs_and_the_sum_at_the_limits(tmp_path):
    path = tmp_path / "fenghuo.yaml"
    path.write_text(
        "catalogue: false\nlimits: {series: 1000}\nkafka: {partial_partitions: 2}\n"
        "metrics: {a: {event: order, count: true}}\n"
        "monitors: [{name: m, metric: a, by: [[], [region]], detector: jump}]\n"
    )
    result = run(str(path), "--capacity")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    bytes_, _, series, megabytes = next(line for line in lines if line.endswith("  region")).split()[3:7]
    row_bytes = int(bytes_.replace(",", ""))
    assert (series, float(megabytes)) == ("1,000", round(row_bytes * 1000 / 1e6, 1))
    assert "one region" in lines[-2]
    assert lines[-1].startswith("at the limits: 0.00 GB a partition")


def test_it_shows_who_borrows_from_whom(tmp_path):
    path = tmp_path / "fenghuo.yaml"
    path.write_text(
        "catalogue: false\nmetrics: {a: {event: click, count: true}}\n"
        "monitors:\n  - {name: m, metric: a, by: [[], [channel], [sku]]}\n"
        "  - {name: n, metric: a, by: [[sku]], borrow: none}\n"
    )
    lines = run(str(path)).stdout.splitlines()
    assert "  from their category, then the shop: m/sku" in lines
    assert "  from the whole shop: m/channel" in lines
    assert not any("n/sku" in line for line in lines)
