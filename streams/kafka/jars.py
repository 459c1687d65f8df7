"""The jars of the local Kafka broker: copied from Maven Central once, kept in a folder."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from streams.failure import Failure

POM = Path(__file__).parents[2] / "deploy" / "kafka" / "pom.xml"
INSTALL = {
    "java": "apt-get install -y openjdk-17-jre-headless",
    "mvn": "apt-get install -y maven",
}


class LocalKafkaFailure(Failure):
    """The local broker cannot do what was asked; the message says what to do next."""


class ProgramMissing(LocalKafkaFailure):
    """Java or Maven is not installed."""


class JarsMissing(LocalKafkaFailure):
    """Maven could not copy the broker's jars."""


def program(name: str) -> str:
    """Return the path of `java` or `mvn`. Raises ProgramMissing with the command that installs it."""
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(
            f"the local Kafka needs `{name}`, which is not installed.\n"
            f"  On Debian, as root:  {INSTALL[name]}\n"
            "  (`make setup` does it.) Or use a Kafka of your own: set FENGHUO_KAFKA__BOOTSTRAP_SERVERS."
        )
    return found


def fetch(cache: Path, pom: Path = POM) -> Path:
    """Return the folder of jars below `cache`, filled by Maven when this version's is not there yet.

    The folder appears whole or not at all, so that several processes may fetch at once.

    Raises ProgramMissing or JarsMissing.
    """
    if not pom.is_file():
        raise JarsMissing(f"{pom} is not there: run fenghuo from its source tree to have a local Kafka.")
    libs = cache / f"libs-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if libs.is_dir():
        return libs
    maven = program("mvn")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as folder:
        copied = Path(folder) / "libs"
        _copy_dependencies(maven, pom, copied)
        try:
            copied.rename(libs)
        except OSError:
            if not libs.is_dir():  # else another process was faster, and its jars are as good
                raise
    return libs


def _copy_dependencies(maven: str, pom: Path, into: Path) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={into.resolve()}"]
    done = subprocess.run(  # noqa: S603 (the program is Maven, the arguments are ours)
        [maven, "-q", "-B", "-f", str(pom), *goal], capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or not any(into.glob("kafka_*.jar")):
        raise JarsMissing(
            "Maven could not copy Kafka's jars. Is Maven Central (or your mirror in ~/.m2/settings.xml) "
            f"reachable?\n{_last_lines(done.stdout + done.stderr)}"
        )


def _last_lines(text: str, lines: int = 15) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
