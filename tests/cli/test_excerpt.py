from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from contextkit.cli.excerpt import SLACK, Line, block_excerpt, excerpt

COUNT = re.compile(r"([\d,]+) (?:more )?characters")

texts = st.lists(st.text("ab é", max_size=120), max_size=30).map("\n".join)


def counted(lines: list[Line]) -> int:
    """How many characters the marks say are not shown."""
    return sum(int(number.replace(",", "")) for line in lines for number in COUNT.findall(line.mark))


@given(texts, st.integers(1, 12), st.integers(SLACK + 1, 80))
def test_marks_say_exactly_what_is_missing(text: str, lines: int, width: int) -> None:
    shown = excerpt(text, lines, width)
    joints = sum("more lines" not in line.mark for line in shown) - 1
    assert sum(len(line.text) for line in shown) + counted(shown) + joints == len(text)


@given(texts, st.integers(1, 12), st.integers(SLACK + 1, 80))
def test_it_is_as_short_as_was_asked(text: str, lines: int, width: int) -> None:
    shown = excerpt(text, lines, width)
    assert len(shown) <= lines + 1
    assert all(len(line.text) <= width + SLACK for line in shown)


def test_every_section_of_a_block_is_seen() -> None:
    documents = "\n".join(f"line {number}" for number in range(50))
    block = f"<memories>\n- one\n</memories>\n<documents>\n{documents}\n</documents>"
    shown = [line.text or line.mark for line in block_excerpt(block, 3, 80)]
    assert shown == [
        "<memories>",
        "- one",
        "</memories>",
        "<documents>",
        "line 0",
        "line 1",
        "⋯ 47 more lines, 368 characters ⋯",
        "line 49",
        "</documents>",
    ]
