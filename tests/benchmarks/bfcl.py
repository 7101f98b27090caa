"""BFCL tool recall: how often the tool a question needs is among the few that are shown.

    python -m tests.benchmarks.bfcl --data FILE --k 10 [--embedder minilm]

The data are the tools of the Berkeley Function-Calling Leaderboard's single-turn categories, all
in one catalogue, and queries with the tools they need. A query counts as found when all of its
tools are among the `k` chosen. Ours goes through the public `Tools` source, a session of its own
per query; `sticky` repeats that in sessions of ten related queries, where tools shown before may
stay, and says how many prompts showed the same tools as the one before.

Peers read the texts that suit them best: `bm25s`, with its English stopwords and without or with
stemming, the whole schema with identifiers split; a plain vector retriever the description and
those of the parameters as prose; and both are joined by reciprocal rank fusion. `ms` is the time
per query (ours with an item, a token count and a reason for every tool) and `setup_s` the time
to index the catalogue. Embedding is not part of either: every text is embedded once, before.
Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.budget import Budget
from contextkit.rank.tools import tool_text
from contextkit.schemas import as_tools
from contextkit.sources.tools import Tools
from contextkit.strategy import ContextStrategy
from contextkit.tokens import get_counter
from contextkit.types import Embeddings, Item, Message, Request, Tool
from contextkit.view import Turn, View
from tests.benchmarks.peers import Remembering, embedder, installed

STRATEGY = ContextStrategy.load("agent")
SESSION = 10
"""Related queries in a session of the `sticky` run."""

_RRF = 60


@dataclass(frozen=True)
class Query:
    id: str
    text: str
    gold: frozenset[str]

    @property
    def category(self) -> str:
        return self.id.rsplit("_", 1)[0]


Chooser: TypeAlias = Callable[[Query], Sequence[str]]
"""The names of the tools shown for a query."""

Maker: TypeAlias = Callable[[], Chooser]
"""Indexes the catalogue; the time it takes is measured."""


def read(path: Path) -> tuple[tuple[Tool, ...], list[Query]]:
    data = json.loads(path.read_text())
    queries = [Query(one["id"], one["query"], frozenset(one["gold"])) for one in data["queries"]]
    return as_tools(data["tools"]), queries


# Ours


def request(query: str, shown: tuple[str, ...] = ()) -> Request:
    return Request(
        query=query,
        turn=Turn(query=Message(role="user", content=query), after=0),
        actor_id="u1",
        session_id="s1",
        budget=Budget(128_000),
        counter=get_counter("o200k_base"),
        strategy=STRATEGY,
        now=datetime.now(UTC),
        view=View(tools=shown),
    )


def shown(source: Tools, query: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    kept = [one for one in source.gather(request(query, before)) if isinstance(one, Item) and one.left_out is None]
    return tuple(item.tool.name for item in sorted(kept, key=lambda item: item.order) if item.tool is not None)


def contextkit(tools: Sequence[Tool], k: int, embeddings: Embeddings | None) -> Chooser:
    source = Tools(tools, limit=k, embeddings=embeddings)
    shown(source, "build the index")
    return lambda query: shown(source, query.text)


def sticky(tools: Sequence[Tool], queries: Sequence[Query], k: int) -> dict[str, float]:
    """Sessions of related queries: recall, and the part of prompts after the first with the tools of the last."""
    source = Tools(tools, limit=k)
    found, kept, later, before = 0, 0, 0, ()
    for place, query in enumerate(sorted(queries, key=_topic)):
        before = before if place % SESSION else ()
        now = shown(source, query.text, before)
        found += query.gold <= set(now)
        later += bool(before)
        kept += bool(before) and now == before
        before = now
    return {"recall": round(100 * found / len(queries), 1), "unchanged": round(100 * kept / max(later, 1), 1)}


def _topic(query: Query) -> tuple[str, str]:
    """The leaderboard numbers related live queries alike (`live_multiple_421-141-10`); the others by their tool."""
    parts = query.id.split("-")
    return (parts[1] if len(parts) > 2 else min(query.gold), query.id)


# Peers


def spelt(tool: Tool) -> str:
    text = f"{tool.name} {tool.description} {json.dumps(tool.parameters)}"
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", re.sub(r"[_.]+", " ", text))


def prose(tool: Tool) -> str:
    parameters = tool.parameters.get("properties", {}).items()
    remarks = [f"{name}: {schema.get('description', '')}" for name, schema in parameters]
    return " ".join([f"{tool.name}: {tool.description}", *remarks])


class BM25:
    def __init__(self, texts: Sequence[str], stemming: bool) -> None:
        import bm25s
        from snowballstemmer import stemmer

        self._bm25s = bm25s
        self._stemmer = stemmer("english").stemWords if stemming else None
        self._index = bm25s.BM25()
        self._index.index(self._tokens(texts), show_progress=False)

    def scores(self, query: str) -> NDArray[np.float32]:
        (tokens,) = self._tokens([query], as_ids=False)
        return np.asarray(self._index.get_scores(tokens), np.float32)

    def _tokens(self, texts: Sequence[str], as_ids: bool = True) -> Any:
        stem = None if self._stemmer is None else lambda words: self._stemmer(list(words))
        return self._bm25s.tokenize(list(texts), stopwords="en", stemmer=stem, return_ids=as_ids, show_progress=False)


class Dense:
    def __init__(self, texts: Sequence[str], embeddings: Remembering) -> None:
        self._embeddings = embeddings
        self._vectors = embeddings.vectors(texts)

    def scores(self, query: str) -> NDArray[np.float32]:
        return self._vectors @ self._embeddings.vectors([query])[0]


class Fused:
    def __init__(self, *parts: BM25 | Dense) -> None:
        self._parts = parts

    def scores(self, query: str) -> NDArray[np.float32]:
        ranks = [(-part.scores(query)).argsort(kind="stable").argsort() for part in self._parts]
        return np.sum([1 / (_RRF + 1 + rank) for rank in ranks], axis=0, dtype=np.float32)


def peer(tools: Sequence[Tool], k: int, ranking: BM25 | Dense | Fused) -> Chooser:
    return lambda query: [tools[place].name for place in (-ranking.scores(query.text)).argsort(kind="stable")[:k]]


# The run


def systems(tools: Sequence[Tool], k: int, embeddings: Remembering | None) -> Iterator[tuple[str, Maker]]:
    schemas, texts = [spelt(tool) for tool in tools], [prose(tool) for tool in tools]
    yield "contextkit", lambda: contextkit(tools, k, None)
    if embeddings is not None:
        yield "contextkit with MiniLM", lambda: contextkit(tools, k, embeddings)
        yield "MiniLM", lambda: peer(tools, k, Dense(texts, embeddings))
    if installed("bm25s", "the peer bm25s"):
        yield "bm25s", lambda: peer(tools, k, BM25(schemas, stemming=False))
        yield "bm25s with stemming", lambda: peer(tools, k, BM25(schemas, stemming=True))
        if embeddings is not None:
            both = lambda: Fused(Dense(texts, embeddings), BM25(schemas, stemming=False))  # noqa: E731
            yield "MiniLM and bm25s", lambda: peer(tools, k, both())


def measure(name: str, make: Maker, queries: Sequence[Query]) -> dict[str, Any]:
    print(f"{name} …", file=sys.stderr)
    started = time.perf_counter()
    choose = make()
    ready = time.perf_counter()
    found = [query.gold <= set(choose(query)) for query in queries]
    done = time.perf_counter()
    categories = sorted({query.category for query in queries})
    return {
        "recall": share(found),
        "by_category": {
            name: share([hit for hit, query in zip(found, queries, strict=True) if query.category == name])
            for name in categories
        },
        "ms": round(1e3 * (done - ready) / len(queries), 2),
        "setup_s": round(ready - started, 2),
    }


def share(found: Sequence[bool]) -> float:
    return round(100 * sum(found) / len(found), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--k", type=int, default=10, help="tools shown")
    parser.add_argument("--embedder", choices=["minilm"], help="also measure with these embeddings")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    tools, queries = read(options.data)
    embeddings = embedder(options.embedder)
    if embeddings is not None:
        embeddings.vectors([*map(prose, tools), *map(tool_text, tools), *(query.text for query in queries)])
    measured = {name: measure(name, make, queries) for name, make in systems(tools, options.k, embeddings)}
    result = {"benchmark": "bfcl", "tools": len(tools), "queries": len(queries), "k": options.k, "systems": measured}
    print(json.dumps({**result, "sticky": sticky(tools, queries, options.k)}, indent=2))


if __name__ == "__main__":
    main()
