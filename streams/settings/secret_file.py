"""Secrets from files: `password_file` names the file that `password` is read from."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sinks.secret import Secret
from streams.settings.metric_rules import Finding
from streams.settings.model import Section

SUFFIX = "_file"
BYTES_MAX = 65_536  # no secret is longer

S = TypeVar("S", bound=Section)


def with_secrets(section: S, path: tuple[str, ...] = ()) -> tuple[S, list[Finding]]:
    """Return the section, and all below it, with secrets read from their files; and what is wrong."""
    findings: list[Finding] = []
    changes: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Section | list):
            changes[field.name] = _below(value, (*path, field.encode_name), findings)
        elif _is_secret(field) and (file := getattr(section, field.name + SUFFIX)):
            try:
                if value is not None:
                    raise ValueError(f"given twice, also as {field.encode_name}")  # noqa: TRY301 (one place tells)
                changes[field.name] = Secret(_read(file))
            except ValueError as error:
                findings.append(((*path, field.encode_name + SUFFIX), str(error)))
    return msgspec.structs.replace(section, **changes), findings


def _below(value: Any, path: tuple[str, ...], findings: list[Finding]) -> Any:
    if isinstance(value, Section):
        changed, found = with_secrets(value, path)
        findings += found
        return changed
    if not value or not isinstance(value[0], Section):
        return value
    return [_below(item, (*path, getattr(item, "name", "")), findings) for item in value]


def _is_secret(field: msgspec.structs.FieldInfo) -> bool:
    return bool(field.type == Secret | None)


def _read(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            text = stream.read(BYTES_MAX).decode().strip()
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text") from error
    if not text:
        raise ValueError(f"{file} is empty")
    return text
