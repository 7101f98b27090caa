"""Tools: those of many that a question needs, beside those that others needed before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from time import perf_counter
from typing import Final

from contextkit.aside import aside
from contextkit.embedders import checked_embeddings
from contextkit.errors import InvalidInput, InvalidTool, shortened
from contextkit.rank.lexical import Scores
from contextkit.rank.remembered import Remembered
from contextkit.rank.tools import ToolIndex, choose
from contextkit.recent import Recent
from contextkit.schemas import as_tools, is_tool
from contextkit.sources.listing import AsyncLists, Listed, Listing, Lists
from contextkit.sources.patience import for_meaning
from contextkit.sources.several import is_list
from contextkit.stores.flight import SingleFlight
from contextkit.types import Embeddings, Gathered, Item, Notice, Provenance, Request, TokenCounter, Tool


class Tools:
    """The tools a model may call, ranked for the query, which brings in the best `limit` of them.

    `tools` are LangChain tools, callables, pydantic models, or OpenAI, Anthropic, Bedrock or MCP
    schemas, or one of these alone; or a function that lists them, called for every build (an MCP
    server's listing). It takes no arguments: a function that needs some, or is annotated to give
    what is no list, is itself a tool. A coroutine function's listing is awaited where the build is
    (`abuild`).

    With `sticky`, the tools of the session's last prompt stay in their order, up to four times the limit
    (and 100 of them, where the limit is lower) or what their section's share has room for: tools stand
    first in the prompt, so a change of tools is paid for with the whole cached prefix. What is asked next
    brings in others only where one of its best three is missing (`contextkit.rank.tools.choose` says
    exactly when), and never within a turn. So a session that is about many things soon shows the tools
    for all of them; where the share is full, none comes in any more, and a higher ceiling lets more in.
    Without `sticky` there are `limit` tools at the most, other ones for every question.

    With `limit=None` all are shown, or as many as their section's share has room for, and those that fit
    once stay. Those in `pinned` are always in and count towards the limit. With any `embeddings` the
    ranking also goes by meaning; when they fail, it goes by words alone and a notice says so.

    A schema in a provider's own shape that says `strict` is strict in that provider's requests.

    Raises `InvalidTool` for a tool no provider would take, two of one name, or an unknown pin, and
    `InvalidInput` for what is neither tools nor a function that lists them. What a function lists is somebody
    else's and may change at any time, so its faults cost no prompt: a tool no provider would take is left out,
    and so is the later of two of one name; a pin may be missing; and where the function fails or is late, what
    it listed last for this session stands in, until the turn ends or for ten minutes. A notice says each of these.
    """

    name = "tools"
    sections = ("tools",)

    def __init__(
        self,
        tools: Iterable[object] | Lists | AsyncLists | Callable[..., object],
        *,
        limit: int | None = 10,
        sticky: bool = True,
        pinned: Sequence[str] = (),
        embeddings: Embeddings | None = None,
    ) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise InvalidInput(f"The limit of tools is {limit!r}.", "Use 1 or more, or None for all.", value=limit)
        pins = tuple(pinned) if is_list(pinned) else None
        if pins is None or not all(isinstance(name, str) for name in pins):
            raise InvalidInput(f"`pinned` is {shortened(pinned)}.", "Pass a list of names.", value=pinned)
        self._limit = limit
        self._sticky = sticky
        self._pinned = pins
        self._embeddings = checked_embeddings(embeddings)
        self._indexed: tuple[tuple[Tool, ...], ToolIndex] | None = None
        self._counted: tuple[tuple[Tool, ...], str, list[int]] | None = None
        self._listing = Listing.of(tools)
        if self._listing is not None and self._listing.awaits:
            self.agather = partial(self._awaited, self._listing)  # only a source that can await is an `AsyncSource`
        self._tools = () if self._listing is not None else as_tools(_several(tools))
        if self._listing is None:
            if missing := self._missing(self._tools):
                raise _unknown_pins(missing, len(self._tools))
            self._index(self._tools)  # a thousand take a second: now, and not while a prompt is waited for

    def gather(self, request: Request) -> Iterator[Gathered]:
        started = perf_counter()
        listed = Listed(self._tools) if self._listing is None else self._listing.now(request)
        return self._gathered(listed, request, perf_counter() - started)

    async def _awaited(self, listing: Listing, request: Request) -> list[Gathered]:
        """Awaited here and ranked in a thread: a listing may be long."""
        started = perf_counter()
        listed = await listing.awaited(request)
        return await aside(lambda: list(self._gathered(listed, request, perf_counter() - started)))

    def _gathered(self, listed: Listed, request: Request, spent: float) -> Iterator[Gathered]:
        """The items of the tools, having spent so many seconds on listing them."""
        tools = listed.tools
        yield from listed.notices
        if missing := self._missing(tools):
            yield Notice("pinned tool missing", _unknown_pins(missing, len(tools)).problem)
        pins = self.pins(tools)
        scores, notice = self._scores(tools, request, spent)
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
                tool=tool,
                left_out=None if order < len(chosen) else self._reason(rank, len(tools), request.continuing),
                listed=self._listing is not None,
                provenance=provenance,
            )

    def pins(self, tools: Sequence[Tool]) -> tuple[str, ...]:
        """The names of those among these tools that are always in."""
        return tuple(tool.name for tool in tools if tool.name in self._pinned)

    def _missing(self, tools: Sequence[Tool]) -> list[str]:
        return sorted(set(self._pinned) - {tool.name for tool in tools})

    def _scores(self, tools: tuple[Tool, ...], request: Request, spent: float) -> tuple[Scores, Notice | None]:
        index = self._index(tools)
        topic, before = request.topic, request.before
        try:
            return index.scores(topic, seconds=for_meaning(request, "tools", spent), before=before), None
        except Exception as error:  # whatever an embedder raises costs the ranking its half, not the prompt its tools
            text = f"Tools were ranked by their words alone: the embedder failed ({type(error).__name__}: {error})."
            return index.lexical(topic, before=before), Notice("embedder failed", text)

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
        return f"{ranked}; the tools shown before or pinned will do; the limit is {self._limit}"


def _unknown_pins(names: Sequence[str], count: int) -> InvalidTool:
    """The refusal of pins of which no tool has the name."""
    tools, are = ("tool", "is") if len(names) == 1 else ("tools", "are")
    return InvalidTool(
        f"The pinned {tools} {', '.join(map(repr, names))} {are} not among the {count} tools.",
        "Pin tools by the names they are listed under.",
        value=names[0],
    )


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
