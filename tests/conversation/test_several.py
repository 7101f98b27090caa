"""Conversations: several sessions found in as in one talk, however they came to be known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.conversation.several import Conversations, side_by_side
from contextkit.rank.conversation import ConversationIndex
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message
from tests.long_talk import COUNTER, counting
from tests.world import NOW, WORDS

QUERY = "Which train goes to Ghent?"

said = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
appends = st.lists(st.tuples(st.sampled_from("abc"), st.lists(said, min_size=1, max_size=3)), max_size=6)


def append(store: SQLiteStore, session_id: str, *texts: str) -> None:
    store.append("u1", session_id, [Message(role="user", content=text) for text in texts])


def read(talk: Conversations, store: SQLiteStore, until: float = inf) -> Sequence[object]:
    return talk.read(store, store.sessions("u1"), QUERY, until)


def everything(talk: Conversations, store: SQLiteStore) -> list[tuple[int, str, str]]:
    return [(row, name, message.text) for row, name, message in talk.pick(store, range(len(talk.tokens)))]


@given(appends)
def test_scores_are_those_of_one_talk_however_it_came_to_be_known(steps: list[tuple[str, list[str]]]) -> None:
    growing = Conversations("u1", COUNTER)
    with SQLiteStore(":memory:", clock=lambda: NOW) as store:
        for session_id, texts in steps:
            append(store, session_id, *texts)
            read(growing, store)
        at_once, one = Conversations("u1", COUNTER), ConversationIndex()
        read(at_once, store)
        names = sorted({session_id for session_id, _ in steps})
        for name in names:
            one.add(store.messages("u1", name), COUNTER)
        expected = one.scores(QUERY, now=NOW)
        for talk in (growing, at_once):
            assert np.allclose(talk.scores(QUERY, NOW), expected)
            assert [text for _, _, text in everything(talk, store)] == [
                message.text for name in names for message in store.messages("u1", name)
            ]


def test_what_was_read_is_not_read_again() -> None:
    with counting() as store:
        append(store, "a", "The train to Ghent leaves at nine.")
        append(store, "b", "A blue bicycle.")
        talk = Conversations("u1", COUNTER)
        read(talk, store)
        append(store, "a", "Or at ten.")
        store.read.clear()
        assert read(talk, store) == []
        assert store.read == [2]


def test_a_session_that_is_gone_is_gone_and_another_of_its_name_is_another(store: SQLiteStore) -> None:
    append(store, "a", "The train to Ghent leaves at nine.")
    append(store, "b", "A blue bicycle.")
    talk = Conversations("u1", COUNTER)
    read(talk, store)
    store.delete_session("u1", "a")
    read(talk, store)
    assert [(name, text) for _, name, text in everything(talk, store)] == [("b", "A blue bicycle.")]
    assert talk.row("a", 1) is None


def test_what_there_is_no_time_for_is_told_and_read_the_next_time(store: SQLiteStore) -> None:
    append(store, "a", "The train to Ghent leaves at nine.")
    append(store, "b", "A blue bicycle.")
    talk = Conversations("u1", COUNTER)
    (notice,) = talk.read(store, store.sessions("u1"), QUERY, perf_counter() - 1)
    assert (notice.kind, "2 of them" in notice.text) == ("other sessions incomplete", True)
    assert everything(talk, store) == []
    assert read(talk, store) == []
    assert len(everything(talk, store)) == 2


def test_of_a_long_message_the_row_given_first_counts(store: SQLiteStore) -> None:
    append(store, "a", "Nothing of note. " * 300 + "The train to Ghent leaves at nine.")
    talk = Conversations("u1", get_counter("o200k_base"))
    read(talk, store)
    rows = [*range(len(talk.tokens))]
    assert len(rows) > 2
    assert [row for row, _, _ in talk.pick(store, rows[::-1])] == [rows[-1]]
    assert talk.row("a", 1) == 0


@pytest.mark.parametrize("quick", [0, inf], ids=["in threads", "one after another"])
def test_what_is_done_side_by_side_comes_in_order_and_fails_when_all_is_done(
    quick: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contextkit.conversation.several.QUICK", quick)
    done: list[int] = []

    def work(number: int) -> int:
        if number == 3:
            raise ZeroDivisionError
        done.append(number)
        return number

    assert side_by_side([partial(work, number) for number in range(3)]) == [0, 1, 2]
    assert side_by_side([]) == []
    done.clear()
    with pytest.raises(ZeroDivisionError):
        side_by_side([partial(work, number) for number in (0, 3, 5)])
    assert sorted(done) == ([0, 5] if quick == 0 else [0])


def test_of_no_session_nothing_is_found(store: SQLiteStore) -> None:
    talk = Conversations("u1", COUNTER)
    assert read(talk, store) == []
    assert talk.scores(QUERY, NOW).tolist() == []
    assert talk.similarity(store, [1.0, 0.0]).tolist() == []
    with pytest.raises(IndexError):
        talk.pick(store, [0])
