"""Tools: the few of many tools that a question needs, the same ones as long as they will do."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, TypeAlias

from contextkit.aside import aside
from contextkit.errors import InvalidInput, InvalidTool, shortened
from contextkit.rank.lexical import Scores
from contextkit.rank.remembered import Remembered
from contextkit.rank.tools import ToolIndex, choose
from contextkit.recent import Recent
from contextkit.schemas import as_tool, as_tools, distinct, is_tool
from contextkit.sources.patience import for_meaning
from contextkit.sources.several import is_list
from contextkit.stores.flight import SingleFlight
from contextkit.types import Embeddings, Gathered, Item, Notice, Provenance, Request, TokenCounter, Tool

Listing: TypeAlias = Callable[[], Iterable[object]]
AsyncListing: TypeAlias = Callable[[], Awaitable[Iterable[object]]]


class Tools:
    """The tools a model may call, ranked for the query; the best `limit` of them are shown.

    `tools` are LangChain tools, callables, pydantic models, or OpenAI, Anthropic, Bedrock or MCP
    schemas, or one of these alone; or a function that lists them, called for every build (an MCP
    server's listing). It takes no arguments: a function that needs some, or is annotated to give
    what is no list, is itself a tool. A coroutine function's listing is awaited where the build is
    (`abuild`).

    With `limit=None` all are shown, or as many as their section's share has room for: where a session's
    questions are about many things, those that fit once stay, and so does the cached prompt (98% of what is
    stable, in the demo's conversation and a window of 8,000, against 93% and less with ten that change).
    Those in `pinned` are always in and count towards the limit.

    `sticky` keeps the tools of the session's last prompt, in their order, as long as they hold
    the best for the new query (`contextkit.rank.tools.choose` says exactly when), and within a
    turn always: tools stand first in the prompt, so a change of tools is paid for with the whole
    cached prefix. With any `embeddings` the ranking also goes by meaning; when they fail, it goes
    by words alone and a notice says so.

    Raises `InvalidTool` for a tool no provider would take, two of one name, or an unknown pin, and
    `InvalidInput` for what is neither tools nor a function that lists them. A tool no provider would
    take that a function lists is left out, and a notice says so: who lists it is another.
    """

    name = "tools"
    sections = ("tools",)

    def __init__(
        self,
        tools: Iterable[object] | Listing | AsyncListing | Callable[..., object],
        *,
        limit: int | None = 10,
        sticky: bool = True,
        pinned: Sequence[str] = (),
        embeddings: Embeddings | None = None,
    ) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise InvalidInput(f"The limit of tools is {limit!r}.", "Use 1 or more, or None for all.", value=limit)
        if isinstance(pinned, str):
            raise InvalidInput(f"`pinned` is the text {shortened(pinned)}.", "Pass a list of names.", value=pinned)
        self._limit = limit
        self._sticky = sticky
        self._pinned = tuple(pinned)
        self._embeddings = embeddings
        self._read: dict[int, tuple[object, Tool]] = {}
        self._indexed: tuple[tuple[Tool, ...], ToolIndex] | None = None
        self._counted: tuple[tuple[Tool, ...], str, list[int]] | None = None
        self._list, alist = _listings(tools)
        self._awaits = alist is not None
        if alist is not None:
            self.agather = partial(self._awaited, alist)  # only a source that can await is an `AsyncSource`
        listed = self._list is not None or self._awaits
        self._tools = () if listed else as_tools(_several(tools))
        if not listed:
            self.pins(self._tools)
            self._index(self._tools)  # a thousand take a second: now, and not while a prompt is waited for

    def gather(self, request: Request) -> Iterator[Gathered]:
        if self._awaits:
            raise InvalidInput(
                "The tools are listed by a coroutine function, which `build` cannot await.",
                "Use `abuild`, or pass a plain function.",
                value=self.name,
            )
        if self._list is None:
            return self._gathered(self._tools, request)
        tools, unreadable = self._listed(self._list())
        return chain(unreadable, self._gathered(tools, request))

    async def _awaited(self, alist: AsyncListing, request: Request) -> list[Gathered]:
        """Awaited here and ranked in a thread: a listing may be long."""
        tools, unreadable = self._listed(await alist())
        return await aside(lambda: [*unreadable, *self._gathered(tools, request)])

    def _gathered(self, tools: tuple[Tool, ...], request: Request) -> Iterator[Gathered]:
        pins = self.pins(tools)
        scores, notice = self._scores(tools, request)
        if notice is not None:
            yield notice
        chosen = self._chosen(tools, pins, scores, request)
        tokens = self._tokens(tools, request.counter)
        values, provenance = scores.tolist(), Provenance(source=self.name)
        for order, (place, rank) in enumerate(_in_order(chosen, scores)):
            tool = tools[place]
            yield Item(
                id=f"tool:{tool.name}",
                section="tools",
                text=f"{tool.name}: {tool.description}",
                tokens=tokens[place],
                score=values[place],
                order=order,
                required=tool.name in pins,
                trusted=True,
                kind="json",
                tool=tool,
                left_out=None if order < len(chosen) else self._reason(rank, len(tools), request.continuing),
                provenance=provenance,
            )

    def _listed(self, listing: Iterable[object]) -> tuple[tuple[Tool, ...], list[Notice]]:
        """What is listed now, and word of each tool that no provider would take, where others still serve.

        Objects seen last time are not read again; dicts are, for they may have changed.
        """
        if not is_list(listing):
            if inspect.iscoroutine(listing):
                listing.close()  # nobody will await it
            raise InvalidInput(
                f"The function that lists the tools gave {shortened(listing)}.",
                "Let it give a list of tools; a function that is itself a tool belongs in a list: Tools([function]).",
                value=listing,
            )
        seen, self._read = self._read, {}
        tools: list[Tool] = []
        refused: list[InvalidTool] = []
        for index, given in enumerate(listing):
            before, tool = seen.get(id(given), (None, None))
            if tool is None or before is not given or isinstance(given, Mapping):
                try:
                    tool = as_tool(given, index=index)
                except InvalidTool as error:
                    refused.append(error)
                    continue
            self._read[id(given)] = (given, tool)
            tools.append(tool)
        if refused and not tools:
            raise refused[0]
        return distinct(tools), [Notice("tool left out", f"A listed tool is not shown: {error}") for error in refused]

    def pins(self, tools: Sequence[Tool]) -> tuple[str, ...]:
        """The names of those among these tools that are always in. Raises `InvalidTool` for one that is not there."""
        unknown = sorted(set(self._pinned) - {tool.name for tool in tools})
        if unknown:
            raise InvalidTool(
                f"The pinned tool {unknown[0]!r} is not among the {len(tools)} tools.",
                "Pin tools by the names they are listed under.",
                value=unknown[0],
            )
        return self._pinned

    def _scores(self, tools: tuple[Tool, ...], request: Request) -> tuple[Scores, Notice | None]:
        index = self._index(tools)
        try:
            return index.scores(request.query, seconds=for_meaning(request, "tools")), None
        except Exception as error:  # whatever an embedder raises costs the ranking its half, not the prompt its tools
            text = f"Tools were ranked by their words alone: the embedder failed ({type(error).__name__}: {error})."
            return index.lexical(request.query), Notice("embedder failed", text)

    def _index(self, tools: tuple[Tool, ...]) -> ToolIndex:
        indexed = self._indexed
        if indexed is None or indexed[0] != tools:
            indexed = self._indexed = (tools, _index(tools, self._embeddings))
        return indexed[1]

    def _chosen(self, tools: Sequence[Tool], pins: Sequence[str], scores: Scores, request: Request) -> list[int]:
        names = [tool.name for tool in tools]
        shown = set(request.view.tools).intersection(names)
        if request.continuing and shown:
            places = {name: place for place, name in enumerate(names)}
            return [places[name] for name in dict.fromkeys((*request.view.tools, *pins)) if name in places]
        sticky = request.view.tools if self._sticky else ()
        return choose(scores, names, limit=self._limit, pinned=pins, sticky=sticky)

    def _tokens(self, tools: tuple[Tool, ...], counter: TokenCounter) -> list[int]:
        """What each tool costs: counted once per tool set, as counters of one name count alike."""
        counted = self._counted
        if counted is None or counted[1] != counter.name or counted[0] != tools:
            tokens = _counting.run((counter.name, _digest(tools)), lambda: [counter.tool(tool) for tool in tools])
            counted = self._counted = (tools, counter.name, tokens)
        return counted[2]

    def _reason(self, rank: int, count: int, continuing: bool) -> str:
        ranked = f"ranked {_ordinal(rank)} of {count} for this query"
        if continuing:
            return f"{ranked}; the tools stay as they are until the turn ends"
        if self._limit is not None and rank > self._limit:
            return f"{ranked}; the limit is {self._limit}"
        return f"{ranked}, not clearly above the tools shown before or pinned; the limit is {self._limit}"


def _listings(tools: Any) -> tuple[Listing | None, AsyncListing | None]:
    """How the tools are listed, waiting or awaiting; neither for tools that are there already."""
    if is_tool(tools) or not callable(tools):
        return None, None
    if inspect.iscoroutinefunction(tools) or inspect.iscoroutinefunction(type(tools).__call__):
        return None, tools
    return tools, None


def _several(tools: object) -> Iterable[object]:
    if is_tool(tools):
        return [tools]
    if is_list(tools):
        return tools
    raise InvalidInput(
        f"The tools are {shortened(tools)}.",
        "Pass a list of tools, or a function that lists them; where there are none, leave the source out.",
        value=tools,
    )


def _in_order(chosen: Sequence[int], scores: Scores) -> list[tuple[int, int]]:
    """Every tool's place and its rank from 1 on: the chosen ones in their order, then the others, best first."""
    ranks = {place: rank for rank, place in enumerate((-scores).argsort(kind="stable").tolist(), 1)}
    shown = set(chosen)
    return [(place, ranks[place]) for place in chosen] + [one for one in ranks.items() if one[0] not in shown]


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number // 10 % 10 == 1 else endings.get(number % 10, 'th')}"


_KEPT: Final = 16
"""Tool sets whose index is kept in this process: an index of 1,000 tools takes a second to build and some 10 MB."""

_indexes: Final = Recent[tuple[str, int], tuple[ToolIndex, Embeddings | None]](_KEPT)
_indexing, _counting = SingleFlight[ToolIndex](), SingleFlight[list[int]]()
"""Of the builds that meet a set of tools first, one analyses it: eight at once would each take eight times as long."""

_embedders: Final = Recent[int, tuple[Remembered, Embeddings]](_KEPT)


def _index(tools: Sequence[Tool], embeddings: Embeddings | None) -> ToolIndex:
    """The index of a tool set, built once per process. The embedder is kept with it, so that its id stays its own."""
    key = (_digest(tools), id(embeddings))
    known = _indexes.get(key)
    return known[0] if known is not None else _indexing.run(key, lambda: _made(key, tools, embeddings))


def _made(key: tuple[str, int], tools: Sequence[Tool], embeddings: Embeddings | None) -> ToolIndex:
    known = _indexes.get(key)  # another may have made it just now
    if known is None:
        known = (ToolIndex(tools, embeddings and _remembering(embeddings)), embeddings)
        _indexes.put(key, known)
    return known[0]


def _remembering(embeddings: Embeddings) -> Remembered:
    """The embedder as one that is asked for each tool once: lists change, and users are offered different ones."""
    return _embedders.of(id(embeddings), lambda: (Remembered(embeddings), embeddings))[0]


def _digest(tools: Sequence[Tool]) -> str:
    plain = json.dumps([(tool.name, tool.description, tool.parameters) for tool in tools])
    return hashlib.sha256(plain.encode()).hexdigest()
