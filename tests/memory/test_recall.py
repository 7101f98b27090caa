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
    Found,
    found_of,
    in_place_of,
    recalled,
    superseded,
    weighed,
)
from contextkit.memory.shelf import CONFIRMED
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.ranking import SUBJECT

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


def test_what_was_found_is_told_apart_by_whether_it_holds() -> None:
    holding, ended = record("antwerp", age=30), record("ghent", age=900, ended=30)
    to_come = record("rome", age=-30)
    every = [ScoredMemory(one, 1.0, one is holding) for one in (ended, holding, to_come)]
    found = found_of(every, NOW, past=True)
    assert (names([*found.active]), names([*found.ended])) == (["antwerp"], ["ghent"])


def test_what_was_replaced_stands_behind_what_took_its_place_whatever_its_words() -> None:
    ended = record("acme", "Builds rockets at Acme.", age=900, ended=30, metadata={SUBJECT: "employer of Ana"})
    by_id = ScoredMemory(record("new", "Works for Globex.", age=30, metadata={SUPERSEDES: "acme"}), 1.0)
    by_subject = ScoredMemory(record("new", "Works for Globex.", metadata={SUBJECT: "Employer of Ana"}), 1.0)
    for active in (by_id, by_subject):
        (found,) = superseded(Found([active]), [ended], NOW)
        assert found.record == ended
        assert 0 < found.score < active.score


def test_another_namespace_s_subject_is_another_subject() -> None:
    ended = record("acme", "Rockets.", age=9, ended=3, metadata={SUBJECT: "employer"}, namespace="bob/")
    active = ScoredMemory(record("new", "Globex.", metadata={SUBJECT: "employer"}, namespace="ana/"), 1.0)
    assert superseded(Found([active]), [ended], NOW) == []


def test_what_holds_or_will_end_is_not_superseded() -> None:
    later = record("later", "Lives in Ghent.", age=9, ended=-3)
    found = Found([ScoredMemory(later, 1.0)])
    assert superseded(found, [later, record("now", "Lives in Ghent.")], NOW) == []


# What took its place

GHENT = record("ghent", "Lives in Ghent.", age=900, ended=300, metadata={SUBJECT: "home of Ana"})
MOVED = record("moved", "Moved to Antwerp.", age=300, metadata={SUBJECT: "home of Ana", SUPERSEDES: "ghent"})


def test_what_superseded_a_record_answers_the_question_that_the_record_matches() -> None:
    """No word of it does."""
    found = Found([], [ScoredMemory(GHENT, 1.0)])
    assert names(recalled(found, [GHENT, MOVED], NOW, past=False)) == ["moved"]
    assert names(recalled(found, [GHENT, MOVED], NOW, past=True)) == ["ghent", "moved"]
    assert recalled(Found([]), [GHENT, MOVED], NOW, past=True) == []


def test_what_ended_is_offered_though_the_records_could_not_be_read() -> None:
    found = Found([], [ScoredMemory(GHENT, 1.0)])
    assert names(recalled(found, [], NOW, past=True)) == ["ghent"]
    assert recalled(found, [], NOW, past=False) == []


def test_what_was_found_by_itself_is_not_offered_twice() -> None:
    found = Found([ScoredMemory(MOVED, 1.0)], [ScoredMemory(GHENT, 0.5)])
    assert names(recalled(found, [GHENT, MOVED], NOW, past=False)) == ["moved"]


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


def test_what_has_ended_is_of_use_for_the_past_and_where_next_to_nothing_holds() -> None:
    ended = ScoredMemory(record("ended", age=9, ended=1), 1.0, active=False)
    every = [ended, *(ScoredMemory(record(f"r{n}"), 0.5) for n in range(FEW))]
    assert found_of(every, NOW, past=False).ended == ()
    assert found_of(every[:-1], NOW, past=False).ended == [ended]
    assert found_of(every, NOW, past=True).ended == [ended]


def test_what_holds_scores_as_if_nothing_else_had_been_found() -> None:
    every = [
        ScoredMemory(record("ended", age=9, ended=1), 1.0, active=False),
        ScoredMemory(record("first"), 0.8),
        ScoredMemory(record("second"), 0.4),
    ]
    assert [one.score for one in found_of(every, NOW, past=False).active] == [1.0, 0.5]
    assert [one.score for one in found_of(every, NOW, past=True).active] == [0.8, 0.4]
    assert found_of(every[:1], NOW, past=False).active == []


def test_every_record_is_needed_only_where_something_took_the_place_of_something() -> None:
    plain, ended = ScoredMemory(record("r"), 1.0), ScoredMemory(GHENT, 1.0)
    assert not Found([plain]).needs_line(past=True)
    assert Found([ScoredMemory(MOVED, 1.0)]).needs_line(past=True)
    assert not Found([ScoredMemory(MOVED, 1.0)]).needs_line(past=False)
    assert Found([plain], [ended]).needs_line(past=False)
