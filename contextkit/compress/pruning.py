"""Pruning: what of a parsed JSON value is worth keeping, and the value written without the rest."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from json.encoder import encode_basestring
from math import log
from typing import Any, Final, TypeAlias

from contextkit.compress.asked import Asked
from contextkit.compress.failures import tells_of_failure
from contextkit.compress.rare import RARE, rare_values
from contextkit.compress.rungs import DEEPEST, SHORT, Rung

_QUERY_WORTH: Final = 3.0
_ODD_WORTH: Final = 1.0
_FAILED_WORTH: Final = 1.5
_END_WORTH: Final = 0.5
"""How elements of an array compare: what bears on the query first, then failures and rarities, then the two ends."""

_AGAIN: Final = 0.5
"""What a term of the query is worth where an element before has it, as a part of what it was."""

_FAILED_TERM: Final = "\nfailed"
_NOTHING: Final[frozenset[str]] = frozenset()

_REPEATS: Final = 40
"""Characters up to which a string is a key or a value that comes again, and is looked at once. So is one that may have
to be shortened, since each rung that is tried asks about it."""

Excerpts: TypeAlias = Callable[[str], Callable[[int], str]]
"""For a long string, what gives its best excerpt of about so many characters."""


class Literal(str):
    """A number (or NaN) exactly as it was written."""

    __slots__ = ()


class Pruning:
    """A parsed value with what each of its arrays and objects says about the query."""

    def __init__(self, value: Any, asked: Asked, excerpts: Excerpts) -> None:
        self.longest_array = 1
        self.longest_string = SHORT
        self._value = value
        self._asked = asked
        self._excerpt_of = excerpts
        self._found: dict[int, frozenset[str]] = {}
        self._orders: dict[int, list[int]] = {}
        self._excerpts: dict[str, Callable[[int], str]] = {}
        self._texts: dict[str, frozenset[str]] = {}
        self._widths: set[int] = set()
        self._beside: dict[int, Sequence[list[Any] | dict[str, Any]]] = {}
        self._look(value, 0)

    def _look(self, value: Any, depth: int) -> frozenset[str]:
        """What is found in a value and below it: query terms, and whether it tells of a failure."""
        if isinstance(value, str):
            return self._look_at_text(value)
        if depth > DEEPEST or not value or not isinstance(value, (dict, list)):
            return frozenset()
        self.longest_array = max(self.longest_array, len(value))
        if isinstance(value, list):
            self._widths |= _widths(value)
        else:
            for columns in _columns(value):
                self._beside |= dict.fromkeys(map(id, columns), columns)
        found: set[str] = set()
        for key, each in value.items() if isinstance(value, dict) else (("", each) for each in value):
            below = self._look(each, depth + 1)
            if below:
                found |= below
            if key and each:
                found |= self._look_at_text(key)
        result = frozenset(found)
        self._found[id(value)] = result
        return result

    def _look_at_text(self, text: str) -> frozenset[str]:
        if isinstance(text, Literal):
            return frozenset((str(text),)) if text in self._asked.terms else _NOTHING
        self.longest_string = max(self.longest_string, len(text))
        if _REPEATS < len(text) <= SHORT:
            return self._of_text(text)
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self._of_text(text)
        return known

    def _of_text(self, text: str) -> frozenset[str]:
        found = self._asked.found(text)
        if tells_of_failure(text):
            return frozenset((*found, _FAILED_TERM))
        return frozenset(found) if found else _NOTHING

    def _found_in(self, value: Any) -> frozenset[str]:
        if isinstance(value, (dict, list)):
            return self._found.get(id(value), frozenset())
        return self._look_at_text(value) if isinstance(value, str) else frozenset()

    def _order(self, value: list[Any] | dict[str, Any]) -> list[int]:
        """Positions of a container's elements, those most worth keeping first."""
        known = self._orders.get(id(value))
        if known is None:
            columns = self._beside.get(id(value), (value,))
            told = zip(*map(self._told, columns), strict=True)
            odd = zip(*(_oddities(_elements(each)) for each in columns), strict=True)
            known = _by_worth([_NOTHING.union(*each) for each in told], [*map(sum, odd)])
            self._orders |= dict.fromkeys(map(id, columns), known)
        return known

    def _told(self, value: list[Any] | dict[str, Any]) -> list[frozenset[str]]:
        """What is found in each of a container's elements."""
        found = [self._found_in(each) for each in _elements(value)]
        if isinstance(value, dict):
            return [each | self._look_at_text(key) for each, key in zip(found, value, strict=True)]
        return found

    def render(self, rung: Rung) -> str:
        """The value as compact JSON, pruned to a rung."""
        out: list[str] = []
        self._write(out, self._value, rung, 0, rung.elements)
        return "".join(out)

    def render_lines(self, rung: Rung) -> str:
        """The records as JSON Lines, pruned to a rung."""
        out: list[str] = []
        above: Any = None
        for part in self._kept(self._value, rung.elements):
            if isinstance(part, range):
                out.append(f'{{"…":"{_some(len(part), "record")} left out"}}')
            else:
                self._write(out, self._value[part], rung, 0, _fewer(rung.elements), above)
                above = self._value[part]
            out.append("\n")
        return "".join(out)

    def _write(self, out: list[str], value: Any, rung: Rung, depth: int, elements: int, above: Any = None) -> None:
        """Write a value; `above` is the element of its array that was written last."""
        if isinstance(value, Literal):
            out.append(value)
        elif isinstance(value, str):
            out.append(quoted(self._string(value, rung.characters)))
        elif isinstance(value, dict):
            self._write_object(out, value, rung, depth, elements, above if isinstance(above, dict) else {})
        elif isinstance(value, list):
            self._write_array(out, value, rung, depth, elements)
        else:
            out.append("true" if value is True else "false" if value is False else "null")

    def _write_array(self, out: list[str], value: list[Any], rung: Rung, depth: int, elements: int) -> None:
        if self._bears(value):
            elements = max(elements, 1)
        if self._is_row(value):
            elements = max(elements, rung.keys)
        if value and depth >= self._deepest(value, rung):
            out.append(f'["… {_some(len(value), "item")} left out"]')
            return
        opening = "["
        above: Any = None
        for part in self._kept(value, elements):
            out.append(opening)
            opening = ","
            if isinstance(part, range):
                out.append(f'"… {_some(len(part), "item")} left out"')
            else:
                self._write(out, value[part], rung, depth + 1, _fewer(elements), above)
                above = value[part]
        out.append("]" if value else "[]")

    def _write_object(
        self, out: list[str], value: dict[str, Any], rung: Rung, depth: int, elements: int, above: dict[str, Any]
    ) -> None:
        kept = [] if depth >= self._deepest(value, rung) else self._kept(value, rung.keys)
        keys = list(value)
        gone = len(keys)
        same: list[str] = []
        opening = "{"
        for part in kept:
            if isinstance(part, range):
                continue
            gone -= 1
            key = self._string(keys[part], max(rung.characters, SHORT))
            if not rung.again and _is_much(value[keys[part]]) and _same(above.get(keys[part]), value[keys[part]]):
                same.append(key)
                continue
            out.append(f"{opening}{quoted(key)}:")
            self._write(out, value[keys[part]], rung, depth + 1, elements)
            opening = ","
        if same or gone:
            marks = [f"{', '.join(same)} as above"] * bool(same) + [f"{_some(gone, 'key')} left out"] * bool(gone)
            out.append(f'{opening}"…":{quoted("; ".join(marks))}')
        out.append("}" if value else "{}")

    def _is_row(self, value: list[Any]) -> bool:
        """Whether an array is a row of a table, or names its columns: then its elements are to it as its keys to an
        object. Longer numbers alone are a vector."""
        if len(value) not in self._widths:
            return False
        return len(value) <= _VECTOR or not all(isinstance(each, Literal) for each in value)

    def _bears(self, value: list[Any] | dict[str, Any]) -> bool:
        """Whether it, what is below it, or a column beside it has a word of the query."""
        columns = self._beside.get(id(value), (value,))
        return any(self._found_in(each) - {_FAILED_TERM} for each in columns)

    def _deepest(self, value: list[Any] | dict[str, Any], rung: Rung) -> int:
        """The level on which no more of a container stands: one that bears on the query may be deeper."""
        return min(rung.depth + rung.deeper, DEEPEST) if self._bears(value) else rung.depth

    def _kept(self, value: list[Any] | dict[str, Any], count: int) -> Iterable[int | range]:
        """Positions kept, in order, and ranges left out between them."""
        return range(len(value)) if count >= len(value) else self._pruned(value, count)

    def _pruned(self, value: list[Any] | dict[str, Any], count: int) -> Iterator[int | range]:
        position = 0
        for n in sorted(self._order(value)[:count]):
            if n > position:
                yield range(position, n)
            yield n
            position = n + 1
        if position < len(value):
            yield range(position, len(value))

    def _string(self, text: str, characters: int) -> str:
        if len(text) <= characters + _MARK:
            return text
        if self._look_at_text(text) - {_FAILED_TERM}:
            characters *= _BEARS
        if len(text) <= characters + _MARK:
            return text
        if text not in self._excerpts:
            self._excerpts[text] = self._excerpt_of(text)
        return self._excerpts[text](characters)


def _elements(value: list[Any] | dict[str, Any]) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())


def _widths(value: list[Any]) -> set[int]:
    """The lengths of the rows that an array has: arrays of one length, or objects with one, as databases answer."""
    if len(value) < _ROWS:
        return set()
    if all(isinstance(each, dict) for each in value):
        value = [next((one for one in each.values() if isinstance(one, list)), None) for each in value]
    widths = {len(each) if isinstance(each, list) else 0 for each in value}
    return widths if len(widths) == 1 and max(widths) > 1 and all(map(_is_cell, value[0])) else set()


def _is_cell(value: Any) -> bool:
    """Whether it may be a cell of a row: a plain value, perhaps with word of its type or name."""
    if isinstance(value, dict):
        return len(value) <= _CELL and not any(isinstance(each, (list, dict)) for each in value.values())
    return not isinstance(value, list)


def _columns(value: dict[str, Any]) -> Iterable[Sequence[list[Any] | dict[str, Any]]]:
    """The columns that an object has: arrays of one length, or objects with the same keys, fewer than these have
    elements. The first elements of all are a row, and so on."""
    if len(value) < _COLUMNS:
        return
    alike: dict[object, list[Any]] = defaultdict(list)
    for each in value.values():
        if (
            isinstance(each, (list, dict))
            and len(each) > max(len(value), _ROWS)
            and all(map(_is_cell, _elements(each)))
        ):
            alike[len(each) if isinstance(each, list) else tuple(each)].append(each)
    yield from (columns for columns in alike.values() if len(columns) >= _COLUMNS)


_ROWS: Final = 3
"""Arrays of one length that are rows of a table."""

_COLUMNS: Final = 2
"""Arrays of one length that are columns of a table."""

_CELL: Final = 2
"""Values of an object that is a cell, at the most: `{"field": "city", "value": "Vik"}`."""

_VECTOR: Final = 16
"""Numbers in a row of a table, at the most."""


def _is_much(value: Any) -> bool:
    """Whether a value is longer than word of it: that it is the same as above."""
    return bool(value) if isinstance(value, (dict, list)) else isinstance(value, str) and len(value) >= _WORD_OF_IT


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except RecursionError:
        return False


_WORD_OF_IT: Final = 16
"""Characters of a string that are about as many tokens as its key among those that are as above."""

_BEARS: Final = 4
"""How much longer a string may be that bears on the query."""

_MARK: Final = 24
"""Characters a mark takes; cutting fewer than that gains nothing."""


def _fewer(elements: int) -> int:
    """Elements kept of an array inside another array."""
    return max(elements // 4, min(elements, 2))


def _by_worth(found: Sequence[frozenset[str]], odd: Sequence[int]) -> list[int]:
    """The elements, those most worth keeping first.

    Rare terms of the query count by the square of their rarity, so that the record whose number was asked for comes
    before one that shares several common words; and each again for less where an element before has it, so that of
    two records that were asked for both come early.
    """
    count = Counter(term for each in found for term in each)
    rarity = {term: log(1 + len(found) / times) for term, times in count.items()}
    asked = {term: _QUERY_WORTH * rare * rare for term, rare in rarity.items() if term != _FAILED_TERM}

    def otherwise(n: int) -> float:
        failed = _FAILED_WORTH * rarity[_FAILED_TERM] if _FAILED_TERM in found[n] else 0.0
        return failed + _ODD_WORTH * odd[n] + _END_WORTH * ((n == 0) * 3 + (n == 1) + (n == len(found) - 1) * 2)

    def worth(n: int) -> float:
        return sum(asked.get(term, 0.0) for term in found[n]) + rest[n]

    rest = [otherwise(n) for n in range(len(found))]
    alike: dict[frozenset[str], deque[int]] = defaultdict(deque)
    for n in sorted(range(len(found)), key=lambda n: (-rest[n], n)):
        alike[found[n]].append(n)
    waiting = [(-worth(each[0]), each[0]) for each in alike.values()]  # of those alike, only the first has to wait
    heapify(waiting)
    order: list[int] = []
    while waiting:
        _, n = heappop(waiting)
        now = -worth(n)  # never more than when it was put there: terms are only worth less
        if waiting and (now, n) > waiting[0]:
            heappush(waiting, (now, n))
            continue
        order.append(n)
        asked |= {term: asked[term] * _AGAIN for term in found[n] if term in asked}
        others = alike[found[n]]
        others.popleft()
        if others:
            heappush(waiting, (-worth(others[0]), others[0]))
    return order


def _oddities(elements: Sequence[Any]) -> list[int]:
    """For each element, how many of its fields have a rare value, or are themselves rare."""
    facts = [_facts(each) for each in elements]
    values: dict[str, list[str]] = defaultdict(list)
    for key, value in (fact for each in facts for fact in each):
        values[key].append(value)
    odd = {key: rare_values(found) for key, found in values.items()}
    rare = {key for key, found in values.items() if len(found) <= len(elements) * RARE}
    return [sum(1 for key, value in each if key in rare or value in odd[key]) for each in facts]


def _facts(element: Any) -> list[tuple[str, str]]:
    """The short fields of an object as (key, value); of anything else, its type."""
    if not isinstance(element, dict):
        return [("", type(element).__name__)]
    return [
        (key, str(each)) for key, each in element.items() if not isinstance(each, (dict, list)) and len(str(each)) < 40
    ]


def _some(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'s' * (count != 1)}"


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def quoted(text: str) -> str:
    """A JSON string; one with lone surrogates is escaped, so that it can be encoded."""
    return json.dumps(text) if _SURROGATE.search(text) else encode_basestring(text)
