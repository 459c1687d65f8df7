"""A document: YAML as a tree that remembers on which line each key stands."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from streams.settings.fault import Fault, Mark, SettingsRefused

NODES_MAX = 100_000  # aliases can blow up a small file

Scalar: TypeAlias = str | int | float | bool | None
Content: TypeAlias = "Scalar | dict[str, Node] | list[Node]"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where its key stands."""

    content: Content
    mark: Mark


def read_document(text: str, file: str) -> Node:
    """Parse one YAML document. Raises SettingsRefused with all faults of its form."""
    try:
        reader = _Reader(yaml.SafeLoader(text), file)
        node = reader.root()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SettingsRefused([Fault(Mark(file, line), (), f"not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SettingsRefused([Fault(Mark(file, 0), (), f"not YAML: {error}")]) from error
    if reader.faults:
        raise SettingsRefused(reader.faults)
    return node


def plain(node: Node) -> object:
    """Return the bare value of a node."""
    if isinstance(node.content, dict):
        return {key: plain(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [plain(child) for child in node.content]
    return node.content


def locate(root: Node, path: tuple[str, ...]) -> Mark:
    """Return where the deepest existing key of a path stands. Items of a list go by their `name`."""
    node = root
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        node = child
    return node.mark


def _child(node: Node, step: str) -> Node | None:
    if isinstance(node.content, dict):
        return node.content.get(step)
    if isinstance(node.content, list):
        return next((item for item in node.content if name_of(item) == step), None)
    return None


def name_of(item: Node) -> str | None:
    """Return the `name` of a mapping, None if it has none."""
    named = item.content.get("name") if isinstance(item.content, dict) else None
    return named.content if named is not None and isinstance(named.content, str) else None


class _Reader:
    """Turns PyYAML's nodes into ours; collects the faults on the way."""

    def __init__(self, loader: yaml.SafeLoader, file: str) -> None:
        self._loader = loader
        self._file = file
        self._count = 0
        self.faults: list[Fault] = []

    def root(self) -> Node:
        source = self._loader.get_single_node()
        mark = Mark(self._file, 1)
        return self.node(source, mark, ()) if source is not None else Node({}, mark)

    def node(self, source: yaml.Node, mark: Mark, path: tuple[str, ...]) -> Node:
        self._count += 1
        if self._count > NODES_MAX:
            raise ValueError(f"more than {NODES_MAX} values")
        if isinstance(source, yaml.MappingNode):
            return Node(self._mapping(source, path), mark)
        if isinstance(source, yaml.SequenceNode):
            items = (self.node(item, self._mark(item), path) for item in source.value)
            return Node(list(items), mark)
        value = self._loader.construct_object(source)
        if isinstance(value, float) and not math.isfinite(value):
            self.faults.append(Fault(mark, path, f"found {source.value}; allowed: finite numbers"))
        return Node(value, mark)

    def _mapping(self, source: yaml.MappingNode, path: tuple[str, ...]) -> dict[str, Node]:
        content: dict[str, Node] = {}
        for key_node, value_node in source.value:
            mark = self._mark(key_node)
            key = self._loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                self.faults.append(
                    Fault(mark, path, f"found the key {key!r}; allowed: text (put it in quotes)")
                )
            elif key in content:
                first = content[key].mark.line
                self.faults.append(Fault(mark, (*path, key), f"given twice, first on line {first}"))
            else:
                content[key] = self.node(value_node, mark, (*path, key))
        return content

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self._file, node.start_mark.line + 1)
