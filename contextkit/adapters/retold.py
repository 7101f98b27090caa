"""Retold: what a graph's state says that its session says already, though not under the same ids.

* Without a checkpointer many a caller gives all of the history each time, in messages without ids (or has kept those of
  the answers alone), and LangGraph makes up new ones. Those of earlier turns are looked for in the session by what they
  say, in order.
* What LangChain's `SummarizationMiddleware` sums up stands in the session word for word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from langchain_core.messages import BaseMessage

from contextkit.adapters.artifacts import storable
from contextkit.messages import as_messages
from contextkit.stores import SessionStore
from contextkit.types import Message

_MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The ids that LangGraph makes up."""


def retold(
    store: SessionStore, actor_id: str, session_id: str, messages: Sequence[BaseMessage], new: Sequence[BaseMessage]
) -> dict[str, int | None]:
    """The ids of those of a state's messages that the session has already, though it knows no such ids.

    With each its number in the session; a summary has none. `new` are those whose ids are new. The last question, and
    all that follows it, is said now in any case. The session is read only where earlier turns are given with an answer
    whose id no model gave, or with questions whose ids are not the session's: its last turn tells of these.
    """
    earlier = messages[: last_question(messages)]
    summaries = [message for message in new if message.additional_kwargs.get("lc_source") == "summarization"]
    found: dict[str, int | None] = {}
    if summaries and (session := store.session(actor_id, session_id)) is not None and session.last_seq:
        found.update((str(message.id), None) for message in summaries)
    made_up = {message.id for message in new if _MADE_UP.fullmatch(str(message.id))}
    answers = [message for message in earlier if message.type == "ai"]
    asked = [place for place, message in enumerate(earlier) if message.type == "human" and message.id in made_up]
    again = any(message.id in made_up for message in answers)
    if not again and answers and asked:
        last = store.messages(actor_id, session_id, last=len(earlier) - asked[-1])
        again = all(message.id != earlier[asked[-1]].id for message in last)
    if again:
        found.update(_said_again(earlier, store.messages(actor_id, session_id)))
    return found


def last_question(messages: Sequence[BaseMessage]) -> int:
    """The place of the last of the user's messages, or of the first of several in a row; 0 where there is none."""
    human = [message.type == "human" for message in messages]
    begins = (at for at in reversed(range(len(human))) if human[at] and not any(human[at - 1 : at]))
    return next(begins, 0)


def _said_again(given: Sequence[BaseMessage], stored: Sequence[Message]) -> Iterator[tuple[str, int | None]]:
    """Which of the given messages are which of the stored ones, in the same order, behind what is there by its id."""
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
                yield str(one.id), stored[here[at]].seq


def _words(message: Message) -> tuple[object, ...]:
    """What it says, however its text is divided into blocks and lines; of what has no text, whatever it has."""
    text = "".join(message.text.split())
    return message.role, message.tool_call_id, text or (message.tool_calls, repr(message.content))
