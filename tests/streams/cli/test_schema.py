import json

import pytest
from click.testing import CliRunner

from streams.cli.main import main


def schema(what):
    result = CliRunner().invoke(main, ["schema", what])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("what", "name", "key"),
    [
        ("event", "Order", "payment_method"),
        ("event", "Number", "dimensions"),
        ("alert", "AlertRecord", "alert_id"),
        ("config", "Monitor", "min_change"),
    ],
)
def test_a_schema_describes_its_parts(what, name, key):
    printed = schema(what)
    assert printed["$schema"].startswith("https://json-schema.org/")
    assert key in printed["$defs"][name]["properties"]


def test_a_duration_of_the_configuration_is_text_as_people_write_it():
    lateness = schema("config")["$defs"]["Time"]["properties"]["lateness"]
    assert (lateness["type"], lateness["default"]) == ("string", "30s")


def test_a_monitor_laid_over_the_catalogue_needs_only_its_name():
    assert schema("config")["$defs"]["Monitor"]["required"] == ["name"]


def test_events_that_do_not_fit_the_schema_say_which_fields_they_need():
    assert {"event_id", "event_time", "type", "order_id"} == set(
        schema("event")["$defs"]["Order"]["required"]
    )
