"""The bounded memory by content."""

from __future__ import annotations

from sys import getsizeof

from hypothesis import given
from hypothesis import strategies as st

from contextkit.tokens.contents import ContentCache


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    cache = ContentCache[int](20 * getsizeof("t00"))
    for n in range(20):
        cache.put(f"t{n:02}", n)
    assert cache.get("t00") == 0
    cache.put("t20", 20)
    assert (cache.get("t01"), cache.get("t00"), cache.get("t20")) == (None, 0, 20)


def test_zero_is_a_value() -> None:
    cache = ContentCache[int](1_000)
    cache.put("", 0)
    assert cache.get("") == 0


def test_one_large_text_does_not_empty_it() -> None:
    cache = ContentCache[int](8_000)
    cache.put("small", 1)
    cache.put("x" * 1_000, 2)
    assert (cache.get("small"), cache.get("x" * 1_000)) == (1, None)


@given(st.lists(st.text(max_size=40), max_size=60))
def test_it_never_holds_more_than_its_capacity(texts: list[str]) -> None:
    cache = ContentCache[str](1_000)
    for text in texts:
        cache.put(text, text)
        assert cache.get(text) in (text, None)
    assert sum(getsizeof(text) for text in {*texts} if cache.get(text) is not None) <= 1_000
