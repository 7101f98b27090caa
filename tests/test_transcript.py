"""Transcripts of recalled messages."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.tokens import get_counter
from contextkit.transcript import heading, line, speaker
from contextkit.types import Message

MAY_8 = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def said(text, name="Ann", at=MAY_8):
    return Message(role="user", content=text, name=name, created_at=at)


def test_a_message_without_a_date_has_no_heading():
    assert heading(said("Hello", at=None)) == ""


def test_a_day_is_that_of_the_zone_in_which_a_time_is_told():
    late = datetime(2023, 5, 8, 23, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert heading(said("Hello", at=late)) == "8 May 2023"
    assert heading(said("Hello", at=late.astimezone(UTC))) == "9 May 2023"


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
    lines = [text for message in messages for text in (f"{heading(message)}\n".lstrip(), line(message))]
    assert sum(map(counter.text, lines)) == counter.text("".join(lines))
