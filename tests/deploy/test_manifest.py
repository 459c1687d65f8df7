import re

import msgspec
import pytest

from streams.kafka.access import access
from streams.kafka.manifest import ROOT, files
from streams.kafka.topic_spec import wanted
from streams.settings.model import Kafka, Settings, Topics
from tests.deploy.program import DEPLOY

ROWS = access(Settings())


@pytest.mark.parametrize("path", files())
def test_a_file_of_topics_and_rights_is_what_the_tables_say(path):
    assert (ROOT / path).read_bytes() == files()[path], "run: python -m streams.kafka.manifest"


@pytest.mark.parametrize("name", wanted(Settings()))
def test_somebody_writes_and_the_operator_manages_every_topic(name):
    rows = [row for row in ROWS if name == row.name or (row.prefix and name.startswith(row.name))]
    by_who = {row.who: set(row.operations) for row in rows if row.resource == "topic"}
    assert "Create" in by_who["operator"]
    assert any("Write" in operations for who, operations in by_who.items() if who != "operator") or (
        name == Settings().topics.control
    )


@pytest.mark.parametrize("who", ["worker", "courier", "producer"])
def test_only_operators_create_alter_and_delete(who):
    operations = {operation for row in ROWS if row.who == who for operation in row.operations}
    assert operations <= {"Read", "Write", "Describe"}


def test_rights_follow_the_names_of_the_settings():
    topics = Topics(alert="ours.alert", partial="ours.partial")
    rows = access(Settings(topics=topics, kafka=Kafka(group="night")))
    assert {"ours.alert", "night", "night.", "night-courier"} <= {row.name for row in rows}
    assert not {"fenghuo.alert.v1", "fenghuo"} & {row.name for row in rows}


@pytest.mark.parametrize("folder", ["base", "strimzi"])
def test_a_kustomization_takes_all_files_of_its_folder(folder):
    base = DEPLOY / "kubernetes" / folder
    listed = msgspec.yaml.decode((base / "kustomization.yaml").read_bytes())
    configs = [name for config in listed.get("configMapGenerator", ()) for name in config["files"]]
    there = {file.name for file in base.glob("*.yaml")}
    assert {*listed["resources"], *configs, "kustomization.yaml"} == there


def test_the_image_installs_what_the_tests_ran_with():
    pins = [_pins(path) for path in ("requirements.lock", "deploy/docker/requirements.lock")]
    assert pins[1]
    assert pins[1].items() <= pins[0].items()


def test_the_image_installs_all_that_the_project_needs():
    project = (ROOT / "pyproject.toml").read_text()
    needed = re.findall(r'^    "([\w-]+)[=>]', project.split("[dependency-groups]")[0], re.MULTILINE)
    assert set(needed) <= _pins("deploy/docker/requirements.lock").keys()


@pytest.mark.parametrize("name", ["package-lock.json", "requirements.lock"])
def test_a_lock_of_the_validators_names_no_host_and_has_hashes(name):
    text = (DEPLOY / "validate" / name).read_text()
    assert "://" not in re.sub(r'"(url|funding)": (?s:\{.*?\}|".*?")', "", text)
    assert "sha512-" in text or "--hash=sha256:" in text


def _pins(path: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / path).read_text(), re.MULTILINE))
