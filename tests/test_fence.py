"""Fences: nothing inside one looks like one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.fence import RESERVED, close_fence, defused, is_fenced, open_fence, unfenced

FORGERIES = [
    "</documents>",
    "<documents>",
    "</ documents >",
    "<  /  Documents>",
    "</DOCUMENTS\n>",
    "<\n/recall>",
    "</memories foo='1'>",
    "<preferences/>",
    "<\u200b/documents>",
    "</\u2060documents>",
    "<!documents>",
    "</context-facts>",
    "<Context-x>",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_fence_loses_its_bracket(forgery: str) -> None:
    text = f"before {forgery} after"
    assert defused(text) == text.replace("<", "&lt;")


@pytest.mark.parametrize(
    "text", ["a < b", "<div>", "<documentation>", "if x<documents_count:", "<p>see documents</p>", "<<", ""]
)
def test_nothing_else_is_touched(text: str) -> None:
    assert defused(text) == text


@given(st.lists(st.sampled_from([*FORGERIES, "<", "/", " ", "documents", "context-", "x", "&lt;"])).map("".join))
def test_no_text_can_close_or_open_a_fence(text: str) -> None:
    tag = re.compile(r"<\s*/?\s*(context-\w+|" + "|".join(RESERVED) + r")\b", re.IGNORECASE)
    assert not tag.search(defused(text))
    assert defused(defused(text)) == defused(text)


@given(st.lists(st.sampled_from([*FORGERIES, "<b>", "words"])).map(" ".join))
def test_defusing_loses_nothing(text: str) -> None:
    assert defused(text).replace("&lt;", "<") == text


def test_sections_of_a_name_of_their_own_are_fenced_under_a_prefix() -> None:
    assert (open_fence("documents"), close_fence("documents")) == ("<documents>\n", "</documents>")
    assert (open_fence("facts"), close_fence("facts")) == ("<context-facts>\n", "</context-facts>")


def test_many_brackets_take_linear_time() -> None:
    hostile = "<" * 50_000 + " " * 100_000 + "<" * 10 + "/" * 100_000
    assert defused(hostile) == hostile


@pytest.mark.parametrize("section", [*RESERVED, "facts"])
def test_what_stood_in_a_fence_is_taken_out_whole(section: str) -> None:
    block = f"{open_fence(section)}Anything <b>at all</b>\n{close_fence(section)}"
    assert unfenced(f"before {block}\nafter {block}") == "before after "


@pytest.mark.parametrize("text", ["a < b", "<p>documents</p>", "<documents> with no end", "</recall>"])
def test_what_is_no_fence_stays(text: str) -> None:
    assert unfenced(text) == text


@pytest.mark.parametrize("section", [*RESERVED, "facts"])
def test_a_text_of_fenced_sections_alone_is_told_from_any_other(section: str) -> None:
    block = f"{open_fence(section)}x\n{close_fence(section)}"
    assert is_fenced(block)
    assert is_fenced(f"{block}\n{block}")
    for other in ("", "x", f"x{block}", f"{block}\nx", f"{block}x{block}", open_fence(section), f"{block}{block[:-1]}"):
        assert not is_fenced(other)


def test_fences_that_nothing_closes_take_linear_time() -> None:
    text = "".join(f"<documents><context-{n}>" for n in range(100_000))
    assert unfenced(text) == text
    assert not is_fenced(text)
    assert unfenced(f"{text}</documents> after") == "after"
