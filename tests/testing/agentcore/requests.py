"""Requests out of botocore's shapes: valid ones, at random; and valid ones with one constraint broken, each in turn."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

Path = tuple[str | int, ...]

SPELT_OUT = {"mem-[a-zA-Z0-9-_]*": "mem-[a-zA-Z0-9-_]{36,46}"}
"""Patterns that leave their length to `min` and `max`: the same with it, so that no text is drawn in vain."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


class Valid:
    """Valid values of shapes. `instead` gives, by a shape's name, what obeys rules that are in no model."""

    def __init__(self, instead: dict[str, st.SearchStrategy[Any]] | None = None) -> None:
        self._instead = instead or {}
        self._made: dict[str, st.SearchStrategy[Any]] = {}

    def of(self, shape: Shape) -> st.SearchStrategy[Any]:
        if shape.name not in self._made:
            instead = self._instead.get(shape.name)
            self._made[shape.name] = self._make(shape) if instead is None else instead
        return self._made[shape.name]

    def _make(self, shape: Shape) -> st.SearchStrategy[Any]:
        if getattr(shape, "is_document_type", False):
            return (
                JSON.filter(lambda value: value is not None)
                if shape.name != "MemoryDocument"
                else st.dictionaries(st.text(max_size=5), JSON, max_size=2)
            )
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        match shape.type_name:
            case "structure" if shape.is_tagged_union:
                return st.one_of([st.fixed_dictionaries({name: self.of(part)}) for name, part in shape.members.items()])
            case "structure":
                parts = {name: self.of(part) for name, part in shape.members.items()}
                required = {name: part for name, part in parts.items() if name in shape.required_members}
                optional = {name: part for name, part in parts.items() if name not in required}
                return st.fixed_dictionaries(required, optional=optional)
            case "list":
                return st.lists(self.of(shape.member), min_size=least or 0, max_size=min(most or 2, (least or 0) + 2))
            case "map":
                return st.dictionaries(self.of(shape.key), self.of(shape.value), min_size=least or 0, max_size=2)
            case "string":
                return texts(shape)
            case "integer":
                return st.integers(least if least is not None else -1_000, most if most is not None else 1_000)
            case "double":
                return st.floats(-1e9, 1e9)
            case "boolean":
                return st.booleans()
            case "timestamp":
                return st.integers(0, 4_102_444_800_000).map(lambda ms: ms / 1_000)
        raise AssertionError(shape.type_name)


def texts(shape: Shape) -> st.SearchStrategy[str]:
    """Texts that a string shape allows, most of them short."""
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10_000)
    pattern = shape.metadata.get("pattern")
    if shape.enum:
        return st.sampled_from(shape.enum)
    if pattern is None:
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=min(most, least + 12))
    compiled = re.compile(SPELT_OUT.get(pattern, pattern), re.ASCII)
    return st.from_regex(compiled, fullmatch=True).filter(lambda text: least <= len(text) <= most)


@dataclass(frozen=True)
class Site:
    """One constraint of a request: where it is, which, and the shape that has it."""

    path: Path
    kind: str
    shape: Shape

    @property
    def where(self) -> str:
        """The field's name in an error's fieldList."""
        return ".".join(map(str, self.path)) + (" (key)" if self.kind.startswith("key ") else "")

    def __repr__(self) -> str:
        return f"{self.where} {self.kind}"


def sites(shape: Shape, path: Path = ()) -> Iterator[Site]:
    """Every constraint in a shape and all that is below it."""
    if getattr(shape, "is_document_type", False):
        return
    yield from (Site(path, kind, shape) for kind in _kinds(shape) if path)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in shape.required_members and member.serialization.get("location") != "uri":
                yield Site((*path, name), "required", member)
            yield from _below(sites(member, (*path, name)), member)
    elif shape.type_name == "list":
        yield from sites(shape.member, (*path, 0))
    elif shape.type_name == "map":
        key = minimal(shape.key)
        yield from (Site((*path, key), f"key {kind}", shape.key) for kind in _kinds(shape.key) if kind != "type")
        yield from sites(shape.value, (*path, key))


def _below(found: Iterator[Site], member: Shape) -> Iterator[Site]:
    """What travels in the path or the query is text, whatever is put there, and an empty path is another."""
    in_text = member.serialization.get("location") in ("uri", "querystring")
    return (site for site in found if not (in_text and site.kind == "type"))


def _kinds(shape: Shape) -> list[str]:
    kinds = [name for name in ("min", "max", "pattern") if shape.metadata.get(name)]
    kinds += ["enum"] if getattr(shape, "enum", None) else []
    kinds += ["union"] if getattr(shape, "is_tagged_union", False) else []
    return [*kinds, "type"]


@cache
def minimal(shape: Shape) -> Any:
    """The least that a shape allows."""
    if getattr(shape, "is_document_type", False):
        return {}
    least = shape.metadata.get("min", 0)
    match shape.type_name:
        case "structure":
            names = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
            return {name: minimal(shape.members[name]) for name in names}
        case "list":
            return [minimal(shape.member)] * least
        case "map":
            return {minimal(shape.key): minimal(shape.value)} if least else {}
        case "string":
            return shape.enum[0] if shape.enum else fitting(shape, max(least, 1))
        case "integer":
            return least
        case "double" | "timestamp":
            return 0.0
    return False


def fitting(shape: Shape, length: int) -> str:
    """A text of that length which the pattern allows, or the shortest that it does."""
    pattern = shape.metadata.get("pattern", ".*")
    templates = ("{}", "mem-{}", "{}-0123456789", "0#{}", "arn:aws:iam::1:{}", "arn:aws:s3:::{}")
    for template in templates:
        text = template.format("a" * max(1, length - len(template) + 2))
        if re.fullmatch(pattern, text):
            return text
    raise AssertionError(f"Nothing known fits {pattern}")


def holding(shape: Shape, path: Path) -> Any:
    """The least that a shape allows with something at the path."""
    if not path:
        return copy.deepcopy(minimal(shape))
    step, rest = path[0], path[1:]
    if shape.type_name == "list":
        return [holding(shape.member, rest), *copy.deepcopy(minimal(shape))[1:]]
    if shape.type_name == "map":
        return {step: holding(shape.value, rest)}
    whole = {} if shape.is_tagged_union else copy.deepcopy(minimal(shape))
    return whole | {step: holding(shape.members[step], rest)}


def broken(whole: dict[str, Any], site: Site, value: Any) -> dict[str, Any]:
    """The request with another value at the site; for a key, with another key; for what is required, without it."""
    result = copy.deepcopy(whole)
    parent: Any = result
    for step in site.path[:-1]:
        parent = parent[step]
    last = site.path[-1]
    if site.kind == "required":
        del parent[last]
    elif site.kind.startswith("key "):
        parent[value] = parent.pop(last)
    else:
        parent[last] = value
    return result


def breaking(site: Site) -> st.SearchStrategy[Any]:
    """Values that break one constraint, and, where that can be, only that one."""
    shape, kind = site.shape, site.kind.removeprefix("key ")
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    return _BREAKING[kind](shape, least, most)


def _too_small(shape: Shape, least: int, _: int | None) -> st.SearchStrategy[Any]:
    if shape.type_name == "integer":
        return st.integers(least - 1_000, least - 1)
    if shape.type_name == "list":
        return st.integers(0, least - 1).map(lambda size: [minimal(shape.member)] * size)
    if shape.type_name == "map":
        return st.just({})
    return st.integers(0, least - 1).map(lambda size: fitting_or(shape, size))


def _too_large(shape: Shape, _: int | None, most: int) -> st.SearchStrategy[Any]:
    if shape.type_name == "integer":
        return st.integers(most + 1, most + 1_000)
    if shape.type_name == "list":
        return st.integers(most + 1, most + 3).map(lambda size: [minimal(shape.member)] * size)
    if shape.type_name == "map":
        keys = [fitting(shape.key, length) for length in range(1, most + 4)]
        return st.integers(most + 1, most + 3).map(lambda size: dict.fromkeys(keys[:size], minimal(shape.value)))
    return st.integers(most + 1, most + 3).map(lambda size: fitting(shape, size))


def fitting_or(shape: Shape, size: int) -> str:
    """As `fitting`, or, where the pattern allows nothing so short, its beginning."""
    return fitting(shape, size)[:size]


def _off_pattern(shape: Shape, least: int | None, most: int | None) -> st.SearchStrategy[Any]:
    pattern = re.compile(shape.metadata["pattern"], re.ASCII)
    low = max(least or 1, 1)
    anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(most or low + 9, low + 9))
    return anything.filter(lambda text: not pattern.fullmatch(text))


def _off_enum(shape: Shape, _: int | None, __: int | None) -> st.SearchStrategy[Any]:
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda text: text not in shape.enum)


def _no_union(shape: Shape, _: int | None, __: int | None) -> st.SearchStrategy[Any]:
    parts = {name: minimal(part) for name, part in shape.members.items()}
    wrong = [{}, {"unheardOf": {}}, dict.fromkeys(parts)]
    return st.sampled_from([*wrong, parts] if len(parts) > 1 else wrong)


def _other_type(shape: Shape, _: int | None, __: int | None) -> st.SearchStrategy[Any]:
    values: dict[str, list[Any]] = {
        "structure": ["text", 1, [], True],
        "list": ["text", 1, {}, True],
        "map": ["text", 1, [], True],
        "string": [1, [], {}, True],
        "integer": ["1", 1.5, [], {}, True],
        "double": ["1", [], {}, True],
        "boolean": ["true", 1, [], {}],
        "timestamp": ["2026-01-01T00:00:00Z", [], {}, True, 1e300],
    }
    return st.sampled_from(values[shape.type_name])


_BREAKING: dict[str, Callable[[Shape, Any, Any], st.SearchStrategy[Any]]] = {
    "required": lambda *_: st.none(),
    "min": _too_small,
    "max": _too_large,
    "pattern": _off_pattern,
    "enum": _off_enum,
    "union": _no_union,
    "type": _other_type,
}
