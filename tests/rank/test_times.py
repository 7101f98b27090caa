"""Time expressions."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank import times
from contextkit.rank.spans import Period
from contextkit.rank.terms import terms
from contextkit.rank.times import asks_when, nearness, periods, tells_when

NOW = datetime(2023, 8, 16, 15, tzinfo=UTC)  # a Wednesday
YEARS = range(2022, 2024)


def named(text):
    return [(f"{period.start}", f"{period.end}") for period in periods(text, NOW, YEARS)]


@pytest.mark.parametrize(
    "text",
    [
        *("on 7 May 2023", "on 7th of May, 2023", "on May 7, 2023", "May 7th 2023", "7 may 2023", "MAY 7 2023"),
        *("2023-05-07", "2023/5/7", "May 7, 2023 - 9:30"),
    ],
)
def test_a_day_however_it_is_written(text):
    assert named(text) == [("2023-05-07", "2023-05-08")]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in July 2023", "2023-07-01", "2023-08-01"),
        ("in Dec. 2022", "2022-12-01", "2023-01-01"),
        ("in summer 2022", "2022-06-01", "2022-09-01"),
        ("the winter of 2022", "2022-12-01", "2023-03-01"),
        ("in 2022", "2022-01-01", "2023-01-01"),
        ("today", "2023-08-16", "2023-08-17"),
        ("Yesterday", "2023-08-15", "2023-08-16"),
        ("the day before yesterday", "2023-08-14", "2023-08-15"),
        ("tomorrow", "2023-08-17", "2023-08-18"),
        ("last week", "2023-08-07", "2023-08-14"),
        ("this week", "2023-08-14", "2023-08-21"),
        ("next week", "2023-08-21", "2023-08-28"),
        ("last weekend", "2023-08-12", "2023-08-14"),
        ("last Friday", "2023-08-11", "2023-08-12"),
        ("last month", "2023-07-01", "2023-08-01"),
        ("last year", "2022-01-01", "2023-01-01"),
        ("last spring", "2023-03-01", "2023-06-01"),
        ("last winter", "2022-12-01", "2023-03-01"),
        ("next summer", "2024-06-01", "2024-09-01"),
        ("this summer", "2023-06-01", "2023-09-01"),
        ("three days ago", "2023-08-13", "2023-08-14"),
        ("a week ago", "2023-08-06", "2023-08-13"),
        ("in the last 10 days", "2023-08-06", "2023-08-17"),
        ("the week before 3 August 2023", "2023-07-27", "2023-08-03"),
        ("two weeks before August 11, 2023", "2023-07-28", "2023-08-11"),
        ("the day after 31 July 2023", "2023-08-01", "2023-08-02"),
        ("the Sunday before 25 July 2023", "2023-07-18", "2023-07-25"),
        ("this morning", "2023-08-16", "2023-08-17"),
        ("What did we decide on Monday?", "2023-08-14", "2023-08-15"),
        ("What was said on Wednesday?", "2023-08-09", "2023-08-10"),
        ("Q2 2023", "2023-04-01", "2023-07-01"),
        ("the fourth quarter of 2022", "2022-10-01", "2023-01-01"),
        ("the last quarter of 2022", "2022-10-01", "2023-01-01"),
        ("last quarter", "2023-04-01", "2023-07-01"),
        ("this quarter", "2023-07-01", "2023-10-01"),
    ],
)
def test_a_period(text, start, end):
    assert named(text) == [(start, end)]


@pytest.mark.parametrize("text", ["5/17/2023", "17/5/2023", "05/17/2023"])
def test_a_day_in_numbers_of_which_one_can_be_the_month(text):
    assert named(text) == [("2023-05-17", "2023-05-18")]


def test_january_follows_december():
    january = datetime(2023, 1, 10, tzinfo=UTC)
    assert periods("last month", january, YEARS) == (Period(date(2022, 12, 1), date(2023, 1, 1)),)


def test_without_its_year_a_date_is_meant_in_every_year():
    assert named("in May") == [("2022-05-01", "2022-06-01"), ("2023-05-01", "2023-06-01")]
    assert named("on 7 May") == [("2022-05-07", "2022-05-08"), ("2023-05-07", "2023-05-08")]


def test_several_periods_in_their_order():
    assert named("on 11 August 2023 and yesterday") == [("2023-08-11", "2023-08-12"), ("2023-08-15", "2023-08-16")]


@pytest.mark.parametrize(
    "text",
    [
        *("", "you may go", "march on", "Jan said so", "31 February 2023", "call 555-2022-17", "a marching band"),
        *("it cost 2022.50", "recently", "room 1205"),
        *("What is on Monday?", "Do I need it on Monday?", "It was open on Mondays", "the third quarter of the match"),
    ],
)
def test_what_names_no_period(text):
    assert named(text) == []


@given(st.text(alphabet="0123456789 -/.,MaytheJunlswkof", max_size=40))
def test_no_text_is_too_strange(text):
    assert all(period.start < period.end for period in periods(text, NOW, YEARS))


def test_nearness_is_one_within_and_fades_outside():
    july = Period(date(2023, 7, 1), date(2023, 8, 1))
    first = (date(2023, 7, 1) - date(1970, 1, 1)).days
    near = nearness([july], np.array([first - 7, first, first + 30.9, first + 31 + 14]), before=7, after=14)
    np.testing.assert_allclose(near, [np.exp(-1), 1, 1, np.exp(-1)])


def test_the_nearest_of_several_periods_counts():
    july, may = Period(date(2023, 7, 1), date(2023, 8, 1)), Period(date(2023, 5, 1), date(2023, 6, 1))
    days = np.array([(date(2023, 5, 9) - date(1970, 1, 1)).days], float)
    assert nearness([july, may], days, before=7, after=14) == [1]
    assert nearness([], days, before=7, after=14) == [0]


@pytest.mark.parametrize("question", ["When was it?", "How long did it take?", "In what year?", "which month"])
def test_questions_for_a_time(question):
    assert asks_when(question)


@pytest.mark.parametrize("question", ["What was it?", "Which weekender bag?", "whenever"])
def test_other_questions(question):
    assert not asks_when(question)


@pytest.mark.parametrize("message", ["I went yesterday.", "Three years ago", "next Friday", "it was in June"])
def test_messages_that_name_a_time(message):
    assert tells_when(terms(message))


@pytest.mark.parametrize("message", ["I went there.", "you may go", ""])
def test_messages_that_name_none(message):
    assert not tells_when(terms(message))


def test_a_log_that_names_thousands_of_dates_is_looked_through_once_and_not_once_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[int] = []

    class Counting:
        def search(self, before: str) -> None:
            looked_at.append(len(before))

    monkeypatch.setattr(times, "_OFFSET", Counting())
    log = "\n".join(f"2023-05-{day % 28 + 1:02} 12:00:00 INFO the train left" for day in range(2_000))
    assert len(periods(log, NOW, YEARS)) == 2_000
    assert sum(looked_at) <= 2 * len(log)


def test_what_moves_a_date_far_into_a_text_is_seen() -> None:
    assert named("It went on and on. " * 500 + "It was two weeks before August 11, 2023") == [
        ("2023-07-28", "2023-08-11")
    ]


def test_a_day_named_often_is_as_near_as_one_named_once() -> None:
    day, days = Period(date(2023, 5, 7), date(2023, 5, 8)), np.array([19_000.0, 19_484.0, 19_600.0])
    once, often = (nearness([day] * count, days, before=10, after=10) for count in (1, 50))
    assert np.array_equal(once, often)
