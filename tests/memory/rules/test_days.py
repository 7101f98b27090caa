"""Days in place of "tomorrow", reckoned from Wednesday, 20 May 2026."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.memory.rules.days import resolved, resolved_abroad

SAID = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)

AHEAD = [
    ("tomorrow", "on 21 May 2026"),
    ("tomorrow morning", "on the morning of 21 May 2026"),
    ("the day after tomorrow", "on 22 May 2026"),
    ("today", "on 20 May 2026"),
    ("this evening", "on the evening of 20 May 2026"),
    ("tonight", "on the evening of 20 May 2026"),
    ("by tomorrow", "by 21 May 2026"),
    ("until Friday", "until 22 May 2026"),
    ("on Friday", "on 22 May 2026"),
    ("on friday", "on 22 May 2026"),
    ("Friday night", "on 22 May 2026 in the night"),
    ("on Wednesday", "on 27 May 2026"),
    ("this Friday", "on 22 May 2026"),
    ("this Monday", "on 25 May 2026"),
    ("next Friday", "on 29 May 2026"),
    ("next week", "in the week of 25 May 2026"),
    ("this weekend", "on the weekend of 23 May 2026"),
    ("next month", "in June 2026"),
    ("next year", "in 2027"),
    ("next summer", "in summer 2026"),
    ("in two weeks", "around 3 June 2026"),
    ("in 3 days", "on 23 May 2026"),
    ("in a month", "in June 2026"),
    ("on June 5", "on 5 June 2026"),
    ("on 5th of January", "on 5 January 2027"),
    ("on the 3rd of June", "on 3 June 2026"),
    ("on March 4, 2025", "on 4 March 2025"),
    ("in March", "in March 2027"),
    ("in June", "in June 2026"),
    ("in March 2024", "in March 2024"),
    ("on Friday 5 June", "on 5 June 2026"),
    ("on Friday, the 5th of June", "on 5 June 2026"),
]
PAST = [
    ("yesterday", "on 19 May 2026"),
    ("last night", "on the evening of 19 May 2026"),
    ("the day before yesterday", "on 18 May 2026"),
    ("on Friday", "on 15 May 2026"),
    ("on Wednesday", "on 13 May 2026"),
    ("last Friday", "on 15 May 2026"),
    ("last week", "in the week of 11 May 2026"),
    ("last month", "in April 2026"),
    ("last year", "in 2025"),
    ("two months ago", "in March 2026"),
    ("about two weeks ago", "around 6 May 2026"),
    ("3 days ago", "on 17 May 2026"),
    ("a year ago", "in 2025"),
    ("on 5 June", "on 5 June 2025"),
    ("in March", "in March 2026"),
    ("last June", "in June 2025"),
    ("since August", "since August 2025"),
    ("until March", "until March 2026"),
    ("until August", "until August 2025"),
]


def always(_clause: str, _place: int) -> bool:
    return True


def never(_clause: str, _place: int) -> bool:
    return False


@pytest.mark.parametrize(("said", "told"), AHEAD)
def test_what_is_to_come(said: str, told: str) -> None:
    assert resolved(f"I will go {said}", SAID, past=never) == f"I will go {told}"


@pytest.mark.parametrize(("said", "told"), PAST)
def test_what_has_been(said: str, told: str) -> None:
    assert resolved(f"I went there {said}", SAID, past=always) == f"I went there {told}"


def test_a_day_at_the_beginning() -> None:
    assert resolved("On Monday I fly to Rome", SAID, past=never) == "on 25 May 2026 I fly to Rome"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I am away from Friday to Monday", "I am away from 22 May 2026 to 25 May 2026"),
        ("I am away from Monday until Friday", "I am away from 25 May 2026 until 29 May 2026"),
        ("I work from Monday to Friday", "I work from Monday to Friday"),
        ("I work Monday to Friday", "I work Monday to Friday"),
        ("I am away Friday to Monday", "I am away on 22 May 2026 to 25 May 2026"),
        ("I am fine with Friday", "I am fine with 22 May 2026"),
    ],
)
def test_the_last_of_some_days_is_not_before_the_first(said: str, told: str) -> None:
    assert resolved(said, SAID, past=never) == told


def test_the_last_of_some_days_that_were() -> None:
    told = resolved("I was away from Friday to Monday", SAID, past=always)
    assert told == "I was away from 15 May 2026 to 18 May 2026"


@pytest.mark.parametrize(
    "text",
    [
        "every Friday",
        "on Fridays",
        "in 2019",
        "today's news",
        "May I go",
        "a friday feeling",
        "30 February",
        "the last week",
    ],
)
def test_what_is_no_particular_day_stays(text: str) -> None:
    assert resolved(f"I like it {text}", SAID, past=never) == f"I like it {text}"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Tôi bay ngày mai", "Tôi bay ngày 21/5/2026"),
        ("Hôm qua tôi ốm", "ngày 19/5/2026 tôi ốm"),
        ("我明天去北京", "我2026年5月21日去北京"),
        ("昨天我病了", "2026年5月19日我病了"),
    ],
)
def test_near_days_in_vietnamese_and_chinese(said: str, told: str) -> None:
    assert resolved_abroad(said, SAID) == told


@given(
    st.text(alphabet="in on next last 0123456789 MayJune Friday tomorrow ago week days'", max_size=60), st.booleans()
)
def test_any_text_is_read_and_a_resolved_one_stays_as_it_is(text: str, past: bool) -> None:
    once = resolved(text, SAID, past=always if past else never)
    assert isinstance(once, str)
    assert resolved("on 21 May 2026", SAID, past=always if past else never) == "on 21 May 2026"
