"""One document over another: sections key by key, metrics whole, monitors key by key by name."""

from collections.abc import Mapping

from streams.settings.document import Content, Node, name_of
from streams.settings.fault import Fault, not_one_of


def merge(base: Node, over: Node, faults: list[Fault]) -> Node:
    """Return `over` laid over `base`. A monitor named twice in `over` is a fault; empty keys are absent."""
    if not isinstance(base.content, dict) or not isinstance(over.content, dict):
        return over
    content = dict(base.content)
    for key, node in over.content.items():
        if node.content is None:
            continue
        below = content.get(key)
        if key == "monitors" and isinstance(node.content, list):
            content[key] = _merge_named(below, node, faults)
        elif below is not None:
            content[key] = _merge_section(below, node)
        else:
            content[key] = node
    return Node(content, over.mark)


def set_paths(root: Node, values: Mapping[tuple[str, ...], Node], faults: list[Fault]) -> Node:
    """Return the tree with each value put at its path. A list without an item of that name is a fault."""
    for path, value in values.items():
        try:
            root = _set(root, path, value)
        except LookupError as error:
            faults.append(Fault(value.mark, path, str(error.args[0])))
    return root


def _merge_section(below: Node, over: Node) -> Node:
    if isinstance(below.content, dict) and isinstance(over.content, dict):
        return Node({**below.content, **over.content}, over.mark)
    return over


def _merge_named(below: Node | None, over: Node, faults: list[Fault]) -> Node:
    known: dict[str, Node] = {}
    if below is not None and isinstance(below.content, list):
        known = {name: item for item in below.content if (name := name_of(item)) is not None}
    seen: dict[str, Node] = {}
    nameless: list[Node] = []
    for item in over.content if isinstance(over.content, list) else ():
        name = name_of(item)
        if name is None:
            nameless.append(item)
        elif name in seen:
            first = seen[name].mark.line
            faults.append(Fault(item.mark, ("monitors", name), f"name given twice, first on line {first}"))
        else:
            seen[name] = _merge_section(known[name], item) if name in known else item
    return Node([*(known | seen).values(), *nameless], over.mark)


def _set(node: Node, path: tuple[str, ...], value: Node) -> Node:
    if not path:
        return value
    content: Content = node.content
    if isinstance(content, list):
        if path[0] not in (names := [name for item in content if (name := name_of(item))]):
            raise LookupError(not_one_of(path[0], names))
        return Node([_set(i, path[1:], value) if name_of(i) == path[0] else i for i in content], node.mark)
    children = content if isinstance(content, dict) else {}
    child = children.get(path[0], Node({}, value.mark))
    return Node({**children, path[0]: _set(child, path[1:], value)}, node.mark)
