"""A document to the structs of the model, noting every fault instead of stopping at the first."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from sinks.secret import Secret
from streams.settings.document import Content, Node, plain, read_document
from streams.settings.duration import parse_ms
from streams.settings.fault import Fault, Mark, SettingsRefused, not_one_of
from streams.settings.model import GradeName, Section

Path = tuple[str, ...]

# How to say a type. Anything else falls back on msgspec's own words.
WORDS: dict[object, str] = {
    str: "text (put numbers and yes/no in quotes)",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, str]: "two names of metrics, [numerator, denominator]",
    tuple[float, float, float, float]: "four numbers in nats, for the grades [IV, III, II, I]",
    list[list[str]]: "a list of lists of dimensions, [[], [region]]",
    list[str]: "a list of texts",
    list[GradeName]: "a list of grades, [I, II, III, IV]",
}


class _Invalid:
    """Stands for a value that could not be converted; the fault is noted."""


INVALID = _Invalid()


class Converter:
    """Converts one document; `faults` grows."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def section(self, node: Node, type_: type[Section], path: Path = ()) -> Any:
        """Return the struct, with the defaults for what is faulty; INVALID if it cannot be made at all."""
        if not isinstance(node.content, dict):
            return self._fault(node.mark, path, f"found {plain(node)!r}; allowed: a mapping of keys")
        hints = get_type_hints(type_, include_extras=True)
        fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
        values: dict[str, Any] = {}
        for key, child in node.content.items():
            if key not in fields:
                self._fault(child.mark, (*path, key), f"unknown key: {not_one_of(key, fields)}")
                continue
            name = fields[key].name
            values[name] = self.value(child, hints[name], (*path, key))
        missing = [key for key, field in fields.items() if field.required and key not in node.content]
        for key in missing:
            self._fault(node.mark, (*path, key), "missing")
        valid = {name: value for name, value in values.items() if value is not INVALID}
        if missing or any(field.required and field.name not in valid for field in fields.values()):
            return INVALID
        return type_(**valid)

    def value(self, node: Node, type_: Any, path: Path) -> Any:
        """Return the value of a type of the model; INVALID after noting a fault."""
        inner, optional = _unwrap(type_)
        if optional and node.content is None:
            return None
        if inner is Secret:
            return self._secret(node, path)
        if node.mark.line == 0 and inner is not str and isinstance(node.content, str):
            node = self._from_environment(node, path)
        if isinstance(inner, type) and issubclass(inner, Section):
            return self.section(node, inner, path)
        if get_origin(inner) is dict:
            return self._mapping(node, get_args(inner), path)
        if get_origin(inner) is list and _is_section(get_args(inner)[0]):
            return self._sections(node, get_args(inner)[0], path)
        return self._leaf(node, inner, path)

    def _mapping(self, node: Node, types_: tuple[Any, Any], path: Path) -> Any:
        key_type, item_type = types_
        if not isinstance(node.content, dict):
            return self._fault(node.mark, path, f"found {plain(node)!r}; allowed: a mapping of keys")
        items: dict[str, Any] = {}
        for key, child in node.content.items():
            if get_origin(key_type) is Literal and key not in get_args(key_type):
                self._fault(child.mark, (*path, key), not_one_of(key, get_args(key_type)))
            elif (item := self.value(child, item_type, (*path, key))) is not INVALID:
                items[key] = item
        return items

    def _sections(self, node: Node, item_type: type[Section], path: Path) -> Any:
        if not isinstance(node.content, list):
            return self._fault(node.mark, path, f"found {plain(node)!r}; allowed: a list (lines with `-`)")
        items = (self.section(item, item_type, (*path, _label(item))) for item in node.content)
        return [item for item in items if item is not INVALID]

    def _leaf(self, node: Node, type_: Any, path: Path) -> Any:
        value = plain(node)
        try:
            return _leaf_value(value, type_)
        except msgspec.ValidationError as error:
            allowed = WORDS.get(type_)
            said = f"found {value!r}; allowed: {allowed}" if allowed else f"found {value!r}: {error}"
            return self._fault(node.mark, path, said)
        except ValueError as error:
            return self._fault(node.mark, path, str(error))

    def _secret(self, node: Node, path: Path) -> Any:
        """Take a secret from the environment alone: it must not stand in a file that many can read."""
        if node.mark.line:
            name = "__".join(path).upper()
            allowed = f"allowed: a file of its own, named in {path[-1]}_file, or FENGHUO_{name}"
            return self._fault(node.mark, path, f"found a secret; {allowed}")
        return Secret(str(node.content).strip())

    def _from_environment(self, node: Node, path: Path) -> Node:
        try:
            return Node(read_document(str(node.content), node.mark.file).content, node.mark)
        except SettingsRefused as refused:
            self.faults += (Fault(node.mark, path, fault.message) for fault in refused.faults)
            return node

    def _fault(self, mark: Mark, path: Path, message: str) -> _Invalid:
        self.faults.append(Fault(mark, path, message))
        return INVALID


def _leaf_value(value: object, type_: Any) -> Any:
    if get_origin(type_) is Annotated:
        return parse_ms(value)
    if get_origin(type_) is Literal and value not in get_args(type_):
        raise ValueError(not_one_of(value, [str(word) for word in get_args(type_)]))
    if type_ is float and isinstance(value, str):  # YAML 1.1 reads 1e9 as text
        return msgspec.convert(value, float, strict=False)
    return msgspec.convert(value, type_)


def _unwrap(type_: Any) -> tuple[Any, bool]:
    """Return the type without `| None`, and whether None is allowed."""
    if get_origin(type_) not in (Union, types.UnionType) or type(None) not in get_args(type_):
        return type_, False
    (inner,) = (part for part in get_args(type_) if part is not type(None))
    return inner, True


def _is_section(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Section)


def _label(item: Node) -> str:
    content: Content = item.content
    named = content.get("name") if isinstance(content, dict) else None
    return str(named.content) if named is not None else "(no name)"
