"""Memory tools: `remember`, `recall` and `forget`, for models that manage their own memory.

    memory = MemoryTools(store, actor_id="u1", session_id="s1")
    memory.tools                                   # schemas, for any provider; `origin` runs each
    memory.call("recall", '{"query": "flight"}')   # what the model asked for, as text for its tool result

The actor is bound here, once: no argument that a model fills in can name another.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from contextkit.clock import Clock, utc_now
from contextkit.errors import InvalidInput, StoreUnavailable, UnknownMemory, shortened
from contextkit.memory.consolidate import SESSION, RuleConsolidator
from contextkit.memory.engine import ATTEMPTS, LEASE
from contextkit.memory.facts import Change, Consolidator, Fact, Kind
from contextkit.memory.ledger import Ledger
from contextkit.memory.overview import asks_for_everything
from contextkit.memory.past import asks_about_past
from contextkit.memory.recall import found_of, overview, recalled
from contextkit.memory.secrets import NOT_KEPT, holds_secret
from contextkit.memory.shelf import begins
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.work import Work
from contextkit.messages.arguments import called_with
from contextkit.stores import MemoryRecord, MemoryStore, SessionStore, check_id
from contextkit.types import Tool
from contextkit.zones import Zones, clock_in

LONGEST: Final = 2_000
"""Characters of a memory that a model may write: a paragraph. More is a document, and belongs with documents."""

MOST: Final = 10
"""Memories that one `recall` shows."""

SHORT_ID: Final = 8
"""Hexadecimal digits by which a model names a memory: few tokens, and 2⁻³² that two of an actor share them,
which is answered with a question."""

WAIT: Final = 5.0
"""Seconds that a tool waits for a run of the memory engine on the same actor to finish; most take milliseconds."""


class MemoryTools:
    """Three tools on one actor's memories.

    * `store` keeps the memories. Where it keeps sessions too, these tools and the memory engine take
      turns, so that neither undoes what the other wrote.
    * `strategy` says where and for how long what the model remembers is kept; `variables` fill its
      namespace. `recall` and `forget` reach all memories of the actor.
    * `consolidator` decides what something new does to what is known; rules, unless given.
    * `may_delete`: whether a model may delete a memory for good. If not, what it forgets is marked
      as no longer so, and stays for questions about the past.
    * `timezone`: where the actor lives, as for `ContextBuilder`.
    """

    def __init__(
        self,
        store: MemoryStore,
        *,
        actor_id: str,
        session_id: str,
        strategy: str | MemoryStrategy = "semantic",
        variables: Mapping[str, str] | None = None,
        consolidator: Consolidator | None = None,
        may_delete: bool = True,
        timezone: Zones = UTC,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._actor_id = check_id("actor id", actor_id)
        self._session_id = check_id("session id", session_id)
        loaded = MemoryStrategy.load(strategy)
        self._namespace = loaded.namespace_of(actor_id, session_id, variables or {})
        self._consolidator = consolidator or RuleConsolidator(loaded, clock=clock)
        self._ledger = Ledger(store, LEASE, clock) if isinstance(store, SessionStore) else None
        self._may_delete = may_delete
        self._now = partial(clock_in(timezone, clock), actor_id)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The three tools; each one's `origin` is the method that runs it."""
        forget = _forget_tool(self._may_delete)
        return tuple(
            replace(tool, origin=method)
            for tool, method in ((_REMEMBER, self.remember), (_RECALL, self.recall), (forget, self.forget))
        )

    def call(self, name: str, arguments: str | Mapping[str, Any] | None) -> str:
        """Run the tool that a model called, and give the text of its result.

        `arguments` are JSON text or what it says, as clients hand them on; None where the model sent none.
        A slip of the model (an unknown id, a missing argument) is answered in words that tell it what to
        do, so that it does not end the loop. What the store raises is raised, and so is
        `InvalidInput` for a tool that is none of these.
        """
        tool = next((tool for tool in self.tools if tool.name == name), None)
        if tool is None or not callable(tool.origin):
            raise InvalidInput(
                f"There is no memory tool {shortened(name)}.", "Call remember, recall or forget.", value=name
            )
        try:
            return str(tool.origin(**called_with(tool, arguments)))
        except (InvalidInput, UnknownMemory) as error:
            return str(error)

    def remember(self, text: str, *, subject: str = "", importance: float = 0.5) -> str:
        """Keep something; what it contradicts holds no longer, what is known is not kept twice, a secret never."""
        if holds_secret(text) or holds_secret(subject):
            return f"Not remembered: {NOT_KEPT}"
        fact = Fact(
            text=_checked(text),
            subject=subject.strip(),
            importance=_part(importance),
            said_at=self._now(),
            sources=(f"remember-{uuid.uuid4().hex[:12]}",),  # said now, if in the same words as before
            metadata={SESSION: self._session_id},
        )
        with self._turn():
            near = self._store.memories(self._actor_id, namespace=self._namespace, active=False)
            changes = self._consolidator.consolidate([fact], near, self._namespace)
            records = {record.id: record for change in changes for record in change.records}
            self._store.put_memories(self._actor_id, list(records.values()))
        return "\n".join(_told(change) for change in changes)

    def recall(self, query: str, *, past: bool = False) -> str:
        """What is known that bears on the query, best first; with `past`, what is no longer so as well.

        A query without a word, or for everything, is told the most important and most recent of what is known.
        """
        now = self._now()
        if not any(map(str.isalnum, query)) or asks_for_everything(query):
            return self._overview(now, past=past)
        past = past or asks_about_past(query, now)
        every = self._store.search_memories(self._actor_id, query, limit=2 * MOST, active=False)
        found = found_of(every, now, past=past)
        following = found.needs_line(past=past)
        records = self._store.memories(self._actor_id, active=False) if following else []
        best = recalled(found, records, now, past=past)
        lines = [_line(one.record, now) for one in best[:MOST]]
        return "\n".join(lines) or "Nothing is known about that."

    def _overview(self, now: datetime, *, past: bool) -> str:
        records = self._store.memories(self._actor_id, active=not past)
        known = overview(records, now, len(records))
        lines = [_line(one.record, now) for one in known[:MOST]]
        more = [f"… and {len(known) - MOST} more: recall something in particular."] if len(known) > MOST else []
        return "\n".join([*lines, *more]) or "Nothing is known yet."

    def forget(self, memory: str, *, delete: bool = False) -> str:
        """Let a memory, named by its id, hold no longer; or `delete` it for good."""
        if delete and not self._may_delete:
            raise InvalidInput("Memories are not deleted here.", "Call forget without delete.", value=memory)
        with self._turn():
            record = self._named(memory)
            if delete:
                self._store.delete_memories(self._actor_id, [record.id])
                return f"Deleted: {record.text}"
            now = self._now()
            if record.valid_to is None or record.valid_to > now:
                self._store.put_memories(self._actor_id, [replace(record, valid_to=max(now, begins(record)))])
            return f"No longer so: {record.text}"

    def _named(self, memory: str) -> MemoryRecord:
        """The actor's record that the id, or its beginning, means."""
        wanted = memory.strip().strip("[]")
        records = self._store.memories(self._actor_id, active=False) if wanted else []
        found = [record for record in records if record.id == wanted] or [
            record for record in records if _short(record) == wanted
        ]
        if len(found) == 1:
            return found[0]
        raise UnknownMemory(memory, [f"{record.id}: {record.text}" for record in found])

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """While nobody else changes this actor's memories, for a `with` block."""
        if self._ledger is None:
            yield
            return
        hold = self._ledger.take(self._actor_id, WAIT)
        if hold is None:
            raise StoreUnavailable("The actor's memories are being worked on.", "Try again in a moment.")
        with hold:
            Work(self._store, hold, ATTEMPTS).recover()
            yield


def _checked(text: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        raise InvalidInput(
            f"What is to be remembered has {len(said)} characters.",
            f"Write one fact in 1 to {LONGEST} characters; call remember once for each.",
            value=text[:80],
        )
    return said


def _part(importance: float) -> float:
    if not 0 <= importance <= 1:
        raise InvalidInput(f"The importance is {importance}.", "Use a number from 0 to 1.", value=importance)
    return float(importance)


def _told(change: Change) -> str:
    """What became of something new, as a model is told."""
    if change.kind is Kind.SKIP:
        return f"Not remembered again: {change.reason}"
    kept = change.records[0]
    told = {Kind.ADD: "Remembered", Kind.UPDATE: "Remembered with what was known"}
    return f"{told.get(change.kind, f'Remembered. {change.reason}')} [{_short(kept)}]"


def _line(record: MemoryRecord, now: datetime) -> str:
    since, until = begins(record).astimezone(now.tzinfo), record.valid_to and record.valid_to.astimezone(now.tzinfo)
    ended = until is not None and until <= now
    when = f"{since:%Y-%m-%d} to {until:%Y-%m-%d}, no longer so" if ended else f"since {since:%Y-%m-%d}"
    return f"[{_short(record)}] {record.text} ({when})"


def _short(record: MemoryRecord) -> str:
    """What a model calls the record: the beginning of our own ids' digits; any other id whole."""
    own = record.id.removeprefix("mem-")
    return own[:SHORT_ID] if own != record.id else record.id


def _parameters(required: Sequence[str], **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


_REMEMBER: Final = Tool(
    name="remember",
    description="Keep one fact about the user or their world for later conversations. Write it so that it can be "
    "understood on its own: names instead of pronouns, dates instead of 'tomorrow'.",
    parameters=_parameters(
        ["text"],
        text={"type": "string", "description": "The fact, in one or two sentences."},
        subject={
            "type": "string",
            "description": "What it is the value of, where there can be only one: 'home city of Ana'. "
            "An earlier value then holds no longer.",
        },
        importance={
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "0.5 by default; 1 for what is vital.",
        },
    ),
)

_RECALL: Final = Tool(
    name="recall",
    description="Look up what is known about the user from earlier conversations.",
    parameters=_parameters(
        ["query"],
        query={"type": "string", "description": "What to look for; empty for what matters most of all that is known."},
        past={"type": "boolean", "description": "Also what is no longer so."},
    ),
)


def _forget_tool(may_delete: bool) -> Tool:
    delete = {"type": "boolean", "description": "Delete it for good, because the user asked for that."}
    return Tool(
        name="forget",
        description="Forget a memory that is no longer so or was never true; look up its id with recall.",
        parameters=_parameters(
            ["memory"],
            memory={"type": "string", "description": "Its id, as recall shows it in brackets."},
            **({"delete": delete} if may_delete else {}),
        ),
    )
