"""Pieces that overlap stand as one text, each verbatim in it, for fewer tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_text_splitters import CharacterTextSplitter, RecursiveCharacterTextSplitter, TextSplitter

from contextkit import Budget, ContextBuilder
from contextkit.blocks import Chosen, line, render
from contextkit.demo import load
from contextkit.fit.overlaps import LEAST, joined, overlaps
from contextkit.sources import Documents
from contextkit.strategy import ContextStrategy, Section
from contextkit.tokens import get_counter
from contextkit.types import Form, Item
from tests.fit.candidates import document

COUNTER = get_counter()

TEXT = " ".join(f"On day {n} of the year the ferry to Vik left at {n % 24}:{n % 60:02}." for n in range(1, 60))


ALL = ContextStrategy(
    name="all",
    description="Whatever is found.",
    sections=(Section(name="documents", region="volatile"), Section(name="turn", region="turn", required=True)),
)


def piece(number: int, text: str, heading: str = "ferry.md", score: float = 1.0) -> Item:
    return document(number, text, heading=heading, score=score, passage=True)


def whole(items: Sequence[Item]) -> list[Chosen]:
    return [Chosen(item, Form("full", line(item, item.text), item.tokens)) for item in items]


def cut(*spans: tuple[int, int]) -> list[Item]:
    return [piece(number, TEXT[start:end]) for number, (start, end) in enumerate(spans)]


def shown(chosen: Sequence[Chosen]) -> str:
    return render({"documents": joined(chosen, COUNTER)})


def test_two_pieces_that_overlap_stand_as_the_text_they_were_cut_from() -> None:
    first, second = cut((0, 400), (300, 700))
    chosen = joined(whole([second, first]), COUNTER)
    assert [one.form.within for one in chosen] == [None, "i1"]
    assert chosen[0].form.text == line(second, TEXT[:700])
    assert sum(one.form.tokens for one in chosen) == COUNTER.text(f"{TEXT[:700]}\n")
    assert chosen[1].form.tokens == first.tokens
    assert chosen[0].form.tokens < second.tokens


def test_pieces_that_do_not_overlap_are_set_apart() -> None:
    first, second = cut((0, 400), (500, 900))
    assert shown(whole([second, first])) == (
        f"<documents>\nferry.md\n{TEXT[:400]}\n[…]\n{line(second, TEXT[500:900])}</documents>"
    )


def test_of_other_documents_nothing_is_joined() -> None:
    first, second = cut((0, 400), (300, 700))
    other = replace(second, heading="train.md")
    chosen = whole([first, other])
    assert joined(chosen, COUNTER) == chosen
    assert not list(overlaps([first, replace(second, lead="- ")]))


def test_what_stands_shortened_or_is_no_passage_is_left_as_it_is() -> None:
    first, second = cut((0, 400), (300, 700))
    for other in (
        Chosen(second, Form("extract", line(second, TEXT[300:380]), 30)),
        *whole([replace(second, passage=False)]),
    ):
        chosen = [*whole([first]), other]
        assert joined(chosen, COUNTER) == chosen


@pytest.mark.parametrize(("shared", "count"), [(LEAST - 1, 0), (LEAST, 1)])
def test_a_few_characters_may_agree_by_chance(shared: int, count: int) -> None:
    end = "the ferry to Vik leaves at nine o'clock"[:shared]
    items = [piece(0, f"In summer {end}"), piece(1, f"{end}, in winter not at all")]
    assert len(list(overlaps(items))) == count


def test_a_piece_within_another_and_texts_that_turn_in_a_circle_are_no_passages() -> None:
    inside = cut((0, 400), (100, 300))
    assert joined(whole(inside), COUNTER) == whole(inside)
    one, other = TEXT[:200], TEXT[200:400]
    chosen = joined(whole([piece(0, one + other), piece(1, other + one)]), COUNTER)
    assert [one.form.within for one in chosen] == [None, "i0"]


def test_what_was_joined_is_joined_anew_when_another_piece_stands_between() -> None:
    first, last, between = cut((0, 400), (330, 800), (200, 700))
    before = joined(whole([first, last]), COUNTER)
    assert [one.form.within for one in before] == [None, "i0"]
    chosen = joined([*before, *whole([between])], COUNTER)
    assert chosen == joined(whole([first, last, between]), COUNTER)
    assert chosen[0].form.text == f"{TEXT[:800]}\n"


def test_a_passage_that_loses_a_piece_stands_without_it() -> None:
    first, last = cut((0, 400), (300, 700))
    assert joined(joined(whole([first, last]), COUNTER)[1:], COUNTER) == whole([last])


def test_a_window_that_slides_far_over_itself_is_said_once() -> None:
    items = cut(*((start, start + 300) for start in range(0, 1_000, 60)))
    chosen = joined(whole(items), COUNTER)
    assert sum(one.form.within is None for one in chosen) == 1
    assert chosen[0].form.text == f"{TEXT[: items[-1].order * 60 + 300]}\n"


@given(st.lists(st.tuples(st.integers(0, 2_500), st.integers(1, 900)), min_size=1, max_size=8), st.data())
def test_every_piece_stands_verbatim_and_counts_no_more_than_alone(
    spans: list[tuple[int, int]], data: st.DataObject
) -> None:
    items = [replace(item, id=f"p{n}") for n, item in enumerate(cut(*((start, start + size) for start, size in spans)))]
    items = [item for item in items if item.text.strip()]
    chosen = whole(data.draw(st.permutations(items)))
    passages = joined(chosen, COUNTER)
    text = render({"documents": passages})
    assert [one.item for one in passages] == [one.item for one in chosen]
    assert all(one.item.text in text for one in passages)
    assert all(0 <= one.form.tokens <= one.item.tokens for one in passages)
    lines = [one.form.text for one in passages if one.form.within is None]
    assert sum(one.form.tokens for one in passages) == sum(map(COUNTER.text, lines))
    assert joined(passages, COUNTER) == passages


@pytest.mark.parametrize(
    "splitter",
    [
        RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=100),
        CharacterTextSplitter(separator="\n", chunk_size=500, chunk_overlap=100),
    ],
    ids=["recursive", "lines"],
)
def test_the_pieces_that_a_splitter_made_stand_once(splitter: TextSplitter) -> None:
    page = max((document.text for document in load().documents), key=len)
    pieces = splitter.create_documents([page], [{"source": "manual.md"}])
    texts = [one.page_content for one in pieces]
    overlapping = sum(any(one.endswith(two[:size]) for size in range(LEAST, 101)) for one, two in pairwise(texts))
    source = Documents(lambda _: pieces[::-1])
    builder = ContextBuilder(sources=[source], strategy=ALL, budget=Budget(8_000))
    context = builder.build("How is it descaled?", actor_id="u", session_id="s")
    prompt = "\n".join(message.text for message in context.messages)
    decisions = [one for one in context.report.decisions if one.section == "documents"]
    assert {one.outcome for one in decisions} == {"kept"}
    assert all(text in prompt for text in texts)
    assert overlapping > 1
    assert sum("in one passage with" in one.reason for one in decisions) == overlapping
    assert prompt.count("[…]") == len(texts) - overlapping - 1
    assert sum(one.full_tokens for one in decisions) > sum(one.tokens for one in decisions)
