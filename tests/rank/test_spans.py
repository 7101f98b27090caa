"""From when until when a question asks."""

from datetime import UTC, datetime

import pytest

from contextkit.rank.times import periods

NOW = datetime(2023, 8, 16, 15, tzinfo=UTC)  # a Wednesday
YEARS = range(2022, 2024)
EVER = "0001-01-01"


def named(text: str) -> list[tuple[str, str]]:
    return [(f"{period.start}", f"{period.end}") for period in periods(text, NOW, YEARS)]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("What have we decided since June?", "2023-06-01", "2023-08-17"),
        ("since the beginning of October", "2022-10-01", "2023-08-17"),
        ("Since last week", "2023-08-07", "2023-08-17"),
        ("since yesterday", "2023-08-15", "2023-08-17"),
        ("since Monday", "2023-08-14", "2023-08-17"),
        ("since Wednesday", "2023-08-09", "2023-08-17"),
        ("since two weeks ago", "2023-07-30", "2023-08-17"),
        ("starting in May 2023", "2023-05-01", "2023-08-17"),
        ("since the week before 3 August 2023", "2023-07-27", "2023-08-17"),
        ("until June", EVER, "2023-07-01"),
        ("till the end of 2022", EVER, "2023-01-01"),
        ("up to last week", EVER, "2023-08-14"),
        ("before June", EVER, "2023-06-01"),
        ("before 7 May 2023", EVER, "2023-05-07"),
        ("prior to yesterday", EVER, "2023-08-15"),
        ("after June", "2023-07-01", "2023-08-17"),
        ("between 11 August 2023 and yesterday", "2023-08-11", "2023-08-16"),
        ("between March and May 2023", "2023-03-01", "2023-06-01"),
        ("from March 2023 to May 2023", "2023-03-01", "2023-06-01"),
        ("from last week until today", "2023-08-07", "2023-08-17"),
        ("between November and February", "2022-11-01", "2023-03-01"),
        ("2023-05-07 – 2023-05-09", "2023-05-07", "2023-05-10"),
        ("from 5 to 9 May 2023", "2023-05-05", "2023-05-10"),
        ("between the 5th and the 9th of May 2023", "2023-05-05", "2023-05-10"),
        ("5-9 May 2023", "2023-05-05", "2023-05-10"),
        ("May 5-9, 2023", "2023-05-05", "2023-05-10"),
        ("from May 5th to 9th, 2023", "2023-05-05", "2023-05-10"),
        ("between May 5 and 9, 2023", "2023-05-05", "2023-05-10"),
        ("May 31 to 2, 2023", "2023-05-31", "2023-06-01"),
        ("from 2021 to 2022", "2021-01-01", "2023-01-01"),
    ],
)
def test_a_span(text: str, start: str, end: str) -> None:
    assert named(text) == [(start, end)]


def test_without_a_year_it_is_that_of_every_year() -> None:
    assert named("from March to May") == [("2022-03-01", "2022-06-01"), ("2023-03-01", "2023-06-01")]
    assert named("between May and June 2023") == [("2023-05-01", "2023-07-01")]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("right after 31 July 2023", [("2023-07-31", "2023-08-01")]),
        ("the day after 31 July 2023", [("2023-08-01", "2023-08-02")]),
        ("in May 2023 and in June 2023", [("2023-05-01", "2023-06-01"), ("2023-06-01", "2023-07-01")]),
        ("from May 2023, and June 2023", [("2023-05-01", "2023-06-01"), ("2023-06-01", "2023-07-01")]),
        ("- 2023-05-07\n- 2023-05-09", [("2023-05-07", "2023-05-08"), ("2023-05-09", "2023-05-10")]),
        ("from 9 to 5 May 2023", [("2023-05-05", "2023-05-06")]),
        ("the mail from June 2023", [("2023-06-01", "2023-07-01")]),
        ("after next week", [("2023-08-21", "2023-08-28")]),
        ("since December 2023", [("2023-12-01", "2024-01-01")]),
        ("from May 2023 to May 2022", [("2023-05-01", "2023-06-01"), ("2022-05-01", "2022-06-01")]),
    ],
)
def test_what_is_none(text: str, spoken: list[tuple[str, str]]) -> None:
    assert named(text) == spoken
