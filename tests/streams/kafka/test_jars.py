from pathlib import Path

import pytest

from streams.kafka.jars import JarsMissing, ProgramMissing, fetch, program


@pytest.fixture
def pom(tmp_path: Path) -> Path:
    path = tmp_path / "pom.xml"
    path.write_text("<project/>")
    return path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def maven(programs: Path, script: str) -> None:
    path = programs / "mvn"
    path.write_text(f'#!/bin/sh\nfor last; do :; done; into="${{last#-DoutputDirectory=}}"\n{script}\n')
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "package"), [("java", "openjdk-17-jre-headless"), ("mvn", "maven")], ids=["java", "maven"]
)
def test_a_missing_program_names_the_command_that_installs_it(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match=f"apt-get install -y {package}"):
        program(name)


def test_jars_are_copied_once(pom: Path, tmp_path: Path, programs: Path) -> None:
    maven(programs, f'echo run >> {tmp_path}/runs; mkdir -p "$into"; touch "$into/kafka_2.13-4.jar"')
    cache = tmp_path / "cache"
    first = fetch(cache, pom)
    assert fetch(cache, pom) == first
    assert [path.name for path in first.iterdir()] == ["kafka_2.13-4.jar"]
    assert (tmp_path / "runs").read_text() == "run\n"
    assert list(cache.iterdir()) == [first]


def test_another_version_gets_a_folder_of_its_own(pom: Path, tmp_path: Path, programs: Path) -> None:
    maven(programs, 'mkdir -p "$into"; touch "$into/kafka_2.13-4.jar"')
    first = fetch(tmp_path / "cache", pom)
    pom.write_text("<project>2</project>")
    assert fetch(tmp_path / "cache", pom) != first


@pytest.mark.parametrize(
    "script",
    ["echo no route to host; exit 1", 'mkdir -p "$into"; echo no route to host'],
    ids=["fails", "copies nothing"],
)
def test_a_failing_maven_shows_what_it_said_and_leaves_nothing(
    script: str, pom: Path, tmp_path: Path, programs: Path
) -> None:
    maven(programs, script)
    with pytest.raises(JarsMissing, match="no route to host"):
        fetch(tmp_path / "cache", pom)
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_the_source_tree_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(JarsMissing, match="source tree"):
        fetch(tmp_path, tmp_path / "pom.xml")
