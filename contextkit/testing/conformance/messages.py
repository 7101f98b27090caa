"""What a `SessionStore` must do with messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from contextkit.errors import InvalidId, InvalidMessage
from contextkit.stores import SessionStore
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import THREADS, TTL, Conformance, at_once
from contextkit.testing.conformance.values import (
    BAD_IDS,
    IMITATIONS,
    LAWS,
    ODD_IDS,
    ODD_TEXTS,
    TEXTS,
    fresh,
    named,
    near,
)
from contextkit.types import Message, ToolCall

MESSAGES: Final = st.builds(
    Message,
    role=st.sampled_from(["user", "assistant", "system"]),
    content=TEXTS,
    name=st.none() | st.text("abc", min_size=1, max_size=5),
    created_at=st.none() | st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    metadata=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.booleans() | st.none(), max_size=3),
)

RICH: Final = (
    Message(role="system", content="Be brief."),
    Message(
        role="user", content=({"type": "text", "text": "See:"}, {"type": "image_url", "image_url": {"url": "data:,"}})
    ),
    Message(
        role="assistant", content="", tool_calls=(ToolCall("c1", "look", '{"a" : 1.0}'), ToolCall("c2", "look", "{"))
    ),
    Message(
        role="tool", content="found", tool_call_id="c1", name="look", metadata={"status": "error", "深": [1, None]}
    ),
    Message(role="tool", content="none", tool_call_id="c2", created_at=datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC)),
)


class MessageConformance(Conformance):
    """Appending messages and reading them back."""

    def test_what_was_never_written_is_empty(self, store: SessionStore, actor: str) -> None:
        assert store.messages(actor, "s") == []
        assert store.pick(actor, "s", [1, 2]) == []
        assert store.session(actor, "s") is None

    def test_append_returns_the_messages_as_stored(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        stored = store.append(actor, "s", [user("one"), user("two")])
        assert [message.content for message in stored] == ["one", "two"]
        assert [message.seq for message in stored] == [1, 2]
        assert len({message.id for message in stored}) == 2
        for message in stored:
            assert message.id
            assert message.created_at == clock()
            assert isinstance(message.tokens, int)
            assert message.tokens > 0
            assert message.counter
        assert store.messages(actor, "s") == stored

    def test_sequence_numbers_go_on_without_gaps(self, store: SessionStore, actor: str) -> None:
        for count in (1, 3, 2):
            store.append(actor, "s", [user(str(number)) for number in range(count)])
        assert seqs(store.messages(actor, "s")) == [1, 2, 3, 4, 5, 6]

    def test_every_shape_of_message_is_taken(self, store: SessionStore, actor: str) -> None:
        given = [
            Message(role="user", content="one", id="1"),
            {"role": "user", "content": "two", "id": "2"},
            HumanMessage("three", id="3"),
            AIMessage("", tool_calls=[{"id": "c", "name": "look", "args": {"at": "it"}}], id="4"),
            ToolMessage("four", tool_call_id="c", id="5"),
        ]
        stored = store.append(actor, "s", given)
        assert [message.role for message in stored] == ["user", "user", "user", "assistant", "tool"]
        assert [message.id for message in stored] == ["1", "2", "3", "4", "5"]
        assert stored[3].tool_calls[0].name == "look"
        assert stored[4].tool_call_id == "c"

    def test_any_iterable_is_taken(self, store: SessionStore, actor: str) -> None:
        store.append(actor, "s", (user(str(number)) for number in range(3)))
        assert len(store.messages(actor, "s")) == 3

    def test_nothing_appended_is_nothing_written(self, store: SessionStore, actor: str) -> None:
        assert store.append(actor, "s", []) == []
        assert store.session(actor, "s") is None

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_message_comes_back_equal(self, store: SessionStore, actor: str, text: str) -> None:
        store.append(actor, "s", [Message(role="user", content=text), Message(role="user", content=(block(text),))])
        plain, blocks = store.messages(actor, "s")
        assert plain.content == text
        assert blocks.content == (block(text),)

    def test_every_field_comes_back_equal(self, store: SessionStore, actor: str) -> None:
        stored = store.append(actor, "s", RICH)
        assert [bare(message) for message in stored] == [bare(message) for message in RICH]
        assert stored[-1].created_at == RICH[-1].created_at
        assert store.messages(actor, "s") == stored

    @LAWS
    @given(messages=st.lists(MESSAGES, min_size=1, max_size=6))
    def test_any_message_comes_back_equal(self, store: SessionStore, actor: str, messages: list[Message]) -> None:
        session = fresh()
        stored = store.append(actor, session, messages)
        assert [bare(message) for message in stored] == [bare(message) for message in messages]
        assert store.messages(actor, session) == stored

    def test_a_repeated_append_changes_nothing(self, store: SessionStore, actor: str) -> None:
        given = [user("one", "1"), user("two", "2")]
        first = store.append(actor, "s", given)
        assert store.append(actor, "s", given) == first
        assert store.messages(actor, "s") == first

    def test_the_stored_message_stands_in_for_a_repeated_one(self, store: SessionStore, actor: str) -> None:
        (first,) = store.append(actor, "s", [user("as it was", "1")])
        stored = store.append(actor, "s", [user("new", "2"), user("changed", "1"), user("newer", "3")])
        assert [message.content for message in stored] == ["new", "as it was", "newer"]
        assert stored[1] == first
        assert [message.content for message in store.messages(actor, "s")] == ["as it was", "new", "newer"]

    def test_a_message_that_stands_twice_in_one_call_is_written_once(self, store: SessionStore, actor: str) -> None:
        stored = store.append(actor, "s", [user("one", "1"), user("one", "1"), user("three", "3")])
        assert [message.content for message in stored] == ["one", "one", "three"]
        assert stored[0] == stored[1]
        assert seqs(store.messages(actor, "s")) == [1, 2]

    def test_two_messages_of_one_id_in_one_call_are_refused(self, store: SessionStore, actor: str) -> None:
        store.append(actor, "s", [user("zero", "0")])
        with pytest.raises(InvalidMessage, match="'1'"):
            store.append(actor, "s", [user("one", "1"), user("two", "1"), user("three", "3")])
        assert seqs(store.messages(actor, "s")) == [1]

    def test_message_ids_belong_to_their_session(self, store: SessionStore, actor: str) -> None:
        store.append(actor, "s", [user("here", "1")])
        store.append(actor, "t", [user("there", "1")])
        assert [message.content for message in store.messages(actor, "t")] == ["there"]

    @pytest.mark.parametrize("bad", [{"role": "nobody", "content": "x"}, {"role": "user"}, 7, None])
    def test_a_call_with_a_bad_message_writes_nothing(self, store: SessionStore, actor: str, bad: object) -> None:
        with pytest.raises(InvalidMessage):
            store.append(actor, "s", [user("good"), bad])
        assert store.session(actor, "s") is None

    @pytest.mark.parametrize("bad", [value for value in BAD_IDS if value is not None], ids=named)
    def test_a_bad_message_id_is_refused(self, store: SessionStore, actor: str, bad: Any) -> None:
        with pytest.raises((InvalidId, InvalidMessage)):
            store.append(actor, "s", [{"role": "user", "content": "x", "id": bad}])
        assert store.session(actor, "s") is None

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_id_of_a_session_is_itself(self, store: SessionStore, actor: str, odd: str) -> None:
        store.append(near(actor, odd), odd, [user("hello", odd)])
        (message,) = store.append(near(actor, odd), odd, [user("again", odd)])
        assert (message.id, message.content) == (odd, "hello")
        assert [session.session_id for session in store.sessions(near(actor, odd))] == [odd]

    @pytest.mark.parametrize(("one", "other"), IMITATIONS)
    def test_no_id_imitates_another_session(
        self, store: SessionStore, actor: str, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        store.append(actor + one[0], one[1], [user("mine")])
        assert store.session(actor + other[0], other[1]) is None
        assert store.messages(actor + other[0], other[1]) == []
        store.append(actor + other[0], other[1], [user("theirs")])
        store.delete_session(actor + other[0], other[1])
        assert [message.content for message in store.messages(actor + one[0], one[1])] == ["mine"]

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_of_sessions_are_refused(self, store: SessionStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.append(bad, "s", [user("x")])
        with pytest.raises(InvalidId):
            store.append(actor, bad, [user("x")])
        with pytest.raises(InvalidId):
            store.messages(actor, bad)
        with pytest.raises(InvalidId):
            store.session(bad, "s")

    @LAWS
    @given(
        after=st.integers(-2, 12),
        before=st.none() | st.integers(-2, 12),
        last=st.none() | st.integers(0, 12),
    )
    def test_ranges(self, store: SessionStore, actor: str, after: int, before: int | None, last: int | None) -> None:
        everything = store.append(actor, "s", [user(str(number), str(number)) for number in range(10)])
        expected = [m for m in everything if after < (m.seq or 0) < (11 if before is None else before)]
        expected = expected if last is None else expected[len(expected) - min(last, len(expected)) :]
        assert store.messages(actor, "s", after=after, before=before, last=last) == expected

    def test_ranges_beyond_any_message(self, store: SessionStore, actor: str) -> None:
        stored = store.append(actor, "s", [user("x")])
        assert store.messages(actor, "s", after=2**70) == []
        assert store.messages(actor, "s", after=-(2**70), before=2**70, last=2**70) == stored

    @LAWS
    @given(wanted=st.lists(st.integers(-1, 12), max_size=12))
    def test_pick(self, store: SessionStore, actor: str, wanted: list[int]) -> None:
        everything = store.append(actor, "s", [user(str(number), str(number)) for number in range(10)])
        assert store.pick(actor, "s", wanted) == [m for m in everything if m.seq in wanted]

    def test_threads_lose_nothing_and_keep_their_order(self, store: SessionStore, actor: str) -> None:
        def write(thread: int) -> list[Message]:
            return [store.append(actor, "s", [user(f"{thread}/{number}")])[0] for number in range(12)]

        written = at_once(write)
        stored = store.messages(actor, "s")
        assert seqs(stored) == list(range(1, 12 * THREADS + 1))
        for thread, own in enumerate(written):
            assert [message for message in stored if str(message.content).startswith(f"{thread}/")] == own

    def test_threads_that_append_the_same_messages_write_them_once(self, store: SessionStore, actor: str) -> None:
        given = [user(str(number), str(number)) for number in range(5)]
        results = at_once(lambda _: store.append(actor, "s", given))
        assert all(result == results[0] for result in results)
        assert store.messages(actor, "s") == results[0]

    def test_messages_end_with_their_session(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.append(actor, "s", [user("x", "1")])
        clock.advance(TTL)
        assert store.messages(actor, "s") == []
        assert store.messages(actor, "s", last=1) == []
        assert store.pick(actor, "s", [1]) == []

    def test_an_append_lengthens_the_life_of_all_messages(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        self.needs_expiry()
        for text in ("one", "two", "three"):
            store.append(actor, "s", [user(text)])
            clock.advance(TTL * 0.75)
        assert [message.content for message in store.messages(actor, "s")] == ["one", "two", "three"]

    def test_an_expired_session_starts_anew(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.append(actor, "s", [user("old", "1"), user("older", "2")])
        clock.advance(TTL + timedelta(seconds=1))
        (message,) = store.append(actor, "s", [user("new", "1")])
        assert (message.seq, message.content) == (1, "new")
        assert store.messages(actor, "s") == [message]

    def test_vectors_belong_to_their_messages(self, store: SessionStore, actor: str) -> None:
        self.needs_vectors()
        store.append(actor, "s", [user("a car"), user("a hound"), user("an automobile")])
        numbers, vectors = store.vectors(actor, "s")
        assert list(numbers) == [1, 2, 3]
        assert str(vectors.dtype) == "float32"
        assert (vectors**2).sum(axis=1) == pytest.approx([1, 1, 1], rel=1e-5)
        assert vectors[0] == pytest.approx(vectors[2])
        assert float(vectors[0] @ vectors[1]) < 0.1

    def test_vectors_after_a_message(self, store: SessionStore, actor: str) -> None:
        self.needs_vectors()
        store.append(actor, "s", [user("a car"), user("a dog")])
        numbers, vectors = store.vectors(actor, "s", after=1)
        assert (list(numbers), len(vectors)) == ([2], 1)
        numbers, vectors = store.vectors(actor, "s", after=2)
        assert (list(numbers), len(vectors)) == ([], 0)
        assert len(store.vectors(actor, "another")[1]) == 0

    def test_vectors_end_with_their_session(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_vectors()
        self.needs_expiry()
        store.append(actor, "s", [user("a car")])
        clock.advance(TTL)
        assert list(store.vectors(actor, "s")[0]) == []


def user(text: str, name: str | None = None) -> Message:
    """A user's message, with an id if one is given."""
    return Message(role="user", content=text, id=name)


def block(text: str) -> dict[str, str]:
    """A text block."""
    return {"type": "text", "text": text}


def seqs(messages: Sequence[Message]) -> list[int | None]:
    """The messages' sequence numbers."""
    return [message.seq for message in messages]


def bare(message: Message) -> Message:
    """The message without what a store adds to it."""
    return replace(message, id=None, created_at=None, seq=None, tokens=None, counter=None)
