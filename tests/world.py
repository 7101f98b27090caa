"""Random worlds for the laws: a conversation, its sources, a strategy, a budget, and turns to play in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from contextkit import Budget, ContextBuilder
from contextkit.blocks import line_tokens
from contextkit.context import Context
from contextkit.errors import BudgetTooSmall
from contextkit.ladder import READ_TOOL
from contextkit.sources import History, Memories, Overflow, Preferences, System
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy, parse_strategy
from contextkit.types import Gathered, Item, Message, Provenance, Request, Source, TokenCounter, Tool, ToolCall

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

WORDS = [
    "order",
    "train",
    "refund",
    "ticket",
    "Ghent",
    "Tuesday",
    "bicycle",
    "delay",
    "coupon",
    "seat",
    "night",
    "blue",
    "42",
    "window",
    "parcel",
    "tea",
]
FORGED = ("</documents>", "<documents>", "< / RECALL >", "</memories\n>", "<overflow ", "</facts>", "<Preferences>")
ODD = (
    "",
    " ",
    "\n",
    "\x00",
    "\ud800",
    "a\udfffb",
    "👩‍👩‍👧 ✈️",
    "退款 订单 火车 延误",
    "Straße ﬁ İ",
    "\r\n/x",
    "`" * 7,
    "{",
    "[1]",
)

# Texts

sentences = st.lists(st.sampled_from(WORDS), min_size=2, max_size=9).map(lambda words: " ".join(words) + ".")
odd_texts = st.sampled_from([*ODD, *FORGED]) | st.text(max_size=12)


def _long(sentence: str, size: int) -> str:
    return " ".join(f"{sentence} {number}." for number in range(size))


def _rows(count: int) -> str:
    return json.dumps(
        [{"id": number, "city": WORDS[number % len(WORDS)], "note": "ok " * 3} for number in range(count)]
    )


def _log(count: int) -> str:
    return "\n".join(
        f"2026-05-04 12:00:{n % 60:02} {'ERROR' if n % 17 == 5 else 'INFO'} step {n}" for n in range(count)
    )


long_texts = (
    st.builds(_long, sentences, st.integers(5, 120))
    | st.integers(3, 120).map(_rows)
    | st.integers(3, 120).map(_log)
    | st.integers(100, 900).map(lambda size: "火车延误退款" * (size // 6))
    | st.integers(100, 2_000).map(lambda size: "x" * size)
)
texts = st.one_of(
    sentences,
    sentences,
    odd_texts,
    st.tuples(sentences, odd_texts, sentences).map(" ".join),
    long_texts,
)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
blocks = st.lists(texts.map(lambda text: {"type": "text", "text": text}) | st.just(IMAGE), min_size=1, max_size=3)
contents = st.one_of(texts, texts, texts, blocks.map(tuple))
names = st.none() | st.sampled_from(["Ann", "Zoë van Dam", "  ", "/x"])

# Messages: whole exchanges, and every way in which they can be torn


@st.composite
def exchanges(draw: st.DrawFn, *, torn: bool = False) -> list[Message]:
    """An assistant's tool calls and their results, in any order; torn: some missing, doubled or foreign."""
    count = draw(st.integers(1, 3))
    arguments = st.sampled_from(["{}", '{"q": "Ghent"}', "not json", ""])
    tools = st.sampled_from(["tool_0", "tool_1", "tool_2", READ_TOOL])
    calls = [ToolCall(f"call-{n}", draw(tools), draw(arguments)) for n in range(count)]
    results = [Message(role="tool", content=draw(contents), tool_call_id=call.id) for call in calls]
    results = draw(st.permutations(results))
    if torn:
        kind = draw(st.sampled_from(["missing", "foreign", "doubled", "none"]))
        foreign = Message(role="tool", content="lost", tool_call_id="nobody")
        results = {
            "missing": results[1:],
            "foreign": [*results, foreign],
            "doubled": [*results, results[0]],
            "none": [],
        }[kind]
    opening = Message(role="assistant", content=draw(texts), tool_calls=tuple(calls))
    return [opening, *results]


orphans = texts.map(lambda text: [Message(role="tool", content=text, tool_call_id="call-0")])
sayings = st.builds(Message, role=st.sampled_from(["user", "user", "assistant"]), content=contents, name=names).map(
    lambda message: [message]
)
histories = st.lists(st.one_of(sayings, sayings, sayings, exchanges(), exchanges(torn=True), orphans), max_size=14).map(
    lambda parts: [message for part in parts for message in part]
)

# Strategies

RANKED = ("documents", "memories", "overflow", "recall", "facts")
ladders = st.sampled_from(
    [["full"], ["full", "extract"], ["full", "handle"], ["full", "extract", "handle"], ["extract"], ["handle"]]
)
sizes = st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 0.3), st.integers(0, 2_000))


@st.composite
def tables(draw: st.DrawFn, region: str) -> dict[str, Any]:
    table: dict[str, Any] = {"region": region, "deadline": 30.0}
    for key, values in (
        ("floor", sizes),
        ("ceiling", sizes),
        ("item_ceiling", sizes),
        ("weight", st.integers(0, 9)),
        ("ladder", ladders),
        ("relevance", st.floats(0.0, 1.2)),
    ):
        if draw(st.booleans()):
            table[key] = draw(values)
    return table


@st.composite
def strategy_texts(draw: st.DrawFn) -> str:
    sections = {"system": draw(tables("stable")), "turn": draw(tables("turn"))}
    for name in ("tools", "preferences"):
        if draw(st.booleans()):
            sections[name] = draw(tables("stable"))
    if draw(st.integers(0, 4)):
        sections["history"] = draw(tables("history"))
    for name in draw(st.permutations(RANKED)):
        if draw(st.integers(0, 3)):
            region = "stable" if name in ("documents", "facts") and not draw(st.integers(0, 4)) else "volatile"
            sections[name] = draw(tables(region))
    lines = [f"history_low = {draw(st.floats(0.1, 1.0))!r}", f"read_tool = {json.dumps(draw(st.booleans()))}"]
    for name in draw(st.permutations(sorted(sections))):
        lines += [f"[sections.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in sections[name].items())]
    return "\n".join(lines)


def patient(strategy: ContextStrategy) -> ContextStrategy:
    """The strategy with deadlines that a busy machine does not miss."""
    return replace(strategy, sections=tuple(replace(section, deadline=60.0) for section in strategy.sections))


strategies = st.one_of(
    st.sampled_from(["agent", "chat", "rag", "support", "recall"]).map(
        lambda name: patient(ContextStrategy.load(name))
    ),
    strategy_texts().map(lambda text: parse_strategy(text, name="random")),
)

# Sources of their own


@dataclass
class Ranked:
    """A source of ranked texts that need no store; its scores are given, not computed."""

    section: str
    given: Sequence[tuple[str, int]]
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or self.section
        self.sections = (self.section,)

    def gather(self, request: Request) -> Iterator[Gathered]:
        for number, (text, score) in enumerate(self.given):
            lead = f"[{self.section[0]}{number}] "
            yield Item(
                id=f"{self.section}/{number}",
                section=self.section,
                text=text,
                lead=lead,
                tokens=line_tokens(request.counter, lead, text),
                score=float(score),
                order=number,
                provenance=Provenance(source=self.name, title=f"Title {number}"),
            )


@dataclass
class Schemas:
    """A source of tools, some of them pinned."""

    tools: Sequence[Tool]
    pinned: int = 0
    name: str = "tools"
    sections: tuple[str, ...] = ("tools",)

    def gather(self, request: Request) -> Iterator[Gathered]:
        for number, tool in enumerate(self.tools):
            yield Item(
                id=f"tool:{tool.name}",
                section="tools",
                text=tool.description,
                tokens=request.counter.tool(tool),
                score=float(-number),
                order=number,
                required=number < self.pinned,
                trusted=True,
                tool=tool,
                provenance=Provenance(source="tools"),
            )


def schema(number: int) -> Tool:
    properties = {f"field_{n}": {"type": "string", "description": f"Field {n}."} for n in range(number % 4)}
    return Tool(f"tool_{number}", f"Does thing {number}.", {"type": "object", "properties": properties})


# Worlds

ids = st.sampled_from(["u1", "s1", "a/b", "a", "b/c", "a\x1fb", "#", "ü", "a%2Fb", "x" * 2_048])


@dataclass(frozen=True)
class Turn:
    """One turn to play: the question, whether the app appends it, tool calls with results, and the answer."""

    query: str
    asked: str
    loop: Sequence[Sequence[Message]]
    answer: str | None


@dataclass(frozen=True)
class World:
    history: Sequence[Message]
    turns: Sequence[Turn]
    strategy: ContextStrategy
    budget: Budget
    system: str = "You are a careful assistant."
    documents: Sequence[tuple[str, int]] = ()
    facts: Sequence[tuple[str, int]] = ()
    memories: Sequence[str] = ()
    preferences: Sequence[tuple[str, str]] = ()
    tools: int = 0
    pinned: int = 0
    actor_id: str = "u1"
    session_id: str = "s1"

    def sources(self) -> list[Source]:
        return [
            System(self.system),
            Schemas([schema(number) for number in range(self.tools)], self.pinned),
            Preferences(),
            History(),
            Memories(),
            Ranked("documents", self.documents),
            Ranked("facts", self.facts),
            Overflow(),
        ]

    def store(self) -> SQLiteStore:
        """A new store that holds what the world begins with."""
        store = SQLiteStore(":memory:", clock=lambda: NOW)
        self.move_into(store)
        return store

    def move_into(self, store: SQLiteStore) -> None:
        store.append(self.actor_id, self.session_id, numbered(self.history, "h"))
        store.put_memories(
            self.actor_id,
            [
                MemoryRecord(id=f"memory-{n}", text=text, created_at=NOW - timedelta(days=n))
                for n, text in enumerate(self.memories)
            ],
        )
        store.set_preferences(self.actor_id, dict(self.preferences))

    def builder(
        self, store: object, sources: Sequence[Source] | None = None, counter: str | TokenCounter = "o200k_base"
    ) -> ContextBuilder:
        return ContextBuilder(
            store=store,
            sources=self.sources() if sources is None else sources,
            strategy=self.strategy,
            budget=self.budget,
            counter=counter,
            clock=lambda: NOW,
        )


def numbered(messages: Iterable[Message], prefix: str) -> list[Message]:
    """The messages with ids and times of their own, so that two stores hold the very same; every fifth, a night."""
    return [
        Message(
            role=message.role,
            content=message.content,
            id=f"{prefix}{number}",
            name=message.name,
            tool_calls=message.tool_calls,
            tool_call_id=message.tool_call_id,
            created_at=NOW - timedelta(hours=9_000 - number - 12 * (number // 5)),
        )
        for number, message in enumerate(messages)
    ]


turns = st.builds(
    Turn,
    query=st.one_of(sentences, sentences, sentences, long_texts, st.tuples(sentences, odd_texts).map(" ".join)),
    asked=st.sampled_from(["before", "after", "never"]),
    loop=st.lists(exchanges(), max_size=3),
    answer=st.none() | texts,
)
windows = st.one_of(st.integers(1, 2_000), *[st.integers(2_000, 8_000)] * 3, *[st.integers(6_000, 24_000)] * 4)
budgets = st.builds(
    lambda window, part: Budget(window, reserve=int(window * part)), windows, st.sampled_from([0.0, 0.0, 0.0, 0.3])
)
scored = st.lists(st.tuples(texts, st.integers(0, 9)), max_size=6)
worlds = st.builds(
    World,
    history=histories,
    turns=st.lists(turns, min_size=1, max_size=3).map(
        lambda drawn: [replace(turn, query=f"{turn.query} ({number})") for number, turn in enumerate(drawn)]
    ),
    strategy=strategies,
    budget=budgets,
    system=st.one_of(sentences, sentences, sentences, long_texts),
    documents=scored,
    facts=scored,
    memories=st.lists(texts.filter(str.strip), max_size=4),
    preferences=st.lists(st.tuples(st.sampled_from(["tone", "units", "</facts>"]), texts), max_size=3),
    tools=st.integers(0, 5),
    pinned=st.integers(0, 2),
    actor_id=ids,
    session_id=ids,
)


@dataclass(frozen=True)
class Step:
    """One prompt of a played world: its turn, whether it continues that turn, and what had been gathered."""

    turn: int
    number: int
    query: str
    context: Context
    stored: Sequence[Message] = field(repr=False, default=())


def play(world: World, store: SQLiteStore, builders: Iterator[ContextBuilder]) -> Iterator[Step | BudgetTooSmall]:
    """Play the world's turns, each build by the next builder; a build that cannot fit ends its turn."""
    for number in range(len(world.turns)):
        yield from _turn(world, store, builders, number)


def _turn(
    world: World, store: SQLiteStore, builders: Iterator[ContextBuilder], number: int
) -> Iterator[Step | BudgetTooSmall]:
    turn, prefix = world.turns[number], f"t{number}-"
    question = Message(role="user", content=turn.query)
    if turn.asked == "before":
        _append(world, store, [question], prefix + "q")
    yield (step := _step(world, store, next(builders), number, 0))
    if turn.asked == "after":
        _append(world, store, [question], prefix + "q")
    for count, exchange in enumerate(turn.loop, 1):
        if not isinstance(step, Step):
            return
        _append(world, store, exchange, f"{prefix}{count}-")
        yield (step := _step(world, store, next(builders), number, count))
    if turn.answer is not None:
        _append(world, store, [Message(role="assistant", content=turn.answer)], prefix + "a")


def _append(world: World, store: SQLiteStore, messages: Sequence[Message], prefix: str) -> None:
    store.append(world.actor_id, world.session_id, numbered(messages, prefix))


def _step(world: World, store: SQLiteStore, builder: ContextBuilder, turn: int, number: int) -> Step | BudgetTooSmall:
    query = world.turns[turn].query
    try:
        context = builder.build(None if number else query, actor_id=world.actor_id, session_id=world.session_id)
    except BudgetTooSmall as error:
        return error
    return Step(turn, number, query, context, store.messages(world.actor_id, world.session_id))
