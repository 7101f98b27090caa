"""Transcripts of recalled messages, and the choice of their lines."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.tokens import get_counter
from contextkit.transcript import heading, line, render, select, speaker
from contextkit.types import Message

MAY_8 = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def said(text, name="Ann", at=MAY_8):
    return Message(role="user", content=text, name=name, created_at=at)


def test_a_date_stands_once_per_run_and_a_speaker_before_each_message():
    messages = [said("Hello"), said("Hi!", "Ben"), said("Again", at=MAY_8 + timedelta(days=30))]
    assert render(messages) == "8 May 2023\nAnn: Hello\nBen: Hi!\n7 June 2023\nAnn: Again\n"


def test_messages_without_a_date_have_no_heading():
    assert render([said("Hello", at=None)]) == "Ann: Hello\n"


def test_days_are_reckoned_in_utc():
    late = datetime(2023, 5, 8, 23, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert heading(said("Hello", at=late)) == "9 May 2023"


def test_text_stands_verbatim_also_over_several_lines():
    assert line(said("one\n\n  two /")) == "Ann: one\n\n  two /\n"


@pytest.mark.parametrize("name", [None, "", " \n", "/", " / "])
def test_without_a_usable_name_the_role_speaks(name):
    assert speaker(said("Hello", name)) == "user"


def test_a_name_is_one_line_and_begins_safely():
    assert speaker(said("Hello", "/ Ann\nLee ")) == "Ann Lee"


talk = st.lists(
    st.builds(
        said,
        st.text(st.characters(codec="utf-8"), max_size=30),
        st.none() | st.text(st.characters(codec="utf-8"), max_size=8),
        st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    ),
    max_size=6,
)


@given(talk)
@settings(deadline=None)  # the first example loads the vocabulary
def test_tokens_of_lines_add_up_to_the_transcript(messages):
    counter = get_counter("o200k_base")
    days = [heading(message) for message in messages]
    changed = [day for place, day in enumerate(days) if day and (not place or days[place - 1] != day)]
    added = sum(counter.text(line(message)) for message in messages)
    assert added + sum(counter.text(f"{day}\n") for day in changed) == counter.text(render(messages))


lines = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 12), st.integers(0, 3)), max_size=8)


def spent(chosen, costs, runs, headings):
    return sum(costs[place] for place in chosen) + sum(headings[run] for run in {runs[place] for place in chosen})


@given(lines, st.integers(0, 40))
def test_a_choice_keeps_the_budget_and_leaves_nothing_that_fits(candidates, budget):
    scores, costs, runs = ([one[part] for one in candidates] for part in range(3))
    headings = [3, 0, 5, 1]
    chosen = select(scores, costs, budget, runs=runs, headings=headings).tolist()
    assert chosen == sorted(set(chosen))
    assert spent(chosen, costs, runs, headings) <= budget
    for place, score in enumerate(scores):
        if place in chosen:
            assert score > 0
        elif score > 0:
            assert spent([*chosen, place], costs, runs, headings) > budget


@given(lines, st.integers(0, 40))
def test_whatever_is_left_out_is_weaker_or_did_not_fit_beside_the_better_ones(candidates, budget):
    scores, costs, _ = ([one[part] for one in candidates] for part in range(3))
    chosen = set(select(scores, costs, budget).tolist())
    for one, other in combinations(range(len(scores)), 2):
        better, worse = (other, one) if scores[other] >= scores[one] else (one, other)
        if worse in chosen and better not in chosen:
            assert costs[better] > costs[worse]


def test_the_best_come_first_and_leftovers_are_filled():
    assert select([3, 2, 1], [10, 10, 5], 16).tolist() == [0, 2]


def test_of_equals_the_later_is_taken():
    assert select([1, 1, 1], [5, 5, 5], 10).tolist() == [1, 2]


def test_a_heading_is_paid_once():
    assert select([3, 2, 1], [5, 5, 5], 18, runs=[0, 1, 0], headings=[6, 6]).tolist() == [0, 2]


def test_of_very_many_lines_the_best_are_taken():
    scores = np.arange(20_000) % 7_919
    chosen = select(scores, np.full(20_000, 10), 50)
    assert sorted(scores[chosen].tolist()) == sorted(scores.tolist())[-5:]


def test_nothing_to_choose_from():
    assert select([], [], 100).tolist() == []
    assert select([1], [5], -1).tolist() == []
