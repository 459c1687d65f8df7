"""Load the settings: shipped catalogue, user's file over it, environment over both; then check all."""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from streams.failure import Failure
from streams.settings.channel_rules import channel_findings
from streams.settings.convert import INVALID, Converter
from streams.settings.document import Node, locate, read_document
from streams.settings.environment import read_environment
from streams.settings.fault import Fault, Mark, SettingsRefused
from streams.settings.file_rules import file_findings
from streams.settings.merge import merge, set_paths
from streams.settings.metric_rules import Finding, metric_findings
from streams.settings.model import Settings
from streams.settings.monitor_rules import monitor_findings
from streams.settings.response_rules import response_findings
from streams.settings.secret_file import with_secrets
from streams.settings.security_rules import security_findings

CATALOGUE = "catalogue.yaml"
SCALARS = frozenset({"shop", "locale", "catalogue"})  # keys at the top of the file that are no sections


def load(path: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file (None: the shipped catalogue alone) under the environment.

    environ: None for the process's own. Raises SettingsRefused (exit code 3) with every fault found, and
    Failure if the file cannot be read.
    """
    text = _read(path) if path is not None else ""
    return read(text, path or CATALOGUE, os.environ if environ is None else environ)


def read(text: str, file: str = "fenghuo.yaml", environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a text, as `load` does of a file. Raises SettingsRefused."""
    faults: list[Fault] = []
    root = _layers(read_document(text, file), environ or {}, faults)
    converter = Converter()
    settings = converter.section(root, Settings)
    faults += converter.faults
    if settings is not INVALID:
        settings, unread = with_secrets(settings)
        faults += (Fault(locate(root, path), path, message) for path, message in unread)
        faults += _rule_faults(settings, root, faults)
    if faults:
        raise SettingsRefused(faults)
    return settings  # type: ignore[no-any-return]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot read the settings {path}: {error.strerror}. Is the path right?") from error
    except UnicodeDecodeError as error:
        raise SettingsRefused([Fault(Mark(path, 0), (), f"not UTF-8 text: {error.reason}")]) from error


def _layers(user: Node, environ: Mapping[str, str], faults: list[Fault]) -> Node:
    wanted = user.content.get("catalogue") if isinstance(user.content, dict) else None
    shipped = Node({}, user.mark) if wanted is not None and wanted.content is False else _shipped()
    root = merge(shipped, user, faults)
    return set_paths(root, read_environment(environ, SCALARS), faults)


@cache
def _shipped() -> Node:
    text = (resources.files("streams.settings") / CATALOGUE).read_text(encoding="utf-8")
    return read_document(text, CATALOGUE)


def _rule_faults(settings: Settings, root: Node, faults: list[Fault]) -> Iterator[Fault]:
    """Yield the breaches of the rules, except where the types are wrong already."""
    broken = {fault.path[:2] for fault in faults if len(fault.path) > 1}
    for path, message in _findings(settings, broken):
        if path[:2] not in broken:
            yield Fault(locate(root, path), path, message)


def _findings(settings: Settings, broken: set[tuple[str, ...]]) -> Iterator[Finding]:
    yield from file_findings(settings)
    yield from security_findings(settings)
    yield from channel_findings(settings)
    yield from response_findings(settings)
    metrics = {name: None if ("metrics", name) in broken else m for name, m in settings.metrics.items()}
    unsound = set()
    for name, metric in settings.metrics.items():
        for path, message in metric_findings(name, metric, metrics):
            unsound.add(name)
            yield ("metrics", name, *path), message
    sound = {name: None if name in unsound else metric for name, metric in metrics.items()}
    for monitor in settings.monitors:
        for path, message in monitor_findings(monitor, settings, sound):
            yield ("monitors", monitor.name, *path), message
