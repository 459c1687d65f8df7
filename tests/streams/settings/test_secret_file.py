"""Secrets come from files or the environment, and show in nothing that people or programs are shown."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from streams.cli.main import main
from streams.settings.fault import SettingsRefused
from streams.settings.read import read
from streams.settings.schema import config_schema

CHANNEL = "channels:\n  - {name: ops, kind: dingtalk, token_file: TOKEN}\n"


def written(folder: Path, text: bytes) -> str:
    path = folder / "token"
    path.write_bytes(text)
    return CHANNEL.replace("TOKEN", str(path))


def test_a_secret_is_read_from_its_file(tmp_path):
    settings = read(written(tmp_path, b" hunter2\n"), environ={"FENGHUO_CHANNELS__OPS__SECRET": "0123"})
    assert settings.channels[0].token.reveal() == "hunter2"
    assert settings.channels[0].secret.reveal() == "0123"
    assert "hunter2" not in repr(settings)
    assert "0123" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"), [(b"", "is empty"), (b"\xff\xfe", "is not UTF-8 text"), (b" \n", "is empty")]
)
def test_a_file_without_a_secret_is_a_fault(tmp_path, text, said):
    with pytest.raises(SettingsRefused, match=said):
        read(written(tmp_path, text))


def test_a_secret_given_twice_is_a_fault(tmp_path):
    with pytest.raises(SettingsRefused, match="given twice, also as token"):
        read(written(tmp_path, b"a"), environ={"FENGHUO_CHANNELS__OPS__TOKEN": "b"})


def test_no_fault_shows_a_secret(tmp_path):
    environ = {"FENGHUO_CHANNELS__OPS__TOKEN": "hunter2", "FENGHUO_KAFKA__SECURITY__PASSWORD": "hunter3"}
    with pytest.raises(SettingsRefused) as refused:
        read("channels:\n  - {name: ops, kind: wecom, secret: hunter4, port: x}\n", environ=environ)
    assert "hunter" not in str(refused.value)


def test_check_shows_that_there_is_a_secret_but_not_which(tmp_path):
    path = tmp_path / "fenghuo.yaml"
    path.write_text(written(tmp_path, b"hunter2"))
    done = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert "hunter2" not in done.output
    shown = json.loads(done.stdout)["channels"][0]
    assert (shown["token"], shown["secret"]) == ("(secret)", None)


def test_the_schema_of_the_file_has_no_place_for_a_secret():
    channel = config_schema()["$defs"]["Channel"]["properties"]
    assert {"not": {}, "description": channel["token"]["anyOf"][0]["description"]} in channel["token"][
        "anyOf"
    ]
    assert channel["token_file"] == {"type": "string", "default": ""}


def test_settings_without_secrets_can_be_passed_on_as_json():
    settings = read("")
    assert msgspec.json.decode(msgspec.json.encode(settings), type=type(settings)) == settings
