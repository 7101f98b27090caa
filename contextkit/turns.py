"""Turns: what a build is asked, worked out from its query and the session it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from contextkit.budget import Budget
from contextkit.deadline import Deadline, patiently
from contextkit.errors import EmptyQuery, InvalidMessage, StoreUnavailable, shortened
from contextkit.known import KnownSessions
from contextkit.messages import as_message
from contextkit.question import asks
from contextkit.rank.divided import drawers_of
from contextkit.stores import Session, SessionStore, check_id
from contextkit.strategy import ContextStrategy
from contextkit.types import Message, Notice, Request, TokenCounter
from contextkit.view import Turn, View

LOOKED_BACK = 64
"""Messages in which the question of a turn is looked for first, where no view of the session tells; then in four times
as many, and so on."""


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
    known: KnownSessions,
    deadline: Deadline,
    beside: Sequence[Mapping[str, Any]] = (),
) -> Request:
    """The request of one build: reads the session and its view, and finds the turn it is in.

    A store that does not answer costs a new turn what its session has said since it was `known`.
    A turn that goes on cannot do without: raises `StoreUnavailable`.
    """
    check_id("actor id", actor_id)
    check_id("session id", session_id)
    message = None if query is None else as_query(query)
    sessions = store if isinstance(store, SessionStore) else None
    available = budget.available(counter.margin)
    session, missed = None, None
    if sessions is not None:
        sought = _sought(message, strategy, filled)
        session, missed = known.read(sessions, actor_id, session_id, deadline.for_opening, sought)
    stored = session.view if session else None
    view = View.from_json(stored).within(strategy.name, available).counted_by(counter)
    log = _Log(sessions, session, deadline)
    notices = [missed] if missed else []
    if message is not None:
        turn, missed = _begun(message, view, log)
        notices += [missed] if missed else []
    elif missed is not None:
        raise StoreUnavailable(missed.text, "A turn that goes on needs what was said in it: build again.")
    else:
        turn = _continued(view, log)
    return Request(
        query=turn.query.text,
        turn=turn,
        continuing=turn is view.turn,
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
        deadline=deadline,
        notices=notices,
        beside=beside,
    )


def _sought(message: Message | None, strategy: ContextStrategy, filled: frozenset[str]) -> frozenset[int] | None:
    """What of the session's index will be read, by its drawers; None where no source will look for older turns."""
    if "recall" not in filled or strategy.section("recall") is None:
        return None
    return drawers_of(message.text) if message else frozenset()


def as_query(query: object) -> Message:
    """The query as a user message. Raises `EmptyQuery` where it says nothing."""
    if isinstance(query, list):
        raise InvalidMessage(
            f"The query is a list: {shortened(query)}.",
            "Pass the user's newest message alone, or its text; append what was said before to the session.",
            value=query,
        )
    message = Message(role="user", content=query) if isinstance(query, str) else as_message(query)
    if message.role != "user":
        raise EmptyQuery(
            f"The query is a message of role {message.role}.",
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

    def __init__(self, store: SessionStore | None, session: Session | None, deadline: Deadline) -> None:
        self._store = store
        self._session = session
        self._deadline = deadline
        self.last_seq = session.last_seq if session else 0

    def since(self, after: int) -> Sequence[Message]:
        if self._store is None or self._session is None:
            return ()
        known = self._session.since(after)
        if known is not None:
            return known
        read = partial(self._store.messages, self._session.actor_id, self._session.session_id, after=after)
        return patiently(read, self._deadline.for_opening)

    def last(self, count: int) -> Sequence[Message]:
        return self.since(max(0, self.last_seq - count))


def _begun(query: Message, view: View, log: _Log) -> tuple[Turn, Notice | None]:
    """A new turn. A question that was appended to the session before the build is not asked twice.

    Nor is one that is sent again, by its id, while its turn has no answer: that turn goes on.
    """
    try:
        last = log.last(1)
    except StoreUnavailable as error:
        problem = f"Whether the question stands in the session already is not known: {error}"
        return Turn(query=query, after=log.last_seq), Notice("session not read", problem)
    asked = asks(_first(last), query)
    if view.turn is not None and not asked and _goes_on(view.turn, query, last):
        return view.turn, None
    return Turn(query=query, after=log.last_seq - asked), None


def _goes_on(turn: Turn, query: Message, last: Sequence[Message]) -> bool:
    """Whether the query is the turn's own question, and what was said last is no answer to it."""
    again = query.id is not None and query.id == turn.query.id and asks(turn.query, query)
    return again and bool(last) and not _answers(last[0])


def _continued(view: View, log: _Log) -> Turn:
    """The turn the session is in: the one of its view, unless the user has asked anew since."""
    if view.turn is not None:
        since = log.since(view.turn.after)
        asked = _question(since)
        if asked is None or asked is _first(since):
            return view.turn
        return _asked(asked)
    asked = _looked_for(log)
    if asked is None:
        raise EmptyQuery(
            "There is no turn to continue: this session has no question yet.", "Pass a query: build(query, …)."
        )
    return _asked(asked)


def _looked_for(log: _Log) -> Message | None:
    """The question that the end of the session answers, however far back it was asked."""
    count = LOOKED_BACK
    while count < log.last_seq:
        asked = _question(log.last(count), from_start=False)
        if asked is not None:
            return asked
        count *= 4
    return _question(log.last(count))


def _asked(question: Message) -> Turn:
    return Turn(query=question, after=(question.seq or 1) - 1)


def _question(messages: Sequence[Message], *, from_start: bool = True) -> Message | None:
    """The question that these messages answer last: a user's message that follows a whole answer, or opens them, where
    they are all there are or all of a turn."""
    for index in range(len(messages) - 1, -1, -1):
        opens = index == 0 and from_start
        if messages[index].role == "user" and (opens or (index > 0 and _answers(messages[index - 1]))):
            return messages[index]
    return None


def _answers(message: Message) -> bool:
    """Whether a turn may end with this message: an assistant's, with nothing left to call."""
    return message.role == "assistant" and not message.tool_calls


def _first(messages: Sequence[Message]) -> Message | None:
    return messages[0] if messages else None
