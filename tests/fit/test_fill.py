"""Fill: best first, each on the richest rung that fits, never more than the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contextkit.blocks import block_cost, block_message, render
from contextkit.fit.fill import Shelf, best_first, demand, worthwhile
from contextkit.fit.repeats import Repeats
from contextkit.ladder import Ladder
from contextkit.said import Said
from contextkit.strategy import Section
from contextkit.tokens import get_counter
from contextkit.types import Item, Provenance, Rung
from tests.fit.candidates import document
from tests.world import ladders, texts

COUNTER = get_counter()
COUNTED = Ladder(COUNTER, "Ghent", handles=False)


def item(number: int, text: str, score: float = 1.0, heading: str = "", title: str | None = None) -> Item:
    return document(number, text, score=score, heading=heading, provenance=Provenance(title=title))


def shelf(
    room: int,
    *ladder: Rung,
    handles: bool = True,
    item_ceiling: int = 10**6,
    relevance: float = 0.0,
    limit: int = 0,
) -> Shelf:
    rungs = ladder or ("full",)
    section = Section(name="documents", region="volatile", ladder=rungs, relevance=relevance, limit=limit)
    return Shelf(section, Ladder(COUNTER, "Ghent", handles), room, item_ceiling)


drawn = st.lists(st.tuples(texts, st.floats(0, 9), st.sampled_from(["", "8 May", "9 May"])), max_size=9)


@given(drawn, st.integers(0, 900), ladders, st.booleans(), st.integers(0, 300))
def test_what_stands_costs_what_was_reckoned_and_never_more_than_the_room(
    given_items: Sequence[tuple[str, float, str]], room: int, ladder: list[Rung], handles: bool, ceiling: int
) -> None:
    items = [item(number, text, score, heading) for number, (text, score, heading) in enumerate(given_items)]
    filled = shelf(room, *ladder, handles=handles, item_ceiling=ceiling)
    filled.fill(best_first(items))
    text = render({"documents": filled.chosen})
    written = COUNTER.message(block_message(text)) - block_cost(COUNTER) if text else 0
    assert written <= filled.used <= room
    for one in filled.chosen:
        assert one.form.rung in ladder
        assert one.form.tokens <= one.item.tokens
        assert one.form.rung == "full" or one.form.tokens < one.item.tokens
        assert one.form.rung != "full" or one.item.tokens <= ceiling or demand(items, filled.section, COUNTED) <= room
        assert one.form.rung != "handle" or handles
    assert len({one.item.id for one in filled.chosen}) == len(filled.chosen)
    assert filled.used <= demand(items, filled.section, filled.ladder)


def test_a_shortened_item_leaves_room_for_what_could_use_it_and_takes_what_nothing_could() -> None:
    ferry = item(0, LONG, 9.0)
    others = [item(number, f"The {number}. train leaves at {number}. " * 12, 5.0 - number) for number in range(1, 4)]
    between = shelf(ferry.tokens // 2, "full", "extract")
    between.fill([ferry, *others])
    assert [one.form.rung for one in between.chosen] == ["extract", "full", "full", "full"]
    assert between.chosen[0].form.tokens > ferry.tokens // 8
    alone = shelf(ferry.tokens // 2, "full", "extract")
    alone.fill([ferry])
    (whole,) = alone.chosen
    assert whole.form.tokens > 0.4 * ferry.tokens
    assert sum(one.form.tokens for one in between.chosen) > 0.8 * whole.form.tokens


LONG = " ".join(f"On day {day} the ferry to Ghent left at {day % 24}:{day % 60:02}." for day in range(1, 90))
spans = st.tuples(st.integers(0, 2_000), st.integers(40, 900))


def pieces(*spans: tuple[int, int], heading: str = "ferry.md") -> list[Item]:
    """Of a long text what stands from each place on, so many characters of it; the first are the best."""
    cut = enumerate(LONG[start : start + size] for start, size in spans)
    return [replace(item(number, text, 9.0 - number, heading), passage=True) for number, text in cut]


@given(st.lists(spans, max_size=8), st.integers(0, 1_200), ladders, st.sampled_from(["", "ferry.md"]))
def test_what_pieces_that_overlap_cost_is_what_is_written(
    spans: list[tuple[int, int]], room: int, ladder: list[Rung], heading: str
) -> None:
    items = pieces(*spans, heading=heading)
    filled = shelf(room, *ladder)
    filled.fill(best_first(items))
    text = render({"documents": filled.chosen})
    written = COUNTER.message(block_message(text)) - block_cost(COUNTER) if text else 0
    newline = COUNTER.text("</documents>\n") - COUNTER.text("</documents>")
    assert filled.used <= room
    assert filled.used == (written + newline if text else 0)
    assert all(one.item.text in text for one in filled.chosen if one.form.rung == "full")
    assert filled.used <= demand(items, filled.section, filled.ladder)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from(["", "a.md", "b.md"])), max_size=9),
    st.integers(0, 500),
    ladders,
)
def test_whatever_is_left_out_as_said_is_said(spans: list[tuple[int, int, str]], room: int, ladder: list[Rung]) -> None:
    said = [f"{sentence}." for sentence in LONG.split(". ")]
    items = [
        replace(item(number, " ".join(said[start : start + size]), 9.0 - number, heading), passage=True)
        for number, (start, size, heading) in enumerate(spans)
    ]
    repeats = Repeats(Said(), ())
    filled = replace(shelf(room, *ladder), repeats=repeats)
    filled.fill(best_first(items))
    text = render({"documents": filled.chosen})
    written = COUNTER.message(block_message(text)) - block_cost(COUNTER) if text else 0
    newline = COUNTER.text("</documents>\n") - COUNTER.text("</documents>")
    assert filled.used == (written + newline if text else 0)
    assert filled.used <= room
    standing = {one.item.id for one in filled.chosen}
    assert standing.isdisjoint(repeats.reasons)
    whole = {one.item.id for one in filled.chosen if one.form.rung == "full"}
    shortened = standing - whole
    assert shortened or all(one.text in text for one in items if one.id in {*whole, *repeats.reasons})


def test_what_is_said_once_leaves_room_for_more() -> None:
    overlapping, other = pieces((0, 900), (500, 900)), replace(item(7, LONG[3_000:3_400], 1), passage=True)
    room = demand(pieces((0, 1_400)), shelf(0).section, shelf(0).ladder) + other.tokens
    assert demand([*overlapping, other], shelf(0).section, shelf(0).ladder) > room + 80
    filled = shelf(room + 80)
    filled.fill(best_first([*overlapping, other]))
    assert [one.item.id for one in filled.chosen] == ["i0", "i1", "i7"]
    assert filled.used <= room


def test_the_best_is_taken_before_the_rest() -> None:
    items = [item(number, f"Document {number} about Ghent.", score=number) for number in range(10)]
    filled = shelf(45)
    filled.fill(best_first(items))
    taken = [one.item.id for one in filled.chosen]
    assert taken == [f"i{number}" for number in range(9, 9 - len(taken), -1)]
    assert 1 <= len(taken) < 10


def test_what_does_not_fit_makes_room_for_what_does() -> None:
    filled = shelf(30)
    filled.fill(best_first([item(1, "word " * 100, 9), item(2, "A short one.", 1)]))
    assert [one.item.id for one in filled.chosen] == ["i2"]


def test_a_long_item_stands_as_an_extract_then_as_a_handle_then_not_at_all() -> None:
    long = item(1, "The train to Ghent was late again today. " * 60, title="Report")
    for room, rung in ((700, "full"), (150, "extract"), (40, "handle"), (20, None)):
        filled = shelf(room, "full", "extract", "handle")
        filled.fill([long])
        assert [one.form.rung for one in filled.chosen] == ([rung] if rung else [])


def test_an_item_above_its_ceiling_is_shortened_where_others_have_no_room_to_stand_whole() -> None:
    long = item(1, "The train to Ghent was late again today. " * 60)
    others = [item(number, f"The {number}. train leaves at {number}. " * 12) for number in range(2, 40)]
    filled = shelf(3_000, "full", "extract", item_ceiling=100)
    filled.fill([long, *others])
    assert filled.chosen[0].form.rung == "extract"
    assert filled.chosen[0].form.tokens <= 100


def test_items_above_their_ceiling_stand_whole_where_all_have_room() -> None:
    long = item(1, "The train to Ghent was late again today. " * 60, title="Report")
    weak = [item(number, f"The {number}. train leaves at {number}. " * 99, 0.1) for number in range(2, 40)]
    room = demand([long], shelf(0).section, COUNTED)
    filled = shelf(room, "full", "extract", "handle", item_ceiling=100, relevance=0.5)
    filled.fill([long, *weak])
    assert [(one.item.id, one.form.rung) for one in filled.chosen] == [("i1", "full")]
    limited = shelf(room, "full", "extract", "handle", item_ceiling=100, limit=1)
    limited.fill([long, *weak])
    assert [(one.item.id, one.form.rung) for one in limited.chosen] == [("i1", "full")]


def test_what_may_not_stand_whole_is_shortened_to_its_ceiling_though_there_is_room() -> None:
    filled = shelf(5_000, "extract", item_ceiling=100)
    filled.fill([item(1, "The train to Ghent was late again today. " * 60)])
    assert filled.chosen[0].form.tokens <= 100


def test_some_room_is_kept_for_handles() -> None:
    items = [
        item(number, f"Document {number} about Ghent. " * 12, 10 - number, title=f"Title {number}")
        for number in range(9)
    ]
    filled = shelf(400, "full", "handle")
    filled.fill(best_first(items))
    assert {one.form.rung for one in filled.chosen} == {"full", "handle"}


def test_without_a_reader_no_handle_is_made() -> None:
    filled = shelf(60, "full", "handle", handles=False)
    filled.fill([item(1, "word " * 100)])
    assert filled.chosen == []


def test_what_hardly_matches_is_not_worth_its_tokens() -> None:
    units = [[item(number, "x", score)] for number, score in enumerate([10.0, 5.0, 3.9, 0.0])]
    assert [unit[0].score for unit in worthwhile(units, 0.4)] == [10.0, 5.0]
    assert len(worthwhile(units, 0.0)) == 4
    assert worthwhile([], 0.4) == []


def test_equals_are_taken_in_natural_order() -> None:
    items = [item(number, "x") for number in range(4)]
    assert best_first(items[::-1]) == items


@given(drawn, st.integers(0, 900), ladders, st.integers(1, 5))
def test_no_more_stand_than_the_limit_and_they_are_the_best_of_those_without(
    given_items: Sequence[tuple[str, float, str]], room: int, ladder: list[Rung], limit: int
) -> None:
    items = best_first(
        [item(number, text, score, heading) for number, (text, score, heading) in enumerate(given_items)]
    )
    limited, free = shelf(room, *ladder, handles=False, limit=limit), shelf(room, *ladder, handles=False)
    limited.fill(items)
    free.fill(items)
    assert [one.item.id for one in limited.chosen] == [one.item.id for one in free.chosen][:limit]


def one_of_a_group(number: int, group: str | None, score: float, words: int) -> Item:
    text = f"Line {number} " + "and more words " * words
    return document(number, text, score=score, group=group, heading=f"Heading {number % 3}")


in_groups = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c"]), st.floats(0, 10), st.integers(0, 30)), max_size=14
).map(lambda drawn: [one_of_a_group(number, *one) for number, one in enumerate(drawn)])


@given(in_groups, st.integers(0, 400), st.sampled_from([0.0, 0.3]), st.booleans())
def test_a_group_stands_whole_or_not_at_all(items: list[Item], room: int, relevance: float, shortens: bool) -> None:
    rungs: tuple[Rung, ...] = ("full", "extract") if shortens else ("full",)
    filled = shelf(room, *rungs, handles=False, item_ceiling=room, relevance=relevance)
    filled.fill(best_first(items))
    shown = {one.item.id: one.form.rung for one in filled.chosen}
    for name in {one.group for one in items} - {None}:
        members = [one.id for one in items if one.group == name]
        if len(members) > 1:
            assert {shown.get(member) for member in members} in ({"full"}, {None})
    assert filled.used <= room
