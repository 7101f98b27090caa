"""Turns: what a build is asked, worked out from its query and the session it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contextkit.budget import Budget
from contextkit.errors import EmptyQuery
from contextkit.messages import as_message
from contextkit.stores import Session, SessionStore, check_id
from contextkit.strategy import ContextStrategy
from contextkit.types import Message, Request, TokenCounter
from contextkit.view import Turn, View

LOOKED_BACK = 64
"""Messages in which the question of a turn is looked for, where no view of the session tells."""


def open_request(
    query: object,
    *,
    actor_id: str,
    session_id: str,
    variables: Mapping[str, Any],
    budget: Budget,
    counter: TokenCounter,
    strategy: ContextStrategy,
    store: object,
    filled: frozenset[str],
    now: datetime,
) -> Request:
    """The request of one build: reads the session and its view, and finds the turn it is in."""
    check_id("actor id", actor_id)
    check_id("session id", session_id)
    message = None if query is None else as_query(query)
    sessions = store if isinstance(store, SessionStore) else None
    session = sessions.session(actor_id, session_id) if sessions else None
    stored = View.from_json(session.view) if session else View()
    view = stored.within(strategy.name, budget.available(counter.margin))
    log = _Log(sessions, session)
    turn = _begun(message, log) if message else _continued(view, log)
    return Request(
        query=turn.query.text,
        turn=turn,
        continuing=message is None and turn == view.turn,
        actor_id=actor_id,
        session_id=session_id,
        store=store,
        filled=filled,
        budget=budget,
        counter=counter,
        strategy=strategy,
        now=now,
        view=view,
        session=session,
        variables=variables,
    )


def as_query(query: object) -> Message:
    """The query as a user message. Raises `EmptyQuery` where it says nothing."""
    message = Message(role="user", content=query) if isinstance(query, str) else as_message(query)
    if message.role != "user":
        raise EmptyQuery(
            f"The query is a {message.role} message.",
            "Pass the user's question; append everything else to the session.",
        )
    if not message.text.strip() and not _holds_more_than_text(message):
        raise EmptyQuery(
            "The query is empty.",
            "Pass the user's question, or call build() without one to continue a turn.",
            value=query,
        )
    return message


def _holds_more_than_text(message: Message) -> bool:
    return not isinstance(message.content, str) and any(block.get("type") != "text" for block in message.content)


class _Log:
    """The end of a session's messages, read only as far as it did not come with the session's facts."""

    def __init__(self, store: SessionStore | None, session: Session | None) -> None:
        self._store = store
        self._session = session
        self.last_seq = session.last_seq if session else 0

    def since(self, after: int) -> Sequence[Message]:
        if self._store is None or self._session is None:
            return ()
        known = self._session.since(after)
        if known is not None:
            return known
        return self._store.messages(self._session.actor_id, self._session.session_id, after=after)

    def last(self, count: int) -> Sequence[Message]:
        return self.since(max(0, self.last_seq - count))


def _begun(query: Message, log: _Log) -> Turn:
    """A new turn. A question that was appended to the session before the build is not asked twice."""
    last = log.last(1)
    asked = bool(last) and last[0].role == "user" and last[0].text == query.text
    return Turn(query=query, after=log.last_seq - asked)


def _continued(view: View, log: _Log) -> Turn:
    """The turn the session is in: the one of its view, unless the user has asked anew since."""
    if view.turn is not None:
        since = log.since(view.turn.after)
        asked = _question(since)
        if asked is None or asked is _first(since):
            return view.turn
        return _asked(asked)
    asked = _question(log.last(LOOKED_BACK))
    if asked is None:
        raise EmptyQuery(
            "There is no turn to continue: this session has no question yet.", "Pass a query: build(query, …)."
        )
    return _asked(asked)


def _asked(question: Message) -> Turn:
    return Turn(query=question, after=(question.seq or 1) - 1)


def _question(messages: Sequence[Message]) -> Message | None:
    """The question that these messages answer last: a user's message that opens them or follows a whole answer."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "user" and (index == 0 or _answers(messages[index - 1])):
            return messages[index]
    return None


def _answers(message: Message) -> bool:
    """Whether a turn may end with this message: an assistant's, with nothing left to call."""
    return message.role == "assistant" and not message.tool_calls


def _first(messages: Sequence[Message]) -> Message | None:
    return messages[0] if messages else None
