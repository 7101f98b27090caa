"""Diffs keep which files were changed, and of what was changed the lines that bear on the query."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from contextkit.compress import shorten
from contextkit.compress.diff import is_diff
from contextkit.types import TokenCounter

FILES = ("billing/invoice.py", "billing/refund.py", "shop/cart.py", "shop/stock.py")


def changes(*, by_git: bool = True) -> str:
    """Four files of twelve functions, each of which was changed."""
    return "".join(_change(path, n, by_git) for n, path in enumerate(FILES))


def _change(path: str, file: int, by_git: bool) -> str:
    before = [line for n in range(12) for line in _function(file, n, "price")]
    after = [line for n in range(12) for line in _function(file, n, "price.rounded()")]
    diff = "".join(unified_diff(before, after, f"a/{path}", f"b/{path}"))
    head = f"diff --git a/{path} b/{path}\nindex 25a552a..ac57574 100644\n" if by_git else ""
    return head + diff


def _function(file: int, n: int, result: str) -> list[str]:
    body = [f"    step_{step} = prepared(order, {step})\n" for step in range(12)]
    return [f"def total_{file}_{n}(order):\n", *body, f"    return order.{result} + {file * 100 + n}\n", "\n"]


@pytest.mark.parametrize("by_git", [True, False])
def test_every_file_that_was_changed_is_named(by_git: bool, counter: TokenCounter) -> None:
    text = changes(by_git=by_git)
    assert is_diff(text)
    short = shorten(text, counter.text(text) // 8, counter)
    for path in FILES:
        assert f"a/{path}" in short


@pytest.mark.parametrize("by_git", [True, False])
def test_what_was_changed_in_the_file_asked_for_is_kept(by_git: bool, counter: TokenCounter) -> None:
    text = changes(by_git=by_git)
    short = shorten(text, counter.text(text) // 5, counter, query="What changed in refund.py?")
    for n in range(12):
        assert f"-    return order.price + {100 + n}\n+    return order.price.rounded() + {100 + n}\n" in short


def test_a_line_that_bears_on_the_query_says_where_it_stands(counter: TokenCounter) -> None:
    text = changes().replace("return order.price.rounded() + 205", "return order.discounted() + 205")
    short = shorten(text, counter.text(text) // 8, counter, query="Where are orders discounted?")
    assert "+    return order.discounted() + 205" in short
    file, line = short.index("diff --git a/shop/cart.py"), short.index("discounted()")
    assert "diff --git" not in short[file + 1 : line]
    assert "@@" in short[file:line]


def test_a_line_that_was_taken_out_may_look_like_a_file(counter: TokenCounter) -> None:
    """A rule of Markdown or a comment of SQL begins with dashes, too."""
    before = [f"-- comment {n}\nselect {n};\n" for n in range(300)]
    text = "".join(unified_diff("".join(before).splitlines(True), ["select 0;\n"], "a/x.sql", "b/x.sql"))
    short = shorten(text, 200, counter)
    assert short.startswith("--- a/x.sql\n+++ b/x.sql\n@@ ")
    assert "--- comment" in short


def test_what_a_commit_says_is_no_file(counter: TokenCounter) -> None:
    text = "".join(
        f"commit {n:040x}\nAuthor: Mara Quill\n\n    Rounded totals of round {n}\n\n{changes()}" for n in range(3)
    )
    short = shorten(text, counter.text(text) // 5, counter)
    for n in range(3):
        assert f"Rounded totals of round {n}" in short


@pytest.mark.parametrize("text", ["--- a\n+++ b\n", "a - b\n+ c\n@@ x\n", "--- \n@@ -1 +1 @@\n"])
def test_what_only_looks_like_a_diff_is_none(text: str) -> None:
    assert not is_diff(text)
