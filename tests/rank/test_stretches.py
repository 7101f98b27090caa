"""Stretches: where a long text may be cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.passages import INDEXED, MOST_PASSAGES
from contextkit.rank.stretches import LONG, STRETCH, stretches
from contextkit.tokens import get_counter


@given(st.text(st.sampled_from("ab. \n。é😀\ud800"), max_size=2 * LONG))
def test_they_hold_the_whole_text(text: str) -> None:
    found = stretches(text)
    assert (found[0][0], found[-1][1]) == (0, len(text))
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    sizes = [len(text[start:end].encode("utf-8", "replace")) for start, end in found]
    assert len(found) == 1 or all(STRETCH - 4 < size < 2 * STRETCH + 4 for size in sizes)


def test_a_short_text_is_not_cut() -> None:
    assert stretches("One.\n\nTwo.\n\n" * 10) == [(0, 120)]


def test_they_end_with_paragraphs_else_with_lines_sentences_and_words() -> None:
    words = "many words and no end " * 15  # of 330 characters
    for end in ("\n\n", "\n", ". ", " "):
        text = f"{words}or{end}" * 20
        assert all(text[:stop].endswith(end) for _, stop in stretches(text))


def test_a_section_begins_a_stretch_and_no_block_of_code_is_cut() -> None:
    paragraph = "A paragraph of some words.\n\n" * 12
    code = "```py\n" + "sail(to='Vik')\n\n" * 40 + "```\n\n"
    text = (f"## Fares\n\n{paragraph}{paragraph}{paragraph}" + f"{paragraph}{code}") * 9
    found = [text[start:end] for start, end in stretches(text)]
    assert all(part.count("```") % 2 == 0 for part in found)
    assert sum(part.startswith("## ") for part in found) == 9


def test_a_block_of_code_that_never_ends_is_cut() -> None:
    text = "```\n" + "sail(to='Vik')\n" * 900
    assert all(end - start <= 2 * STRETCH for start, end in stretches(text))


def test_the_indentation_of_a_paragraph_stays_with_it() -> None:
    text = "    An indented paragraph of some words.\n  \n" * 60
    assert all(text[start : start + 6] == "    An" for start, _ in stretches(text))


def test_of_a_huge_text_the_ends_are_read() -> None:
    text = "a" * INDEXED + "b" * INDEXED
    found = stretches(text)
    assert len(found) <= MOST_PASSAGES
    assert sum(end - start for start, end in found) == INDEXED
    assert (found[0][0], found[-1][1]) == (0, len(text))


TOLD = {
    "en": "The ferry from Ostend leaves at nine in the morning and reaches the island before noon. ",
    "vi": "Chuyến phà từ bến cảng rời đi lúc chín giờ sáng và đến hòn đảo trước buổi trưa. ",
    "zh": "从港口出发的渡轮早上九点离开，中午之前到达那座小岛，下午四点再返回。",
    "ja": "港からのフェリーは朝九時に出発し、正午前に島に着き、午後四時に戻ります。",
    "ko": "항구에서 출발하는 여객선은 아침 아홉 시에 떠나 정오 전에 섬에 도착합니다. ",
    "ru": "Паром из порта уходит в девять часов утра и приходит на остров до полудня. ",
    "th": "เรือเฟอร์รี่จากท่าเรือออกเวลาเก้าโมงเช้าและถึงเกาะก่อนเที่ยงวัน ",
}


@pytest.mark.parametrize("language", TOLD)
def test_they_are_about_as_many_tokens_in_every_script(language: str) -> None:
    counter, text = get_counter(), TOLD[language] * 120
    counts = [counter.text(text[start:end]) for start, end in stretches(text)]
    assert 45 < sum(counts) / len(counts) < 160
