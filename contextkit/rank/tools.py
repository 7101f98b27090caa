"""Which tools a question needs.

`ToolIndex` ranks a catalogue for a query, by words alone or with any embedder besides; `choose`
turns a ranking into the few tools a prompt shows, changing those of the last prompt only where
the question asks for it.

The constants were chosen on the development half of the Berkeley Function-Calling Leaderboard's
single-turn queries (955 queries over 1,096 tools; share of queries whose tool is among the first
ten). They are round numbers from the middle of a plateau: 120 settings drawn at random around
them stay within 0.4 points of each other (one standard deviation).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from contextkit.rank.impacts import ImpactIndex
from contextkit.rank.lexical import Scores
from contextkit.rank.meaning import Meaning
from contextkit.rank.terms import terms
from contextkit.rank.values import KINDS, Kind, kinds
from contextkit.types import Embeddings, Tool

WEIGHTS: Final = {"name": 3.0, "description": 1.5, "parameter": 1.0, "remark": 0.5, "value": 1.0}
"""What a word counts for in a tool's name and description, a parameter's name and description, an enum's value."""

SATURATION: Final = 3.0
"""BM25's k1 for words. Length is not held against a tool: more parameters are more uses, not more talk."""

GRAM_SATURATION: Final = 6.0
GRAM: Final = 4
"""Letters of a gram: long enough to tell stems apart, short enough to join `psychologist` and `psychological`."""

GRAM_PART: Final = 0.5
"""What grams add to words, both scaled to 1: one query in 300 more is found at 10, and ranks improve (MRR +0.01)."""

KIN: Final = 20
KIN_PART: Final = 0.5
"""How many of a tool's kin lend it part of their mean score: +0.5 points at 10; 10 to 50 kin, 0.25 to 0.75 alike."""

ACCEPTS: Final = 0.12
"""What a tool gains when its parameters take every kind of value in the question: +0.4 points at 10."""

DENSE_PART: Final = 2 / 3
"""Part of the dense scores in a fused one (all-MiniLM-L6-v2): +1.5 points over either; 0.65 to 0.75 alike."""

BEFORE: Final = 0.3
"""What the exchange before a question counts beside it.

Of the 100 tools that the turns of the demo's conversation call, 54 are among the ten best for their question instead of
42; 0.2 to 0.5 give 49 to 55. With the query before for an exchange, the leaderboard's sessions of related queries find
as many with it as without, and where that query is about something else 93.6% are found instead of 94.1%.
"""

QUERY_LIMIT: Final = 20_000
"""Characters of a question that are read, from its two ends: what is longer is material, not a request."""

_VALUES_READ: Final = 12
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")

WINNERS: Final = 3
KEPT: Final = 4
MOST: Final = 100
MARGIN: Final = 0.1
"""Tools shown before stay beside those that a query brings in, up to 4 times the limit, but to no more than 100 unless
the limit is higher: OpenAI takes 128, and other sources may show some. A query brings some in if one of the best 3 is
not among them; where no more may stay, if the best of all is better than the best of them by a tenth of the range of
scores.

The demo's conversation has 150 questions, and 105 calls of 44 of its 60 tools. With a limit of 10 in a window of 32,000
tokens (`tests/benchmarks/prefix.py`), 83 calls are of tools that are shown, and 82% of the prompts' tokens are cached.
Where newcomers took the places of the weakest instead, it was 50 calls and 42%: each question about something else
cost all that was cached. With 2 times the limit it is 58 and 65%; with 6 times 100 and 88%, but of a thousand tools 60
are many to choose from. In sessions of ten related queries of the leaderboard the right tool is shown in 94.7% (94.0%
where newcomers took places), and 41% of the prompts show the same tools as the one before (28%). Margins of 0 to 0.2
differ by a point.
"""


_Parts: TypeAlias = Sequence[tuple[str, Sequence[str]]]
"""A tool's texts as words, each with the field of `WEIGHTS` it belongs to."""


class ToolIndex:
    """A catalogue of tools, indexed once.

    With `embeddings`, every tool is embedded when a query is first scored (one call; see `Meaning`), and
    every query when it is, unless its vector is given.
    """

    def __init__(self, tools: Sequence[Tool], embeddings: Embeddings | None = None) -> None:
        self._meaning = Meaning([tool_text(tool) for tool in tools], embeddings) if embeddings and tools else None
        fields = [[(field, terms(text)) for field, text in _fields(tool)] for tool in tools]
        grams = [[(field, _grams(words)) for field, words in parts] for parts in fields]
        self._words = ImpactIndex([_weighed(parts) for parts in fields], saturation=SATURATION)
        self._grams = ImpactIndex([_weighed(parts) for parts in grams], saturation=GRAM_SATURATION)
        self._kin = self._words.kin(KIN)
        self._accepted = {kind.words: _accepted(kind, fields) for kind in KINDS}

    def __len__(self) -> int:
        """Tools in the index."""
        return len(self._words)

    def scores(self, query: str, *, seconds: float = inf, before: str = "") -> Scores:
        """How well each tool serves the query, in the order of the tools; higher is better, 0 to about 1.

        `before` is what the query follows on, if anything, which counts `BEFORE` times as much. A query without a
        text asks for nothing, and is not embedded. Raises what the embedder raises, and `TimeoutError` where it takes
        longer than `seconds`.
        """
        if self._meaning is None or not query:
            return self.lexical(query, before=before)
        dense = _risen(self._meaning.likeness(query, seconds=seconds))
        return (1 - DENSE_PART) * self._following(query, before) + DENSE_PART * dense + self._taking(query)

    def lexical(self, query: str, *, before: str = "") -> Scores:
        """The same from words alone, on the same scale."""
        return self._following(query, before) + self._taking(query)

    def _following(self, query: str, before: str) -> Scores:
        """Words in common with the query and, for less, with what it follows on; the best has 1."""
        shared = self._shared(query)
        return _scaled(shared + BEFORE * self._shared(before)) if before and query else shared

    def _shared(self, query: str) -> Scores:
        """Words and grams in common, a tool's kin lending it part of theirs; the best has 1."""
        query = _read(query)
        asked = dict.fromkeys(terms(query), 1.0)
        found = _scaled(self._words.scores(asked | dict.fromkeys(_stems(kinds(query)), 1.0)))
        found = found + GRAM_PART * _scaled(self._grams.scores(dict.fromkeys(_grams(asked), 1.0)))
        return _scaled(found + KIN_PART * self._kin.lent(found))

    def _taking(self, query: str) -> Scores:
        """How many of the query's kinds of value a tool's parameters take; kinds few tools take count for more."""
        taking, most = np.zeros(len(self), np.float32), 0.0
        for kind in kinds(_read(query)):
            accepted = self._accepted[kind.words]
            rarity = math.log(max(len(self), 1) / max(float(accepted.sum()), 1.0))
            taking += np.float32(rarity) * accepted
            most += rarity
        return taking * np.float32(ACCEPTS / most) if most > 0 else taking


def tool_text(tool: Tool) -> str:
    """A tool in words, as an embedder reads it: identifiers split, parameters with their remarks and values."""
    parts = [f"{_spelt(tool.name)}: {tool.description}"]
    for name, schema in _below(tool.parameters):
        values = ", ".join(map(str, _values(schema)[:_VALUES_READ]))
        parts.append(f"{_spelt(name)}: " if name else "")
        parts[-1] += str(schema.get("description", "")) + (f" One of {values}." if values else "")
    return " ".join(filter(None, parts))


def choose(
    scores: ArrayLike,
    names: Sequence[str],
    *,
    limit: int | None,
    pinned: Sequence[str] = (),
    sticky: Sequence[str] = (),
) -> list[int]:
    """The tools to show, as indices in prompt order.

    Pinned tools are always in and count towards the limit; the best by score fill the rest, the
    earlier of two equal ones. With `sticky`, the names shown last time, those tools stay: a change
    of tools costs the whole cached prompt, and a follow-up ("and book it") often does not name the
    tool it means. While the `WINNERS` best for this query are among them, nothing changes. Where one
    is missing, the best up to the limit come in beside them, so that fewer will be missing next time.
    Where these would be more than `KEPT` times the limit (or `MOST`), nothing changes either, unless
    the best for this query is better than the best of them by `MARGIN` of the range of scores: then the
    weakest make room for all that come in.

    Order: last time's, then newcomers in the order they were given, so that the same tools make
    the same prefix whoever asked first. Names that are not offered are passed over.
    """
    values = np.asarray(scores, np.float32)
    places = {name: place for place, name in enumerate(names)}
    fixed = {places[name] for name in pinned if name in places}
    shown = [places[name] for name in dict.fromkeys(sticky) if name in places]
    brought, kept = (len(names),) * 2 if limit is None else (limit, max(limit, min(KEPT * limit, MOST)))
    room, most = (max(count - len(fixed), 0) for count in (brought, kept))
    best_first = [place for place in np.argsort(-values, kind="stable").tolist() if place not in fixed]
    last = set(shown)
    held = [place for place in best_first if place in last][:most]
    last.intersection_update(held)
    taken = last.union([place for place in best_first if place not in last][: max(room - len(held), 0)])
    winners = {place for place in best_first[: min(WINNERS, room)] if values[place] > 0}
    if not winners <= taken:
        coming = [place for place in best_first[:room] if place not in last]
        fit = len(held) + len(coming) <= most
        if fit or values[coming[0]] > values[held[0]] + MARGIN * np.ptp(values):
            taken = {*held[: most - len(coming)], *coming}
    chosen = fixed | taken
    return [place for place in shown if place in chosen] + sorted(chosen.difference(shown))


def _fields(tool: Tool) -> Iterator[tuple[str, str]]:
    """The texts of a tool, each with the field of `WEIGHTS` it belongs to."""
    yield "name", tool.name
    yield "description", tool.description
    for name, schema in _below(tool.parameters):
        yield "parameter", name
        yield "remark", str(schema.get("description", ""))
        yield from (("value", str(value)) for value in _values(schema))


def _below(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema below this one, with its name where it is that of a property."""
    for name, inner in _mapping(schema.get("properties")).items():
        if isinstance(inner, Mapping):
            yield name, inner
            yield from _below(inner)
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems", "$defs", "definitions"):
        inner = schema.get(key)
        named = key in ("$defs", "definitions")
        for part in _mapping(inner).values() if named else inner if isinstance(inner, list) else [inner]:
            if isinstance(part, Mapping):
                yield "", part
                yield from _below(part)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _values(schema: Mapping[str, Any]) -> Sequence[object]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return values if isinstance(values, list | tuple) else []


def _weighed(parts: _Parts) -> dict[str, float]:
    weights: dict[str, float] = defaultdict(float)
    for field, words in parts:
        for word in words:
            weights[word] += WEIGHTS[field]
    return weights


def _grams(words: Iterable[str]) -> list[str]:
    """Runs of `GRAM` characters of each word, its ends marked; a word shorter than that is one."""
    marked = [f" {word} " for word in words]
    return [word[at : at + GRAM] for word in marked for at in range(max(len(word) - GRAM, 0) + 1)]


def _accepted(kind: Kind, tools: Sequence[_Parts]) -> Scores:
    """1 for a tool with a parameter named for this kind of value, ½ for one that remarks on it."""
    words = _stems([kind])
    named = [_speak(parts, "parameter", words) for parts in tools]
    remarked = [_speak(parts, "remark", words) for parts in tools]
    return np.maximum(np.array(named, np.float32), np.array(remarked, np.float32) / 2)


def _speak(parts: _Parts, field: str, words: set[str]) -> bool:
    return any(not words.isdisjoint(text) for name, text in parts if name == field)


def _stems(found: Sequence[Kind]) -> set[str]:
    return {term for kind in found for term in terms(" ".join(kind.words))}


def _read(query: str) -> str:
    return query if len(query) <= QUERY_LIMIT else f"{query[: QUERY_LIMIT // 2]}\n{query[-QUERY_LIMIT // 2 :]}"


def _spelt(identifier: str) -> str:
    """An identifier in words: `Weather_1_GetWeather` is Weather 1 Get Weather."""
    return " ".join(_PART.findall(identifier)) or identifier


def _scaled(scores: Scores) -> Scores:
    """The best brought to 1; scores here are never negative."""
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else scores


def _risen(cosines: Scores) -> Scores:
    """The best brought to 1 and the middle to 0: where cosines start says more of the embedder than of the tools."""
    middle, top = float(np.median(cosines)), float(cosines.max())
    return (cosines - middle) / (top - middle) if top > middle else np.zeros_like(cosines)
