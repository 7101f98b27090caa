"""Turns: what a build is asked, worked out from its query and the session it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from contextkit.apart import NOTHING, Apart, apart
from contextkit.budget import Budget
from contextkit.deadline import Deadline, patiently
from contextkit.errors import EmptyQuery, InvalidMessage, StoreUnavailable, shortened
from contextkit.known import KnownSessions
from contextkit.messages import as_message
from contextkit.pause import Pause
from contextkit.question import asks
from contextkit.rank.divided import drawers_of
from contextkit.stores import Session, SessionStore, check_id
from contextkit.strategy import ContextStrategy
from contextkit.topic import exchange, says_something, topic
from contextkit.types import Message, Notice, Request, TokenCounter
from contextkit.view import Turn, View
from contextkit.views import Views

LOOKED_BACK: Final = 64
"""Messages in which the question of a turn is looked for first, where no view of the session tells; then in four times
as many, and so on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a build is asked, as its caller puts it: see `ContextBuilder.build`."""

    query: object
    actor_id: str
    session_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    beside: Sequence[Mapping[str, Any]] = ()


def open_request(
    asked: Asked,
    *,
    budget: Budget,
    counter: TokenCounter,
    strategy: ContextStrategy,
    store: object,
    filled: frozenset[str],
    series: str,
    now: datetime,
    known: KnownSessions,
    deadline: Deadline,
) -> Request:
    """The request of one build: reads the session and the view of its series, and finds the turn it is in.

    A store that does not answer costs a new turn what its session has said since it was `known`.
    A turn that goes on cannot do without: raises `StoreUnavailable`.
    """
    actor_id, session_id = check_id("actor id", asked.actor_id), check_id("session id", asked.session_id)
    message = None if asked.query is None else as_query(asked.query)
    sessions = store if isinstance(store, SessionStore) else None
    available = budget.available(counter.margin)
    session, missed = None, None
    if sessions is not None:
        sought = _sought(message, strategy, filled)
        session, missed = known.read(sessions, actor_id, session_id, deadline.for_opening, sought)
    others = apart()
    views = known.views(session)
    branch = known.view_of(session, others.branch)
    last = branch or views.of(series)
    others = others.still(last.left)
    log = _Log(sessions, session, deadline, others)
    if message is None and missed is not None:
        raise StoreUnavailable(missed.text, "A turn that goes on needs what was said in it: build again.")
    view = _view(last, None if branch else views, log).within(strategy.name, available).counted_by(counter)
    opening = _followed(view, log, now, session, known) if message is None else _begun(message, view, log, now)
    turn = opening.turn
    return Request(
        query=turn.query.text,
        turn=turn,
        before=opening.before,
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
        variables=asked.variables,
        deadline=deadline,
        notices=[notice for notice in (missed, opening.notice) if notice is not None],
        beside=asked.beside,
        apart=others,
    )


def _sought(message: Message | None, strategy: ContextStrategy, filled: frozenset[str]) -> frozenset[int] | None:
    """What of the session's index will be read, by its drawers; None where no source will look for older turns."""
    if "recall" not in filled or strategy.section("recall") is None:
        return None
    return drawers_of(message.text) if message and says_something(message.text) else frozenset()


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
    """The end of a session's messages, read only as far as it did not come with the session's facts.

    What others said is left out, and what was appended since the facts were read: these tell whose it is.
    """

    def __init__(
        self, store: SessionStore | None, session: Session | None, deadline: Deadline, others: Apart = NOTHING
    ) -> None:
        self._store = store
        self._session = session
        self._deadline = deadline
        self.others = others
        self.last_seq = session.last_seq if session else 0

    def since(self, after: int) -> Sequence[Message]:
        others = self.others.numbers
        said = self._all_since(after)
        return [message for message in said if message.seq not in others] if others else said

    def _all_since(self, after: int) -> Sequence[Message]:
        if self._store is None or self._session is None:
            return ()
        known = self._session.since(after)
        if known is not None:
            return known
        ids, before = (self._session.actor_id, self._session.session_id), self.last_seq + 1
        read = partial(self._store.messages, *ids, after=after, before=before)
        return patiently(read, self._deadline.for_opening)

    def last(self, count: int) -> Sequence[Message]:
        after = self.last_seq
        while after > 0 and count:
            count -= after not in self.others.numbers
            after -= 1
        return self.since(after)


@dataclass(frozen=True, slots=True)
class _Opening:
    """The turn of a build, what its question follows on, and word of what is unusual about it."""

    turn: Turn
    before: str = ""
    notice: Notice | None = None


def _view(last: View, views: Views | None, log: _Log) -> View:
    """The view to go on from: that of the last prompt, in the turn of the session, but for who speaks beside others."""
    view = _taking_up(last if views is None else _in_turn(last, views, log), log.others)
    asked = None if view.turn is None else view.turn.after + 1
    return replace(view, turn=None) if asked in log.others.numbers else view


def _taking_up(view: View, others: Apart) -> View:
    """The view with its history from where the conversation has taken up what it had left to others."""
    taken = [number for first, last in view.left for number in range(first, last + 1) if number in others.own]
    if not taken or view.history_from is None:
        return view
    return replace(view, history_from=min(view.history_from, *taken))


def _in_turn(view: View, views: Views, log: _Log) -> View:
    """The view of a series with the session's turn: that of another one which began since, after an answer.

    What another builder is asked in the midst of a turn is a matter of its own, and so is what others are asked.
    """
    last = views.newest.turn
    if view.turn is None or last is None or last.after <= view.turn.after or last.after + 1 in log.others.numbers:
        return view
    try:
        said = log.since(last.after - 1)
    except StoreUnavailable:  # whoever needs more of the log will say so
        return view
    return replace(view, turn=last) if said and _answers(said[0]) else view


def _begun(query: Message, view: View, log: _Log, now: datetime) -> _Opening:
    """A new turn. A question that was appended to the session before the build is not asked twice.

    Nor is one that is sent again, by its id, while its turn has no answer: that turn goes on.
    """
    try:
        said = log.last(2)
    except StoreUnavailable as error:
        problem = f"Whether the question stands in the session already is not known: {error}"
        return _Opening(Turn(query=query, after=log.last_seq), notice=Notice("session not read", problem))
    asked = bool(said) and asks(said[-1], query)
    if view.turn is not None and not asked and _goes_on(view.turn, query, said):
        return _Opening(view.turn)
    at = (said[-1] if asked else query).created_at or now
    after = (said[-1].seq or log.last_seq) - 1 if asked else log.last_seq
    return _opened(query, after, view.turn, said[:-1] if asked else said, at)


def _goes_on(turn: Turn, query: Message, said: Sequence[Message]) -> bool:
    """Whether the query is the turn's own question, and what was said last is no answer to it."""
    again = query.id is not None and query.id == turn.query.id and asks(turn.query, query)
    return again and bool(said) and not _answers(said[-1])


def _followed(view: View, log: _Log, now: datetime, session: Session | None, known: KnownSessions) -> _Opening:
    """The turn the session is in, as far as it is not known already to go on."""
    alone = not log.others.numbers
    followed = known.followed(session, view.turn.after) if view.turn is not None and alone else 0
    opening = _continued(view, log, now, followed)
    if opening.turn is view.turn and alone:
        known.follow(session, opening.turn.after)
    return opening


def _continued(view: View, log: _Log, now: datetime, followed: int) -> _Opening:
    """The turn the session is in: the one of its view, unless the user has asked anew since.

    That turn is known to go on up to the message number `followed`: of hundreds of calls only the last are read.
    """
    since = log.since(max(view.turn.after, followed - 1)) if view.turn is not None else _looked_through(log)
    place = _question(since)
    if view.turn is not None and place is None:
        return _Opening(view.turn)
    if place is None and not (since and since[0].role == "user"):
        raise EmptyQuery(
            "There is no turn to continue: this session has no question yet.", "Pass a query: build(query, …)."
        )
    question = since[place or 0]
    return _opened(question, (question.seq or 1) - 1, view.turn, since[: place or 0], question.created_at or now)


def _looked_through(log: _Log) -> Sequence[Message]:
    """The end of the session, back to the question that it answers, however far back that was asked."""
    count = LOOKED_BACK
    while count < log.last_seq:
        last = log.last(count)
        if _question(last) is not None:
            return last
        count *= 4
    return log.last(count)


def _opened(query: Message, after: int, last: Turn | None, said: Sequence[Message], at: datetime) -> _Opening:
    """A turn that begins with this question, asked at that time, after the last turn and what was said until then."""
    before = _before(last, said)
    sought = topic(query.text, before)
    turn = Turn(query=query, after=after, pause=Pause.between(said[-1].created_at if said else None, at))
    if sought == query.text:
        return _Opening(turn, before)
    notice = Notice("follow-up", _FOLLOWS.format(shortened(" ".join(sought.split())))) if sought else _NOTHING_SOUGHT
    return _Opening(replace(turn, topic=sought), before, notice)


def _before(last: Turn | None, said: Sequence[Message]) -> str:
    """The question that was answered last, and its answer."""
    if not said or not _answers(said[-1]):
        return ""
    if last is not None:
        return exchange(last.sought, said[-1].text)
    return exchange(said[-2].text if len(said) > 1 and said[-2].role == "user" else "", said[-1].text)


_FOLLOWS: Final = "The question says nothing by itself, so it was looked up by what it follows on: {}."
_NOTHING_SOUGHT: Final = Notice(
    "nothing looked up", "The question asks for nothing, so no documents, memories and older turns were looked up."
)


def _question(messages: Sequence[Message]) -> int | None:
    """The place of the last user's message that follows a whole answer; the first message follows none."""
    for place in range(len(messages) - 1, 0, -1):
        if messages[place].role == "user" and _answers(messages[place - 1]):
            return place
    return None


def _answers(message: Message) -> bool:
    """Whether a turn may end with this message: an assistant's, with nothing left to call."""
    return message.role == "assistant" and not message.tool_calls
