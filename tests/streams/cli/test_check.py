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
