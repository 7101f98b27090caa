"""Recall: relevance first, recency and importance between equals; what was before, when that is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.memory.consolidate import SUPERSEDES
from contextkit.memory.recall import (
    FEW,
    HALF_LIFE,
    IMPORTANCE,
    RECENCY,
    asks_about_past,
    in_place_of,
    needs_all,
    recalled,
    superseded,
    weighed,
)
from contextkit.memory.shelf import CONFIRMED, SUBJECT
from contextkit.stores import MemoryRecord, ScoredMemory

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def record(name: str, text: str = "", *, age: float = 0, ended: float | None = None, **more: object) -> MemoryRecord:
    """A record that holds since `age` days ago, and ended so many days ago."""
    return MemoryRecord(
        id=name,
        text=text or name,
        created_at=NOW - timedelta(days=age),
        valid_from=NOW - timedelta(days=age),
        valid_to=None if ended is None else NOW - timedelta(days=ended),
        **more,  # type: ignore[arg-type]
    )


def names(found: list[ScoredMemory]) -> list[str]:
    return [one.record.id for one in found]


def test_of_what_matches_alike_the_newer_and_the_more_important_comes_first() -> None:
    old, new = record("old", age=300), record("new", age=1)
    grave = record("grave", age=300, importance=1.0)
    assert names(weighed([ScoredMemory(one, 1.0) for one in (old, new, grave)], NOW)) == ["new", "grave", "old"]


def test_being_new_and_important_does_not_make_up_for_half_the_relevance() -> None:
    best = ScoredMemory(record("best", age=3_000, importance=0.0), 1.0)
    other = ScoredMemory(record("other", importance=1.0), 0.5)
    assert names(weighed([other, best], NOW)) == ["best", "other"]


def test_the_score_is_what_its_docstring_says() -> None:
    aged = ScoredMemory(record("aged", age=HALF_LIFE.days, importance=0.25), 0.8)
    assert weighed([aged], NOW)[0].score == pytest.approx(
        0.8 * (1 - RECENCY - IMPORTANCE + RECENCY * 0.5 + IMPORTANCE * 0.25)
    )


def test_what_was_said_again_is_as_new_as_that() -> None:
    again = record("again", age=300, metadata={CONFIRMED: NOW.isoformat()})
    assert names(weighed([ScoredMemory(one, 1.0) for one in (record("once", age=5), again)], NOW)) == ["again", "once"]


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 1), st.floats(-10, 4_000)), max_size=6))
def test_a_score_keeps_at_least_its_relevant_part_and_order_is_total(given: list[tuple[float, float, float]]) -> None:
    found = [
        ScoredMemory(record(f"r{n}", age=age, importance=importance), score)
        for n, (score, importance, age) in enumerate(given)
    ]
    ranked = weighed(found, NOW)
    assert ranked == weighed(found[::-1], NOW)
    before = {one.record.id: one.score for one in found}
    for one in ranked:
        assert (1 - RECENCY - IMPORTANCE) * before[one.record.id] <= one.score <= before[one.record.id] * (1 + 1e-9)


@pytest.mark.parametrize(
    "query",
    [
        "Where did I live before?",
        "What was my address?",
        "Who was my previous employer?",
        "Which phone did I use to have?",
        "Where did she work in May 2023?",
        "What did we plan last year?",
        "Has my plan changed?",
        "我以前住在哪里?",
        "Trước đây tôi sống ở đâu?",
    ],
)
def test_questions_about_the_past(query: str) -> None:
    assert asks_about_past(query, NOW)


@pytest.mark.parametrize(
    "query",
    ["Where do I live?", "What is my address?", "Book a table for tomorrow.", "And on 3 June?", "我住在哪里?", ""],
)
def test_questions_about_the_present(query: str) -> None:
    assert not asks_about_past(query, NOW)


def test_what_ended_is_found_by_its_words() -> None:
    ended = [record("ghent", "Lives in Ghent.", age=900, ended=30), record("tea", "Likes tea.", age=900, ended=30)]
    active = [ScoredMemory(record("antwerp", "Lives in Antwerp.", age=30), 1.0)]
    holding = record("antwerp", "Lives in Antwerp.", age=30)
    assert names(superseded("Where did I live before?", active, [*ended, holding], NOW)) == ["ghent"]


def test_what_was_replaced_stands_behind_what_took_its_place_whatever_its_words() -> None:
    ended = record("acme", "Builds rockets at Acme.", age=900, ended=30, metadata={SUBJECT: "employer of Ana"})
    by_id = ScoredMemory(record("new", "Works for Globex.", age=30, metadata={SUPERSEDES: "acme"}), 1.0)
    by_subject = ScoredMemory(record("new", "Works for Globex.", metadata={SUBJECT: "Employer of Ana"}), 1.0)
    for active in (by_id, by_subject):
        (found,) = superseded("Who did Ana work for before?", [active], [ended], NOW)
        assert found.record == ended
        assert 0 < found.score < active.score


def test_another_namespace_s_subject_is_another_subject() -> None:
    ended = record("acme", "Rockets.", age=9, ended=3, metadata={SUBJECT: "employer"}, namespace="bob/")
    active = ScoredMemory(record("new", "Globex.", metadata={SUBJECT: "employer"}, namespace="ana/"), 1.0)
    assert superseded("Who was it before?", [active], [ended], NOW) == []


def test_what_holds_or_will_end_is_not_superseded() -> None:
    later = record("later", "Lives in Ghent.", age=9, ended=-3)
    assert superseded("Where did I live?", [], [later, record("now", "Lives in Ghent.")], NOW) == []


# What took its place

GHENT = record("ghent", "Lives in Ghent.", age=900, ended=300, metadata={SUBJECT: "home of Ana"})
MOVED = record("moved", "Moved to Antwerp.", age=300, metadata={SUBJECT: "home of Ana", SUPERSEDES: "ghent"})


def test_what_superseded_a_record_answers_the_question_that_the_record_matches() -> None:
    """No word of it does."""
    found = recalled("Where do I live?", [], [GHENT, MOVED], NOW, past=False)
    assert names(found) == ["moved"]
    assert names(recalled("Where did I live?", [], [GHENT, MOVED], NOW, past=True)) == ["ghent", "moved"]
    assert recalled("What do I drink?", [], [GHENT, MOVED], NOW, past=True) == []


def test_what_was_found_by_itself_is_not_offered_twice() -> None:
    found = recalled("Where do I live?", [ScoredMemory(MOVED, 1.0)], [GHENT, MOVED], NOW, past=False)
    assert names(found) == ["moved"]


def test_the_line_of_those_that_took_a_place_is_followed_to_its_end() -> None:
    line = [record("r0", "Lives in Ghent.", age=900, ended=800)]
    line += [
        record(f"r{n}", f"Went to {n}.", age=900 - 100 * n, ended=800 - 100 * n, metadata={SUPERSEDES: f"r{n - 1}"})
        for n in range(1, 5)
    ]
    line.append(record("r5", "Went to Rome.", age=1, metadata={SUPERSEDES: "r4"}))
    assert names(in_place_of([ScoredMemory(line[0], 1.0)], line, NOW)) == ["r5"]


def test_a_line_that_goes_in_a_circle_ends() -> None:
    one = record("one", "x", metadata={SUPERSEDES: "two"})
    two = record("two", "y", age=9, ended=1, metadata={SUPERSEDES: "one"})
    assert names(in_place_of([ScoredMemory(two, 1.0)], [one, two], NOW)) == ["one"]


def test_all_records_are_needed_for_the_past_and_where_next_to_nothing_was_found() -> None:
    found = [ScoredMemory(record(f"r{n}"), 1.0) for n in range(FEW)]
    assert not needs_all("Where do I live?", found, NOW)
    assert needs_all("Where do I live?", found[1:], NOW)
    assert needs_all("Where did I live?", found, NOW)
