"""Retold: what a graph's state says that its session says already, though not under the same ids.

* Without a checkpointer many a caller gives all of the history each time, in messages without ids, and LangGraph makes
  up new ones. Those of earlier turns are looked for in the session by what they say, in order.
* What LangChain's `SummarizationMiddleware` sums up stands in the session word for word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from langchain_core.messages import BaseMessage

from contextkit.adapters.artifacts import storable
from contextkit.messages import as_messages
from contextkit.stores import SessionStore
from contextkit.types import Message

_MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The ids that LangGraph makes up. What a model answers has another kind: LangChain's chat models see to that."""


def retold(
    store: SessionStore, actor_id: str, session_id: str, messages: Sequence[BaseMessage], new: Sequence[BaseMessage]
) -> set[str]:
    """The ids of those of a state's messages that the session has already, though it knows no such ids.

    `new` are those whose ids are new. The last question, and all that follows it, is said now in any case. The session
    is read only where one of them is an answer to an earlier question that no model gave under its id, or a summary.
    """
    earlier = messages[: _last_question(messages)]
    summaries = [message for message in new if message.additional_kwargs.get("lc_source") == "summarization"]
    found: set[str] = set()
    if summaries and (session := store.session(actor_id, session_id)) is not None and session.last_seq:
        found.update(_ids(summaries))
    answers = {message.id for message in new if message.type == "ai" and _MADE_UP.fullmatch(str(message.id))}
    if any(message.id in answers for message in earlier):
        found.update(_ids(_said_again(earlier, store.messages(actor_id, session_id))))
    return found


def _last_question(messages: Sequence[BaseMessage]) -> int:
    return next((place for place in reversed(range(len(messages))) if messages[place].type == "human"), 0)


def _said_again(given: Sequence[BaseMessage], stored: Sequence[Message]) -> Iterator[BaseMessage]:
    """Those of the given messages that are among the stored ones in the same order, behind what is there by its id."""
    own = {message.id: place for place, message in enumerate(stored)}
    places: dict[object, list[int]] = defaultdict(list)
    for place, message in enumerate(stored):
        places[_words(message)].append(place)
    after = 0
    for one in given:
        if one.id in own:
            after = max(after, own[one.id] + 1)
        elif said := as_messages([storable(one)]):
            here = places[_words(said[-1])]
            at = bisect_left(here, after)
            if at < len(here):
                after = here[at] + 1
                yield one


def _words(message: Message) -> tuple[object, ...]:
    """What it says, however its text is divided into blocks and lines; of what has no text, whatever it has."""
    text = "".join(message.text.split())
    return message.role, message.tool_call_id, text or (message.tool_calls, repr(message.content))


def _ids(messages: Iterable[BaseMessage]) -> Iterator[str]:
    return (str(message.id) for message in messages)
