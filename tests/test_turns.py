"""Turns: which question a build answers, and which messages belong to it."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from contextkit.budget import Budget
from contextkit.deadline import Deadline
from contextkit.errors import EmptyQuery, InvalidId, InvalidInput
from contextkit.known import KnownSessions
from contextkit.rank.divided import drawers_of
from contextkit.stores import Session
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy
from contextkit.tokens import get_counter
from contextkit.turns import LOOKED_BACK, Asked, as_query, open_request
from contextkit.types import Message, Request, ToolCall
from contextkit.view import Stable, Turn, View
from contextkit.views import Views
from tests.world import NOW


def opened(
    store: object,
    query: object = None,
    actor_id: str = "u1",
    session_id: str = "s1",
    known: KnownSessions | None = None,
    seconds: float = 10.0,
    filled: frozenset[str] = frozenset(),
    series: str = "agent",
) -> Request:
    return open_request(
        Asked(query, actor_id, session_id),
        budget=Budget(8_000),
        counter=get_counter(),
        strategy=ContextStrategy.load("agent"),
        store=store,
        filled=filled,
        series=series,
        now=NOW,
        known=KnownSessions() if known is None else known,
        deadline=Deadline(seconds),
    )


def say(store: SQLiteStore, *texts: str) -> None:
    """`?` opens a user's message, `!` a call with its result, anything else an answer."""
    for text in texts:
        if text.startswith("!"):
            store.append("u1", "s1", [Message(role="assistant", tool_calls=(ToolCall(text, "t", "{}"),))])
            store.append("u1", "s1", [Message(role="tool", content=text, tool_call_id=text)])
        else:
            store.append("u1", "s1", [Message(role="user" if text.startswith("?") else "assistant", content=text)])


def keep(store: SQLiteStore, request: Request, series: str = "agent") -> None:
    """What a build leaves behind."""
    view = View(strategy="agent", stable=Stable(available=8_000), turn=request.turn)
    kept = Views.from_json(request.session.view if request.session else None)
    store.save_view("u1", "s1", kept.keeping(series, view).to_json())


def test_a_query_begins_a_turn_after_everything_there_is(store: SQLiteStore) -> None:
    say(store, "?one", "answer")
    request = opened(store, "?two")
    assert (request.turn.after, request.query, request.continuing) == (2, "?two", False)


def test_a_question_that_is_there_already_is_not_asked_twice(store: SQLiteStore) -> None:
    say(store, "?one", "answer", "?two")
    assert opened(store, "?two").turn.after == 2
    assert opened(store, "?three").turn.after == 3


def test_the_same_words_under_another_picture_are_another_question(store: SQLiteStore) -> None:
    asked, other = ({"type": "image", "url": f"https://x.test/{name}.png"} for name in "ab")
    store.append("u1", "s1", [{"role": "user", "content": ["?", asked]}])
    assert opened(store, {"role": "user", "content": ["?", asked]}).turn.after == 0
    assert opened(store, "?").turn.after == 0, "who asks with the words alone means what was sent with them"
    assert opened(store, {"role": "user", "content": ["?", other]}).turn.after == 1
    store.append("u1", "s1", [{"role": "user", "content": [asked]}])
    assert opened(store, {"role": "user", "content": [other]}).turn.after == 2


def test_without_a_store_there_is_only_the_query() -> None:
    request = opened(None, "?one")
    assert (request.turn.after, request.session) == (0, None)
    with pytest.raises(EmptyQuery):
        opened(None)


def test_a_turn_goes_on_without_a_query(store: SQLiteStore) -> None:
    keep(store, opened(store, "?one"))
    for texts in (["?one"], ["!1"], ["!2", "!3"]):
        say(store, *texts)
        request = opened(store)
        assert (request.turn.after, request.query, request.continuing) == (0, "?one", True)


def test_a_turn_goes_on_where_the_question_was_never_appended(store: SQLiteStore) -> None:
    say(store, "?zero", "answer")
    keep(store, opened(store, "?one"))
    say(store, "!1")
    assert (opened(store).turn.after, opened(store).query, opened(store).continuing) == (2, "?one", True)


def test_a_new_question_ends_the_turn(store: SQLiteStore) -> None:
    keep(store, opened(store, "?one"))
    say(store, "?one", "!1", "answer", "?two", "!2")
    request = opened(store)
    assert (request.turn.after, request.query, request.continuing) == (4, "?two", False)


def test_what_a_user_says_in_between_does_not_end_it(store: SQLiteStore) -> None:
    keep(store, opened(store, "?one"))
    say(store, "?one", "!1", "?hurry", "!2")
    request = opened(store)
    assert (request.query, request.continuing) == ("?one", True)


class Counting(SQLiteStore):
    """A store that counts the messages it gives."""

    given = 0

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        found = super().messages(actor_id, session_id, after=after, before=before, last=last)
        self.given += len(found)
        return found


def test_of_a_long_turn_only_what_is_new_is_looked_through() -> None:
    known = KnownSessions()
    with Counting(":memory:") as store:
        keep(store, opened(store, "?one", known=known))
        say(store, "?one", *(f"!{number}" for number in range(100)))
        opened(store, known=known)
        store.given = 0
        for number in range(100, 110):
            say(store, f"!{number}")
            assert opened(store, known=known).continuing
        assert store.given == 30  # the last that was looked at, each call and its result
        say(store, "answer")
        assert opened(store, known=known).continuing
        say(store, "?two")
        request = opened(store, known=known)
        assert (request.turn.after, request.query, request.continuing) == (222, "?two", False)


def test_a_session_begun_anew_is_looked_through_from_its_turn_on(store: SQLiteStore) -> None:
    known = KnownSessions()
    keep(store, opened(store, "?one", known=known))
    say(store, "?one", "!1", "!2", "!3")
    assert opened(store, known=known).continuing
    store.delete_session("u1", "s1")
    keep(store, opened(store, "?one", known=known))
    say(store, "?one", "!1", "answer", "?two", "!2")
    assert opened(store, known=known).query == "?two"


def test_without_a_view_the_turn_is_found_in_the_messages(store: SQLiteStore) -> None:
    say(store, "?one", "answer", "?two", "!1", "!2")
    request = opened(store)
    assert (request.turn.after, request.query, request.continuing) == (2, "?two", False)


@pytest.mark.parametrize("since", [LOOKED_BACK - 1, LOOKED_BACK, 5 * LOOKED_BACK])
def test_the_question_of_a_long_turn_is_found_however_far_back(store: SQLiteStore, since: int) -> None:
    say(store, "?nought", "answer", "?one", *(f"!{number}" for number in range(since)))
    assert opened(store).query == "?one"


def test_what_a_user_says_where_the_looking_begins_is_not_taken_for_the_question(store: SQLiteStore) -> None:
    since = [f"!{number}" for number in range(2 * LOOKED_BACK)]
    say(store, "?one", *since[:LOOKED_BACK], "?hurry", *since[LOOKED_BACK + 1 :])
    assert opened(store).query == "?one"


def test_without_any_question_there_is_no_turn(store: SQLiteStore) -> None:
    say(store, *(f"!{number}" for number in range(3 * LOOKED_BACK)))
    with pytest.raises(EmptyQuery, match="Pass a query"):
        opened(store)


def test_a_query_is_a_message_with_all_that_it_came_with() -> None:
    query = as_query(
        {
            "role": "user",
            "content": [{"type": "text", "text": "What is this?"}, {"type": "image", "url": "x"}],
            "name": "Ann",
        }
    )
    assert (query.text, query.name, len(query.content)) == ("What is this?", "Ann", 2)


@pytest.mark.parametrize("query", ["", " ", {"role": "assistant", "content": "x"}, 3, {"role": "user", "content": ()}])
def test_what_is_no_question_is_refused(query: object) -> None:
    with pytest.raises(InvalidInput):
        as_query(query)


def test_ids_are_checked_before_anything_is_read() -> None:
    with pytest.raises(InvalidId):
        opened(None, "?one", actor_id="")
    with pytest.raises(InvalidId):
        opened(None, "?one", session_id="\ud800")


def test_the_turn_of_a_view_comes_back(store: SQLiteStore) -> None:
    question = Message(role="user", content="?one \ud800")
    turn = Turn(query=question, after=7, block="<recall>\n</recall>", block_tokens=9, counter=get_counter().name)
    view = View(strategy="agent", stable=Stable(available=8_000), turn=turn)
    store.save_view("u1", "s1", Views().keeping("agent", view).to_json())
    assert opened(store).turn == turn


def test_a_build_says_what_its_sources_will_read_of_the_session() -> None:
    asked: list[tuple[bool, Collection[int]]] = []

    class Opening(SQLiteStore):
        def open_session(
            self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
        ) -> Session | None:
            asked.append((derived, drawers))
            return self.session(actor_id, session_id)

    question = "Where is the parcel to Ghent?"
    with Opening(":memory:") as opening:
        for filled in ((), ("history",), ("recall", "turn"), ("history", "recall")):
            opened(opening, question, filled=frozenset(filled))
    assert asked == [(False, set()), (False, set()), (True, drawers_of(question)), (True, drawers_of(question))]
    assert len(drawers_of(question)) == 2


def test_a_question_follows_on_the_last_one_and_its_answer(store: SQLiteStore) -> None:
    say(store, "?lamps", "Forty days.")
    assert opened(store, "?desks").before == "?lamps\nForty days."
    keep(store, opened(store, "?desks"))
    say(store, "?desks", "!call", "Thirty days.")
    assert opened(store, "?chairs").before == "?desks\nThirty days."
    say(store, "?chairs")
    assert opened(store, "?chairs").before == opened(store).before == "?desks\nThirty days."


def test_a_first_question_and_one_after_no_answer_follow_on_nothing(store: SQLiteStore) -> None:
    assert opened(store, "?lamps").before == ""
    say(store, "?lamps", "!call")
    assert opened(store, "?desks").before == ""


def test_a_turn_that_goes_on_follows_on_nothing_but_keeps_its_topic(store: SQLiteStore) -> None:
    say(store, "?lamps", "Forty days.")
    request = opened(store, "Why?")
    assert (request.query, request.topic) == ("Why?", "?lamps\nForty days.")
    keep(store, request)
    say(store, "!call")  # after a question that is not in the session
    goes_on = opened(store)
    assert goes_on.continuing
    assert (goes_on.before, goes_on.topic) == ("", request.topic)


def test_follow_ups_of_a_follow_up_are_about_the_same(store: SQLiteStore) -> None:
    say(store, "?lamps", "Forty days.")
    keep(store, opened(store, "Why?"))
    store.append("u1", "s1", [Message(role="user", content="Why?"), Message(role="assistant", content="The law.")])
    assert opened(store, "go on").topic == "?lamps\nForty days.\nThe law."


@pytest.mark.parametrize(
    ("query", "kinds"), [("Why?", ["follow-up"]), ("Thanks!", ["nothing looked up"]), ("Which lamps?", [])]
)
def test_what_is_not_looked_up_by_its_own_words_is_told(store: SQLiteStore, query: str, kinds: list[str]) -> None:
    say(store, "?lamps", "Forty days.")
    assert [notice.kind for notice in opened(store, query).notices] == kinds
