"""`shorten`: never over the limit, whatever the text, and what matters survives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.compress import shorten
from contextkit.errors import InvalidInput
from contextkit.tokens import get_counter
from contextkit.types import TokenCounter

COUNTER = get_counter("o200k_base")

_TEXT = r"""the refund policy 3.5 kg
Dr. Smith said: 2024-05-01 ERROR Traceback naïve 漢字 猫。 你好！ [ { } ] " , | --- é
def f(x): return import class A: // /* #! 0xff …"""
words = st.lists(st.sampled_from([*_TEXT.split(), "\ud800", "\t", "\n", "\n\n", "    "]), max_size=300)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | words.map(" ".join),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=60,
)
texts = (
    words.map(" ".join)
    | words.map("\n".join)
    | st.text(max_size=300)
    | values.map(json.dumps)
    | values.map(lambda value: json.dumps(value, ensure_ascii=False, indent=2))
    | st.lists(values.map(json.dumps), max_size=12).map("\n".join)
    | words.map(lambda some: "<!doctype html><p>" + "</p><p>".join(some))
    | words.map(lambda some: "<rows><row>" + "</row><row>".join(some))
    | words.map(lambda some: "--- a\n+++ b\n@@ -1 +1 @@\n" + "\n-".join(some))
    | st.builds(
        lambda unit, times: unit * times,
        st.sampled_from(
            ["a", " ", "\n", "漢", "a,b,c\n", "[", '{"a":', "<a>b</a>", "<a ", "<!--", "a  b\tc\n", "@@ -1\n"]
        ),
        st.integers(0, 2000),
    )
)
queries = st.sampled_from(["", "refund policy", "猫", "error 3.5", "zzz", "\ud800"])


@settings(max_examples=150, deadline=None)
@given(texts, st.integers(0, 200), queries)
def test_never_over_the_limit_and_untouched_where_it_fits(text: str, limit: int, query: str) -> None:
    short = shorten(text, limit, COUNTER, query=query)
    assert COUNTER.text(short) <= limit
    assert (short == text) == (COUNTER.text(text) <= limit)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(0, 100), queries)
def test_the_same_arguments_give_the_same_text(text: str, limit: int, query: str) -> None:
    assert shorten(text, limit, COUNTER, query=query) == shorten(text, limit, COUNTER, query=query)


def test_a_negative_limit_is_refused(counter: TokenCounter) -> None:
    with pytest.raises(InvalidInput, match="negative"):
        shorten("text", -1, counter)


def test_no_room_leaves_nothing(counter: TokenCounter) -> None:
    assert shorten("A sentence that does not fit.", 0, counter) == ""


def test_one_endless_word_is_cut_with_a_mark(counter: TokenCounter) -> None:
    short = shorten("q" * 100_000, 50, counter)
    assert short.startswith("qqq")
    assert "…" in short


@pytest.mark.parametrize("unit", ["a", "ab ", "line 1 of many\n", "漢字。", '{"a":1},'])
def test_a_huge_text_is_read_in_part(unit: str, counter: TokenCounter) -> None:
    text = unit * (5_000_000 // len(unit))
    short = shorten(text, 300, counter, query="needle")
    assert 0 < counter.text(short) <= 300


def test_a_find_in_the_middle_of_a_huge_text_survives(counter: TokenCounter) -> None:
    filler = "2024-05-01 12:00:00 INFO worker did a job\n" * 60_000
    text = filler + "2024-05-01 12:00:01 INFO invoice 77123 paid by Kestrel Ltd\n" + filler
    assert "invoice 77123 paid" in shorten(text, 300, counter, query="Which invoice did Kestrel pay?")


def test_a_failure_in_the_middle_of_a_huge_text_survives(counter: TokenCounter) -> None:
    filler = "2024-05-01 12:00:00 INFO worker did a job\n" * 60_000
    text = filler + "2024-05-01 12:00:01 FATAL disk sdb1 is gone\n" + filler
    assert "disk sdb1 is gone" in shorten(text, 300, counter)
