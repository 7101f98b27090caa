"""Passages: a long text in pieces that hold all of it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.passages import INDEXED, LONG, MOST_PASSAGES, PASSAGE, are_apart, passages, sentences


@given(st.text(st.sampled_from("ab \n"), max_size=3 * LONG))
def test_they_hold_the_whole_text(text: str) -> None:
    found = list(passages(text))
    assert "".join(found) == text
    assert len(found) == 1 or all(len(passage) <= 2 * PASSAGE for passage in found)


def test_records_of_json_are_not_cut_in_two() -> None:
    orders = [{"id": f"TT-{n}", "lines": [{"name": 'a } in a " text', "price": n}] * 20} for n in range(10, 30)]
    found = list(passages(json.dumps({"orders": orders})))
    assert len(found) > 5
    for passage in found[1:-1]:
        first, *others = json.loads(f"[{passage.lstrip(', ')}]")
        assert first["id"].startswith("TT-")
        assert all(other["id"] > first["id"] for other in others)


@given(st.text(st.sampled_from('{}[]",:\\ ab\n'), max_size=2 * LONG).map(lambda text: "{" + text + "[]" * LONG))
def test_what_only_begins_like_json_is_held_whole_too(text: str) -> None:
    found = list(passages(text))
    assert "".join(found) == text
    assert all(len(passage) <= 2 * PASSAGE for passage in found)


def test_what_lies_in_two_records_is_apart() -> None:
    text = '{"all": [{"a": 1, "in": [{"b": "}"}], "c": 2}, {"d": {"e": 3}, "f": 4}]}'
    at = {name: text.index(f'"{name}"') for name in ("all", "a", "b", "c", "d", "e", "f")}
    apart = {(one, other) for one in at for other in at if one < other and are_apart(text, at[one], at[other])}
    assert apart == {(one, other) for one in "abc" for other in "def"}
    assert are_apart(text, at["f"] + 1, at["a"] + 1)
    assert not are_apart(text, at["c"] + 1, at["a"] + 1)


def test_a_huge_text_is_indexed_by_its_beginning_and_its_end() -> None:
    text = "a" * INDEXED + "b" * INDEXED
    found = list(passages(text))
    assert len(found) <= MOST_PASSAGES
    assert sum(map(len, found)) == INDEXED
    assert found[0].startswith("a")
    assert found[-1].endswith("b")


def test_sentences_end_with_their_marks_and_with_paragraphs() -> None:
    assert sentences("One of\nthem. Two!  Three?\n\nA heading\n\nfour") == [
        "One of\nthem.",
        "Two!",
        "Three?",
        "A heading",
        "four",
    ]
    assert sentences("一。二！三") == ["一。", "二！", "三"]
    assert sentences(" \n\n ") == [" \n\n "]
