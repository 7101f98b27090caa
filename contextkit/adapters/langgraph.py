"""LangGraph: what a graph's state has, appended to the session that its config names.

    keeper = StateKeeper(store)

    def call_model(state, config):
        keeper.append(state["messages"], config)
        return {"messages": [chain.invoke(state, config)]}

A state is edited by id, and goes back to earlier checkpoints; a session only grows. So it is said where a message was
edited after it was stored, and where the session has messages between those that the state goes on with.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from contextkit.adapters.artifacts import storable, without_artifact
from contextkit.adapters.langchain_sessions import ids_of
from contextkit.adapters.retold import last_question, retold
from contextkit.messages import as_messages
from contextkit.recent import Recent
from contextkit.stores import SessionStore
from contextkit.types import Message, Notice


class EditedMessage(UserWarning):
    """A graph's state has a message in other words than the session, which shows the model the words it has."""


class DivergedState(UserWarning):
    """A graph's state goes on without messages that the session has, and shows the model."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a graph's state does not have as its session has it.

    The ids of messages that were edited, and the numbers of those of the session's that the state lacks since its
    last question was asked: it went back, or others speak in the session.
    """

    edited: tuple[str, ...] = ()
    lacking: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edited or self.lacking)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a report says of it."""
        edited = (Notice("message edited", _edit_told(self.edited)),) if self.edited else ()
        return (*edited, Notice("state diverged", _lack_told(self.lacking))) if self.lacking else edited

    def warn(self, stacklevel: int) -> None:
        """Warn of it, where the caller is so many calls away."""
        if self.edited:
            warnings.warn(EditedMessage(_edit_told(self.edited)), stacklevel=stacklevel + 1)
        if self.lacking:
            warnings.warn(DivergedState(_lack_told(self.lacking)), stacklevel=stacklevel + 1)


REMEMBERED = 100_000
"""Messages, of all sessions, which a keeper knows that it has appended. Of sessions used less recently it asks the
store."""

SESSION = 4
"""What a session counts for besides its messages."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a keeper knows of a session: the state's messages, which numbers each has there, and the last number."""

    messages: Mapping[str, BaseMessage] = field(default_factory=dict)
    numbers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    last: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A message of the state's that has this id, or a part of it: as it was given, and as the session has it."""

    key: str
    said: Message
    stored: Message


class StateKeeper:
    """Appends what a graph's state has to the session that the config names. Shared by threads.

    The config names the session as it does for `ContextRunnable`. Messages that a keeper has appended before, it
    neither reads nor sends again: what a call costs does not grow with the conversation, but for comparing it.
    The artifact of a tool's message, which no model is shown, stays in the state where it is no JSON value.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._known = Recent[tuple[str, str], _Known](REMEMBERED, lambda known: SESSION + len(known.messages))

    def append(self, messages: Sequence[BaseMessage], config: RunnableConfig) -> list[str]:
        """Append what the session lacks of these messages; the ids of those that it has in other words.

        Warns of `EditedMessage` for the latter, and of `DivergedState` where the state goes on without messages that
        the session has: to have the model see what the state has, go on as another session, named by a `session_id` in
        the config. Messages without an id are given one in place, as LangGraph would do: so they are stored once. What
        a caller gives again of earlier turns under other ids is not appended a second time
        (`contextkit.adapters.retold`).
        """
        difference = self.keep(messages, config)
        difference.warn(stacklevel=2)
        return [*difference.edited]

    def keep(self, messages: Sequence[BaseMessage], config: RunnableConfig) -> Difference:
        """Append likewise, and return instead of warning what the session does not have as the state has it."""
        ids = ids_of(config)
        said = _by_id(messages)
        plain = {key: without_artifact(message) for key, message in said.items()}
        known = self._known.get(ids) or _Known()
        new = [message for key, message in said.items() if known.messages.get(key) != plain[key]]
        had = retold(self._store, *ids, messages, new)
        kept = self._kept(*ids, [message for message in new if message.id not in had])
        edited = {one.key for one in kept if _words(one.said) != _words(one.stored)}
        numbers = {key: there for key, there in known.numbers.items() if key in said}
        for key, number in (*had.items(), *((one.key, one.stored.seq) for one in kept)):
            if number is not None:
                numbers[key] = numbers.get(key, frozenset()) | {number}
        last = max([known.last, *(one.stored.seq or 0 for one in kept)])
        lacking = _lacking(said, numbers, last)
        if lacking:  # the session may have been deleted since, and begun anew
            session = self._store.session(*ids)
            last = session.last_seq if session is not None else 0
            lacking = tuple(number for number in lacking if number <= last)
        self._known.put(ids, _Known({key: one for key, one in plain.items() if key not in edited}, numbers, last))
        return Difference(tuple(key for key in said if key in edited), lacking)

    def _kept(self, actor_id: str, session_id: str, messages: Sequence[BaseMessage]) -> list[_Kept]:
        given = [(str(message.id), one) for message in messages for one in as_messages([storable(message)])]
        stored = self._store.append(actor_id, session_id, [one for _, one in given]) if given else []
        return [_Kept(key, one, kept) for (key, one), kept in zip(given, stored, strict=True)]


def _lacking(said: Mapping[str, BaseMessage], numbers: Mapping[str, frozenset[int]], last: int) -> tuple[int, ...]:
    """The numbers of the session's messages that the state lacks, from what it has before its last question on."""
    stored = [key for key in said if key in numbers]
    if not stored:
        return ()
    before = max(last_question([said[key] for key in stored]) - 1, 0)
    since = max(numbers[stored[before]])
    own = frozenset[int]().union(*numbers.values())
    return tuple(number for number in range(since + 1, last + 1) if number not in own)


def _by_id(messages: Sequence[BaseMessage]) -> dict[str, BaseMessage]:
    """The messages by their ids, which those without one are given."""
    said: dict[str, BaseMessage] = {}
    answer: str | None = None
    for message in messages:
        message.id = message.id or _made_up(message, answer)
        said[message.id] = message
        if message.type == "ai":
            answer = message.id
    return said


def _made_up(message: BaseMessage, answer: str | None) -> str:
    """An id; of a result, always the same: where a call could not be read, LangChain adds one whenever it goes on."""
    if isinstance(message, ToolMessage) and answer is not None:
        return f"{answer}/{message.tool_call_id}"
    return str(uuid.uuid4())


def _edit_told(edited: Sequence[str]) -> str:
    return (
        f"The session has in other words what was edited in the graph's state: {', '.join(edited)}. Its model sees "
        "what the session has; to go on from the edit, name another session_id in the config."
    )


def _lack_told(lacking: Sequence[int]) -> str:
    there = f"message {lacking[0]}" if len(lacking) == 1 else f"{len(lacking)} messages, {lacking[0]} to {lacking[-1]},"
    return (
        f"The session has {there} where the graph's state goes on without: it went back to an earlier checkpoint, or "
        "others speak in this session, as agents in parallel branches do. Its model sees what the session has; to go "
        "on without, name another session_id in the config."
    )


def _words(message: Message) -> tuple[object, ...]:
    return message.content, message.tool_calls, message.tool_call_id
