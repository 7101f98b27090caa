"""LangGraph: what a graph's state has, appended to the session that its config names.

    keeper = StateKeeper(store)

    def call_model(state, config):
        keeper.append(state["messages"], config)
        return {"messages": [chain.invoke(state, config)]}

A state is edited by id, and a session only grows. So a message that was edited after it was stored is said to be.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Mapping, Sequence

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from contextkit.adapters.artifacts import storable, without_artifact
from contextkit.adapters.langchain_sessions import ids_of
from contextkit.adapters.retold import retold
from contextkit.messages import as_messages
from contextkit.recent import Recent
from contextkit.stores import SessionStore
from contextkit.types import Message


class EditedMessage(UserWarning):
    """A graph's state has a message in other words than the session, which shows the model the words it has."""


SESSIONS = 256
"""Sessions of which a keeper knows what it has appended. Of any other it asks the store."""


class StateKeeper:
    """Appends what a graph's state has to the session that the config names. Shared by threads.

    The config names the session as it does for `ContextRunnable`. Messages that a keeper has appended before, it
    neither reads nor sends again: what a call costs does not grow with the conversation, but for comparing it.
    The artifact of a tool's message, which no model is shown, stays in the state where it is no JSON value.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._known: Recent[tuple[str, str], Mapping[str, BaseMessage]] = Recent(SESSIONS)

    def append(self, messages: Sequence[BaseMessage], config: RunnableConfig) -> list[str]:
        """Append what the session lacks of these messages; the ids of those that it has in other words.

        Warns of `EditedMessage` for the latter: to have the model see the edit, go on as another session, named by a
        `session_id` in the config. Messages without an id are given one in place, as LangGraph would do: so they are
        stored once. What a caller gives again of earlier turns under other ids is not appended a second time
        (`contextkit.adapters.retold`).
        """
        ids = ids_of(config)
        said = _by_id(messages)
        plain = {key: without_artifact(message) for key, message in said.items()}
        known = self._known.get(ids) or {}
        new = [message for key, message in said.items() if known.get(key) != plain[key]]
        had = retold(self._store, *ids, messages, new)
        edited = self._kept(*ids, [message for message in new if message.id not in had])
        self._known.put(ids, {key: message for key, message in plain.items() if key not in edited})
        if edited:
            warnings.warn(EditedMessage(edit_told(edited)), stacklevel=2)
        return edited

    def _kept(self, actor_id: str, session_id: str, messages: Sequence[BaseMessage]) -> list[str]:
        given = as_messages(map(storable, messages))
        stored = self._store.append(actor_id, session_id, given) if given else []
        return [str(kept.id) for said, kept in zip(given, stored, strict=True) if _words(said) != _words(kept)]


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


def edit_told(edited: Sequence[str]) -> str:
    """What is to be known of messages that were edited after they were stored."""
    return (
        f"The session has in other words what was edited in the graph's state: {', '.join(edited)}. Its model sees "
        "what the session has; to go on from the edit, name another session_id in the config."
    )


def _words(message: Message) -> tuple[object, ...]:
    return message.content, message.tool_calls, message.tool_call_id
