"""Kinds of text, and estimates held against the real vocabulary."""

from __future__ import annotations

import inspect
import json
import pydoc_data.topics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.tokens import get_counter
from contextkit.tokens.estimates import estimate, kind_of

TOPICS = [text for _, text in sorted(pydoc_data.topics.topics.items())]
SOURCES = [path.read_text("utf-8", "replace") for path in sorted(Path(inspect.__file__).parent.glob("*.py"))[:60]]
CJK = (Path(__file__).parents[1] / "benchmarks" / "cjk.txt").read_text(encoding="utf-8").split("\n\n")
EMOJI = ["😀", "👍🏽", "👩‍💻", "🇩🇪", "❤️", "🎉", "🤷", "🧑‍🚀"]
WORDS = sorted({word for text in TOPICS for word in text.split() if word.rstrip(".,:").isalpha()})


@pytest.mark.parametrize("texts", [TOPICS, SOURCES, CJK], ids=["prose", "code", "cjk"])
def test_an_estimate_errs_on_the_high_side_and_not_by_far(texts: list[str]) -> None:
    count = get_counter().text
    long = [text for text in texts if len(text) > 80]
    assert len(long) > 30
    assert all(0.98 * count(text) <= estimate(text) <= 2.5 * count(text) for text in long)
    assert sum(map(estimate, long)) <= 1.8 * sum(map(count, long))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(EMOJI), st.sampled_from(CJK)),
        min_size=20,
        max_size=80,
    )
)
def test_any_mixture_of_words_emoji_and_cjk_is_estimated_on_the_high_side(words: list[str]) -> None:
    text = " ".join(words)
    assert estimate(text) >= 0.97 * get_counter().text(text)


@given(st.text(alphabet="aZ 1\n.-漢é😀\t", max_size=40), st.text(alphabet="aZ 1\n.-漢é😀\t", max_size=40))
def test_joined_texts_never_cost_more_than_their_parts(a: str, b: str) -> None:
    assert estimate(a + "\n" + "x" + b) <= estimate(a + "\n") + estimate("x" + b)


@given(st.text())
def test_no_text_crashes_and_none_is_free(text: str) -> None:
    assert (estimate(text) > 0) == bool(text)
    assert kind_of(text) in ("prose", "code", "json", "cjk")


def test_kinds_of_real_texts() -> None:
    assert [kind_of(text) for text in CJK] == ["cjk"] * len(CJK)
    assert sum(kind_of(text) == "code" for text in SOURCES) >= 0.95 * len(SOURCES)
    assert kind_of(Path(__file__).parents[2].joinpath("LICENSE").read_text()) == "prose"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "prose"),
        ("See you at noon, by the fountain. Bring the maps!", "prose"),
        ("Привет, как дела? Завтра идём в музей.", "prose"),
        ("今日は天気がいいので、API を使って散歩します。", "cjk"),
        ("def f(x):\n    return [y ** 2 for y in x]", "code"),
        ("$ ls -la /usr/bin | grep foo > out.txt", "code"),
        (json.dumps({"order": 12, "items": [{"sku": "A-1"}]}), "json"),
        (json.dumps([1, 2, 3]), "json"),
        ("[see the manual] for more about the machine and its care", "prose"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_the_kind_of_a_huge_text_is_that_of_a_sample() -> None:
    assert kind_of("Plain words in a long report. " * 100_000) == "prose"
    assert kind_of(json.dumps([{"id": n} for n in range(50_000)])) == "json"
