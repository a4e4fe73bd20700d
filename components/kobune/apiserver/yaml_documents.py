"""YAML to JSON, within bounds: what is small on the wire may be huge, or endless, once its aliases are followed."""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

import orjson
import yaml

DEEPEST: Final = 200
"""How deep a document may nest: the parser's own recursion has no end but that of the process."""
LARGEST: Final = 16 * 1024 * 1024
"""How many bytes a document may have with all aliases written out."""

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadYaml(ValueError):
    """The text is not YAML, or not YAML that may be followed; says why."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Reads numbers as Kubernetes does: `22:22` and `2026-01-01` are text, `1e3` is a number."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":int", ":float"))]
        for first, rules in _SafeLoader.yaml_implicit_resolvers.items()
    }

    def finite(self, node: Any) -> float:
        """Return a float, which JSON has no word for if it is not finite."""
        number: float = self.construct_yaml_float(node)
        if not isfinite(number):
            raise BadYaml(f"json: unsupported value: {node.value}")
        return int(number) if number.is_integer() and abs(number) < 2**63 else number


_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.finite)


def to_json(body: bytes) -> tuple[bytes, list[str]]:
    """Return the first document of a text as JSON, and what is odd about it: keys that are there twice.

    Raises `BadYaml`.
    """
    try:
        has_aliases = _check_depth(body)
        loader = _Loader(body)
        try:
            if not loader.check_node():
                return b"null", []
            root = loader.get_node()
            if has_aliases:
                _check_size(root)
            odd = list(_duplicates(root))
            tree = loader.construct_document(root)
        finally:
            loader.dispose()
        return orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS, default=_odd), odd
    except yaml.YAMLError as error:
        raise BadYaml(f"yaml: {_problem(error)}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise error if isinstance(error, BadYaml) else BadYaml(f"yaml: {error}") from None


def _check_depth(body: bytes) -> bool:
    """Return whether there are aliases in the first document; `BadYaml` if it nests too deep."""
    depth = 0
    has_aliases = False
    for event in yaml.parse(body, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise BadYaml(f"yaml: exceeded max depth of {DEEPEST}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            has_aliases = True
        elif isinstance(event, yaml.DocumentEndEvent):
            break
    return has_aliases


def _check_size(root: Any) -> None:
    """Raise `BadYaml` if the document is endless, or too large with its aliases written out."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: Any) -> int:
        known = sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in open_nodes:
            raise BadYaml(f"yaml: line {node.start_mark.line + 1}: an anchor contains itself")
        open_nodes.add(id(node))
        found = len(node.value) if isinstance(node, yaml.ScalarNode) else sum(map(size, _children(node)))
        open_nodes.discard(id(node))
        sizes[id(node)] = found = found + 1
        return found

    if size(root) > LARGEST:
        raise BadYaml("yaml: document contains excessive aliasing")


def _children(node: Any) -> Iterator[Any]:
    for child in node.value:
        if isinstance(child, tuple):
            yield from child
        else:
            yield child


def _duplicates(root: Any) -> Iterator[str]:
    """Yield Kubernetes' words for each key that a mapping has twice."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        line = key.start_mark.line + 1
                        yield f'yaml: unmarshal errors:\n  line {line}: key "{key.value}" already set in map'
                    keys.add(key.value)
        waiting.extend(_children(node))


def _odd(value: Any) -> Any:
    if isinstance(value, bytes):  # !!binary
        return value.decode()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if mark is None:
        return str(problem)
    context = getattr(error, "context_mark", None)
    line = mark.line or (context.line if context else 0)
    if mark.line and isinstance(error, yaml.scanner.ScannerError):
        line += 1  # as Kubernetes' parser counts: from one only while it still reads tokens
    return f"line {line}: {problem}" if line else str(problem)
