"""Scores shared between neighbours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.neighbourhood import AFTER, BEFORE, REACH, Rooms, lexical_scores, spread

marks = st.lists(st.booleans(), min_size=1, max_size=30).map(lambda rest: np.array([True, *rest]))


def session_of(starts):
    return np.cumsum(starts)


@given(marks)
def test_rooms_count_the_neighbours_of_the_same_session(starts):
    rooms, session = Rooms.of(starts), session_of(starts)
    for place in range(len(starts)):
        assert rooms.after[place] == min(REACH, sum(session[place + 1 :] == session[place]))
        assert rooms.before[place] == min(REACH, sum(session[:place] == session[place]))


@given(marks, st.data())
def test_every_message_has_its_own_and_its_part_of_its_neighbours(starts, data):
    places = data.draw(st.lists(st.integers(0, len(starts) - 1), unique=True).map(sorted))
    values = np.arange(1, len(places) + 1, dtype=np.float32)
    found = spread(np.array(places, np.intp), values, Rooms.of(starts))
    session = session_of(starts)
    for place in range(len(starts)):
        expected = 0.0
        for hit, value in zip(places, values, strict=True):
            distance = place - hit
            if session[hit] != session[place] or abs(distance) > REACH:
                continue
            expected += value * (1 if not distance else AFTER[distance - 1] if distance > 0 else BEFORE[-distance - 1])
        assert abs(found[place] - expected) < 1e-4


def test_neighbours_that_say_different_words_of_the_query_are_worth_more_than_an_echo():
    index = LexicalIndex()
    for text in (["sun"], ["sea"], [], [], [], [], [], [], ["sun"], ["sun"], ["sea"]):
        index.add(text)
    starts = np.zeros(11, bool)
    starts[[0, 8, 10]] = True
    scores = lexical_scores(index, {"sun": 1.0, "sea": 1.0}, Rooms.of(starts))
    assert scores[0] > scores[8] > 0
    assert scores[2] > 0
    assert scores[7] == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.data())
def test_neighbours_are_those_of_the_same_exchange(drawn, data):
    exchanges = np.array([drawn.index(number) for number in drawn])
    hits = data.draw(st.lists(st.integers(0, len(drawn) - 1), unique=True).map(sorted))
    rooms, values = Rooms.of_exchanges(exchanges), np.arange(1, len(hits) + 1, dtype=np.float32)
    found = rooms.by_message(spread(rooms.places_of(np.array(hits, np.uint32)), values, rooms))
    for number in set(exchanges.tolist()):
        inside = np.flatnonzero(exchanges == number)
        alone = Rooms.of(np.arange(len(inside)) == 0)
        own = [
            (place, value) for hit, value in zip(hits, values, strict=True) for place in np.flatnonzero(inside == hit)
        ]
        expected = spread(
            np.array([place for place, _ in own], np.intp), np.array([v for _, v in own], np.float32), alone
        )
        np.testing.assert_allclose(found[inside], expected, rtol=1e-6)


def test_no_messages_and_no_words():
    index = LexicalIndex()
    assert lexical_scores(index, {"sun": 1.0}, Rooms.of(np.zeros(0, bool))).tolist() == []
    index.add(["sun"])
    assert lexical_scores(index, {}, Rooms.of(np.ones(1, bool))).tolist() == [0]
