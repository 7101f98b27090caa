"""LangGraph: what a graph's state has, appended to the session that its config names.

    keeper = StateKeeper(store)

    def call_model(state, config):
        keeper.append(state["messages"], config)
        return {"messages": [chain.invoke(state, config)]}

A state is edited by id, goes back to earlier checkpoints, and may be one of several, as branches of a graph have them;
a session only grows. So a prompt leaves out of its dialogue what a graph has said in the session and the state goes on
without, where the same node appends and has the prompt built by `builder.as_runnable()`; and it is said where a message
was edited after it was stored.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from contextkit.adapters.artifacts import storable, without_artifact
from contextkit.adapters.edits import is_reworded, told_anew
from contextkit.adapters.lacking import Lack, Whose, whose
from contextkit.adapters.langchain_sessions import ids_of
from contextkit.adapters.retold import last_question, retold
from contextkit.adapters.supersteps import SessionTasks, Task, tasks_in
from contextkit.adapters.unanswered import with_results
from contextkit.messages import as_messages
from contextkit.recent import Recent
from contextkit.stores import SessionStore
from contextkit.types import Message, Notice


class EditedMessage(UserWarning):
    """A state has a message in other words than the session, which shows the model the words it has."""


class DivergedState(UserWarning):
    """A state goes on without messages that the session has and the model is shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a graph's state does not have as its session has it.

    The ids of messages that were edited; the numbers of those of the session's that a graph said and the state goes on
    without (`left`), and of those since its last question of which it is not known whether the state left them
    (`lacking`).
    """

    edited: tuple[str, ...] = ()
    lacking: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edited or self.lacking or self.left)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a report says of it."""
        told = (
            ("message edited", self.edited and _edit_told(self.edited)),
            ("state diverged", self.lacking and _lack_told(self.lacking)),
            ("left to others", self.left and _left_told(self.left)),
        )
        return tuple(Notice(kind, text) for kind, text in told if text)

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
class _Kept:
    """A message of the state's that has this id, or a part of it: as it was given, and as the session has it."""

    key: str
    said: Message
    stored: Message


@dataclass(slots=True)
class _Known:
    """What a keeper knows of a session: the messages of the states that it was given, which numbers each has there,
    which were told under other ids, where those were first that were told anew, whose messages are, by their numbers,
    and the last number."""

    messages: dict[str, BaseMessage] = field(default_factory=dict)
    numbers: dict[str, frozenset[int]] = field(default_factory=dict)
    retold: set[str] = field(default_factory=set)
    begun: dict[str, int] = field(default_factory=dict)
    whose: dict[int, Whose] = field(default_factory=dict)
    last: int = 0

    def keep(self, had: Mapping[str, int | None], kept: Sequence[_Kept]) -> None:
        """Take note of messages of which the session `had` some under other ids, and the others are `kept` there."""
        self.retold.update(had)
        self.numbers |= dict.fromkeys((one.key for one in kept), frozenset[int]())
        for one in kept:
            number = one.stored.seq or 0
            self.whose[number] = whose(one.stored, in_a_graph=True)
            self.last = max(self.last, number)
        for key, there in (*had.items(), *((one.key, one.stored.seq) for one in kept)):
            if there is not None:
                self.numbers[key] = self.numbers.get(key, frozenset()) | {there}

    def begin(self, key: str) -> int:
        """The number of a message, as it was said first."""
        return self.begun.get(key) or min(self.numbers[key])

    def own(self, keys: Iterable[str]) -> frozenset[int]:
        """The numbers of the messages of these ids."""
        return frozenset[int]().union(*(self.numbers.get(key, ()) for key in keys))


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
        """Append what the session lacks of these messages; the ids of those that the model sees in other words.

        Where a graph's state has what the user or the model said in other words than the session, all from there on is
        appended once more. Warns of `EditedMessage` for results, and outside of a graph, and of `DivergedState` where
        the state goes on without messages that the model is shown: it is not known whose they are, or this is no graph.
        Messages without an id are given one in place, as LangGraph would do: so they are stored once. What a caller
        gives again of earlier turns under other ids is not appended a second time (`contextkit.adapters.retold`).
        """
        difference = self.keep(messages, config)
        difference.warn(stacklevel=2)
        return [*difference.edited]

    def over(self, config: RunnableConfig) -> None:
        """Take note that the graph is over whose node has this config: who comes next goes on from what it said."""
        task = Task.of(config)
        if task is not None:
            tasks_in(ids_of(config)).over(task)

    def keep(self, messages: Sequence[BaseMessage], config: RunnableConfig, *, edits: bool = True) -> Difference:
        """Append likewise, and return instead of warning what the session does not have as the state has it.

        Without `edits` nothing is appended once more: what is in other words may have been put so for one call.
        """
        ids = ids_of(config)
        tasks, task = tasks_in(ids), Task.of(config)
        with tasks.lock:
            return self._keep(messages, ids, task, tasks, edits=edits and task is not None)

    def _keep(
        self,
        messages: Sequence[BaseMessage],
        ids: tuple[str, str],
        task: Task | None,
        tasks: SessionTasks,
        *,
        edits: bool,
    ) -> Difference:
        said = _by_id(messages) if task is None else with_results(_by_id(messages))
        plain = {key: without_artifact(message) for key, message in said.items()}
        known = self._known.get(ids) or _Known()
        first = not known.last
        new = [message for key, message in said.items() if known.messages.get(key) != plain[key]]
        had = retold(self._store, *ids, messages, new)
        kept = self._told(ids, said, [one for one in new if one.id not in had], known, edits=edits)
        edited = {one.key for one in kept if _words(one.said) != _words(one.stored)}
        known.messages |= {str(message.id): plain[str(message.id)] for message in new}
        for key in edited:
            del known.messages[key]  # to be told of again
        known.keep(had, kept)
        own = known.own(said)
        lack = _lack(said, own, known, max(known.last, tasks.last))
        lack = self._looked_up(ids, lack, known, lambda one: one.id in said or tasks.knows(one.seq or 0, one.id))
        self._known.put(ids, known)
        left, unclear = lack.left(known.whose), lack.unclear(known.whose)
        rewritten = tuple(key for key in said if key in edited)
        if task is None:  # no prompt can tell whose state this is
            return Difference(rewritten, tuple(sorted({*left, *unclear}.intersection(lack.since))))
        fresh = [one for one in kept if one.key in _current(said)] if first else kept
        tasks.said(task, {one.stored.seq or 0: str(one.stored.id) for one in fresh}, own, left)
        return Difference(rewritten, unclear, tuple(sorted(left)))

    def _looked_up(
        self, ids: tuple[str, str], lack: Lack, known: _Known, in_a_graph: Callable[[Message], bool]
    ) -> Lack:
        """What the state lacks; whose that is, is made known where no state had it which this keeper was given."""
        unknown = [number for number in (*lack.since, *lack.before) if number not in known.whose]
        if not unknown:
            return lack
        session = self._store.session(*ids)  # it may have been deleted since, and begun anew
        known.last = session.last_seq if session is not None else 0
        read = self._store.pick(*ids, [number for number in unknown if number <= known.last])
        known.whose |= {one.seq or 0: whose(one, in_a_graph=in_a_graph(one)) for one in read}
        return lack.up_to(known.last)

    def _told(
        self,
        ids: tuple[str, str],
        said: Mapping[str, BaseMessage],
        new: Sequence[BaseMessage],
        known: _Known,
        *,
        edits: bool,
    ) -> list[_Kept]:
        """The new messages of a state as the session has them now; from one on that was edited, all are told anew."""
        kept: list[_Kept] = []
        while new:
            changed = (place for place, message in enumerate(new) if edits and str(message.id) in known.messages)
            sure = next(changed, len(new) - 1) + 1
            told, new = self._kept(*ids, new[:sure]), new[sure:]
            kept += told
            start = next((one.key for one in told if edits and is_reworded(one.said, one.stored)), None)
            if start is not None:
                return self._from(start, ids, said, kept, known)
        return kept

    def _from(
        self, start: str, ids: tuple[str, str], said: Mapping[str, BaseMessage], kept: Sequence[_Kept], known: _Known
    ) -> list[_Kept]:
        """What the session has of a state's new messages up to an edited one, and what is told anew from there on."""
        keys = [*said]
        at = keys.index(start)
        parts = [(key, part) for key in keys[at:] for part in as_messages([storable(said[key])])]
        earlier = [one for one in kept if one.key in keys[:at]]
        before = max((0, *known.own(keys[:at]), *(one.stored.seq or 0 for one in earlier)))
        there = {str(message.id): message.seq or 0 for message in self._store.messages(*ids, after=before)}
        known.begun |= {key: there[part.id] for key, part in parts if part.id in there}
        found = [*earlier]
        while parts:  # of each edit, one behind the other
            stored = self._store.append(*ids, told_anew([part for _, part in parts], there))
            there |= {str(message.id): message.seq or 0 for message in stored}
            anew = [_Kept(key, part, one) for (key, part), one in zip(parts, stored, strict=True)]
            edited = (place for place, one in enumerate(anew) if place and is_reworded(one.said, one.stored))
            sure = next(edited, len(anew))
            found, parts = [*found, *anew[:sure]], parts[sure:]
        return found

    def _kept(self, actor_id: str, session_id: str, messages: Sequence[BaseMessage]) -> list[_Kept]:
        given = [(str(message.id), one) for message in messages for one in as_messages([storable(message)])]
        stored = self._store.append(actor_id, session_id, [one for _, one in given]) if given else []
        return [_Kept(key, one, kept) for (key, one), kept in zip(given, stored, strict=True)]


def _lack(said: Mapping[str, BaseMessage], own: frozenset[int], known: _Known, last: int) -> Lack:
    """What a state lacks that has its `own` numbers of a session of so many messages. In one that a caller puts
    together anew each time, whose ids are not the session's, only what is said now tells."""
    stored = [key for key in said if key in known.numbers]
    if not stored:
        return Lack()
    before = max(last_question([said[key] for key in stored]) - 1, 0)
    question = max(known.numbers[stored[before]])
    begin = question + 1 if known.retold.intersection(said) else known.begin(stored[0])
    return Lack.of(own, begin, question, last)


def _current(said: Mapping[str, BaseMessage]) -> set[str]:
    """The ids of the last question and of all that follows it."""
    return {*list(said)[last_question([*said.values()]) :]}


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
        f"The session has in other words what was edited in the state: {', '.join(edited)}. The model sees "
        "what the session has; to go on from the edit, name another session_id in the config."
    )


def _lack_told(lacking: Sequence[int]) -> str:
    return (
        f"The session has {_listed(lacking)} where the graph's state goes on without: it went back to an earlier "
        "checkpoint, or others speak in this session. Its model sees what the session has; to go on without, name "
        "another session_id in the config."
    )


def _left_told(left: Sequence[int]) -> str:
    return (
        f"The session has {_listed(left)} where the graph's state goes on without: others said it, or it was left "
        "behind or taken out. It is no part of this prompt's dialogue."
    )


def _listed(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"message {numbers[0]}"
    return f"{len(numbers)} messages, {numbers[0]} to {numbers[-1]},"


def _words(message: Message) -> tuple[object, ...]:
    return message.content, message.tool_calls, message.tool_call_id
