"""The nouns every room shares.

A `Source` yields `Item`s for a `Request`. Each item carries one candidate piece of context: a
text, and, where it is more than text, the `Message` or `Tool` it stands for. A `TokenCounter`
says what each costs. Everything here is frozen data or a Protocol; nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from contextkit.apart import NOTHING, Apart
from contextkit.clock import zone_in
from contextkit.deadline import Deadline

if TYPE_CHECKING:
    from contextkit.budget import Budget
    from contextkit.stores import Session
    from contextkit.strategy import ContextStrategy
    from contextkit.view import Turn, View

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

Block: TypeAlias = Mapping[str, Any]
"""One content block (text, image, audio, reasoning …) exactly as its provider shaped it."""

Span: TypeAlias = tuple[int, int]
"""A stretch of a text: the character with which it begins, and the one before which it ends."""


class Stretch(NamedTuple):
    """A stretch of a text, and how well it matches the query, on the scale of the item's own score."""

    start: int
    end: int
    score: float


ContentKind: TypeAlias = Literal["prose", "code", "json", "cjk"]
"""What a text mostly is, which decides how its tokens are estimated and calibrated."""

Outcome: TypeAlias = Literal["kept", "shortened", "moved", "dropped"]

Rung: TypeAlias = Literal["full", "extract", "handle"]
"""One rung of an item's ladder, richest first. Each has strictly fewer tokens than the last."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's request to run a tool. `arguments` is JSON text, byte for byte as it was written."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation, free of any provider's shape.

    `content` is plain text, or blocks where a message is more than text. `created_at` is
    timezone-aware UTC. `metadata` holds whatever else the message arrived with and must leave
    with (JSON values only). A store sets the last three fields when it accepts the message:
    `seq` (1, 2, 3 … within the session), and `tokens` as counted by the counter named `counter`.
    """

    role: Role
    content: str | tuple[Block, ...] = ""
    id: str | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    seq: int | None = None
    tokens: int | None = None
    counter: str | None = None

    @property
    def text(self) -> str:
        """The readable text: the content itself, or its text blocks joined by newlines."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(block["text"] for block in self.content if isinstance(block.get("text"), str))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool a model may call: its name, what it does, and the JSON schema of its parameters.

    `origin` is the object it was made from (a LangChain tool, a callable …), so that an agent
    can run it; it takes no part in equality.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    origin: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an item came from: the source that gave it and, where known, its title, URI and date.

    `messages` are the ids of those of the session's own messages that it was made from, or is a copy of.
    """

    source: str = ""
    title: str | None = None
    uri: str | None = None
    created_at: datetime | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One candidate piece of context.

    `text` is what ranking and shortening read. In a ranked section it stands as a line: `lead`
    before it (a speaker, a bullet) and, once for a run of items that share it, `heading` above
    it. `tokens` is the cost of the full form as it stands there, heading apart; where a source
    leaves it at 0, the builder counts. `score` compares items within a section (higher is
    better, 0 for what does not bear on the query); `order` is their natural order. Items that
    share a `group` stand together, in full, or not at all. Text that is not `trusted` is fenced.
    `required` holds for the sections `system`, `tools` and `turn`, which are never cut; of other
    sections the best stand.
    `handle` is set where the full text is already in storage. `left_out` is the reason, where
    its own source advises against showing it (a tool ranked below the limit); such an item is
    only reported. `listed` says that its tool is from a list which is another's and may change at any
    time: beside a different one of its name, it is left out, which would otherwise be an error.
    `passage` says that the text may be a piece of a longer one: under one heading those without a lead are
    set apart, and two of which one begins as the other ends stand as the one text they were cut from.
    `best` are the stretches of a long one that bear on the query, best first, where its source knows them: they
    compete for the section's room one by one, and an extract is made of those that win.
    """

    id: str
    section: str
    text: str
    tokens: int = 0
    lead: str = ""
    heading: str = ""
    score: float = 1.0
    order: int = 0
    group: str | None = None
    required: bool = False
    trusted: bool = False
    message: Message | None = None
    tool: Tool | None = None
    handle: str | None = None
    left_out: str | None = None
    listed: bool = False
    passage: bool = False
    best: tuple[Stretch, ...] = ()
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class UnreadItem:
    """One item that was not read: what it would cost, under which handle it lies, if any, why it was left, and where it
    is from, as far as that is known."""

    id: str
    tokens: int
    reason: str
    handle: str | None = None
    score: float | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Items that a source left where they are without reading them: they could not have fitted.

    `items` lists them when a report is asked for them, but for those that the source gave in another
    section; `count` is how many there are, these included. They are `stored` if they have handles.
    """

    section: str
    source: str
    count: int
    items: Callable[[], Iterable[UnreadItem]]
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth knowing about a build: a degradation, or an unusual turn it took.

    `kind` is a short lower-case label, `text` a sentence that ends in what to do, if anything.
    """

    kind: str
    text: str


Gathered: TypeAlias = "Item | Unread | Notice"
"""What a source may yield: items, word of items it did not read, and word of what went wrong."""


@dataclass(frozen=True, slots=True)
class Form:
    """One rung of an item's ladder, as it would stand in the prompt: its text and its cost.

    `pictured` are those of a message's blocks that stand behind the text as they are. An item that stands `within`
    the text of another, given by its id, has none of its own.
    """

    rung: Rung
    text: str
    tokens: int
    pictured: tuple[Block, ...] = field(default=(), hash=False)
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one build is asked: the query, for whom, in which session, within what.

    `query` is the text of the turn's question, also when `build()` continues the turn (then
    `continuing` is true, and only the turn may grow). `before` is what the question follows on: the end of the
    last one and of its answer, empty where nothing was said before, or the turn goes on. `store` is
    the builder's, and `filled` are the sections that its sources may fill. `session` is
    the session as it was read at the start of the build, None where there is none yet; `view`
    is what the last prompt of this builder's looked like. `variables` fill the system prompt's template. By
    `deadline` every source must have answered. `notices` tell what went wrong so far. `beside` is what
    is sent with the prompt and is not of it, as JSON. `apart` says which of the session's
    messages are no part of its dialogue.
    """

    query: str
    turn: Turn
    before: str = ""
    continuing: bool = False
    actor_id: str
    session_id: str
    store: object = None
    filled: frozenset[str] = frozenset()
    budget: Budget
    counter: TokenCounter
    strategy: ContextStrategy
    now: datetime
    view: View
    session: Session | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    deadline: Deadline = field(default_factory=Deadline)
    notices: Sequence[Notice] = ()
    beside: Sequence[Mapping[str, Any]] = ()
    apart: Apart = NOTHING

    @property
    def topic(self) -> str:
        """What to look for: the query or, where it says nothing by itself, what it follows on; empty for nothing."""
        return self.turn.sought

    @property
    def zone(self) -> tzinfo:
        """The time zone of the actor, in which `now` is told."""
        return zone_in(self.now)

    def shows(self, section: str) -> bool:
        """Whether a source may fill this section, and the strategy has it."""
        return section in self.filled and self.strategy.section(section) is not None

    @property
    def life(self) -> datetime | None:
        """When the session began that was read; None where there is none yet. The next of its name has another."""
        return None if self.session is None else self.session.created_at


@runtime_checkable
class Source(Protocol):
    """Yields candidate items for a request. It may block: each source runs in its own thread.

    A source whose I/O is natively asynchronous also implements `AsyncSource`; `abuild` then
    awaits that instead. Anything raised here costs the source its share, not the request,
    unless the strategy marks its section required.
    """

    @property
    def name(self) -> str: ...

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections its items may name, for deadlines and for the report."""
        ...

    def gather(self, request: Request) -> Iterable[Gathered]: ...


@runtime_checkable
class AsyncSource(Protocol):
    """A source that can gather without a thread."""

    async def agather(self, request: Request) -> Iterable[Gathered]: ...


@runtime_checkable
class Remembering(Protocol):
    """A source that reads a session once, and with later builds only what is new in it."""

    def remembers(self, session: Session, store: object) -> bool:
        """Whether it still has what it read of this session. If not, all of that is read again, with the session."""
        ...


class TokenCounter(Hashable, Protocol):
    """Counts what a provider will bill for.

    A prompt costs the sum of its messages, its tools, and the framing.
    """

    @property
    def name(self) -> str:
        """Names the vocabulary; counts stored under one name are not trusted under another."""
        ...

    @property
    def exact(self) -> bool:
        """False where counts are estimates, which then err on the high side."""
        ...

    @property
    def additive(self) -> bool:
        """Whether lines may be counted apart: the sum is never below the count of the lines joined.

        (Each line ends in a newline and begins with neither white space nor a slash.) Where it
        is false, every rendered block is counted once more as a whole.
        """
        ...

    @property
    def margin(self) -> float:
        """The fraction of a window to keep free against miscounting; 0.0 for a counter that is sure."""
        ...

    def text(self, text: str) -> int:
        """Tokens of a bare text."""
        ...

    def message(self, message: Message) -> int:
        """Tokens of one message: role, name, content blocks, tool calls and its own framing."""
        ...

    def tool(self, tool: Tool) -> int:
        """Tokens of one tool schema."""
        ...

    def framing(self, messages: int, tools: int) -> int:
        """Tokens the request itself adds around that many messages and tools."""
        ...


@runtime_checkable
class Embeddings(Protocol):
    """The shape of LangChain's `Embeddings`; any object with these two methods will do."""

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]: ...

    def embed_query(self, text: str) -> Sequence[float]: ...
