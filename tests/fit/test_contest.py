"""Contest: stretches of long texts compete one by one for the room of a section."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contextkit.blocks import block_cost, block_message, line_tokens, render
from contextkit.fit.contest import contest
from contextkit.fit.fill import Shelf, best_first
from contextkit.fit.repeats import Repeats
from contextkit.ladder import Ladder
from contextkit.said import Said
from contextkit.strategy import Section
from contextkit.tokens import get_counter
from contextkit.types import Item, Rung, Stretch
from tests.world import ladders

COUNTER = get_counter()
LADDER = Ladder(COUNTER, "ferry", handles=True)
SAID = [
    f"On day {day} the ferry to Ghent left at {day % 24}:{day % 60:02}, which was {day} minutes late. "
    for day in range(90)
]


def page(name: str, *scores: float, first: int = 0) -> Item:
    """A text of ten stretches of nine sentences, from one of those above on, of which these match so well."""
    told = ["".join(SAID[9 * n : 9 * n + 9]) for n in range(first, 10)]
    text = "".join(told)
    ends = [len("".join(told[: n + 1])) for n in range(len(told))]
    stretches = [Stretch(end - len(one), end, score) for one, end, score in zip(told, ends, scores, strict=False)]
    best = tuple(sorted((one for one in stretches if one.score), key=lambda one: -one.score))
    return Item(
        id=name,
        section="documents",
        text=text,
        tokens=line_tokens(COUNTER, "", text),
        heading=name,
        score=max(scores),
        passage=True,
        best=best,
    )


def scores_of_winners(*items: Item, room: int, ceiling: int = 10**6, least: float = 0.0) -> dict[str, list[float]]:
    units = [[item] for item in best_first(items)]
    won = contest(units, room, ceiling=ceiling, least=least, ladder=LADDER, repeats=None).won
    assert sum(each.tokens for each in won.values()) <= room
    return {name: [stretch.score for stretch in each.stretches] for name, each in won.items()}


ONE = COUNTER.text("".join(SAID[:9])) + 40
"""About what one stretch takes, with what stands around it."""


def test_the_best_stretches_win_whichever_text_they_are_of() -> None:
    one, other = page("one", 9, 1, 1, 7), page("other", 0, 0, 0, 0, 8, 6, 1)
    assert scores_of_winners(one, other, room=4 * ONE) == {"one": [9, 7], "other": [8, 6]}
    assert scores_of_winners(one, other, room=3 * ONE) == {"one": [9, 7], "other": [8]}


def test_what_hardly_matches_wins_nothing() -> None:
    assert scores_of_winners(page("one", 9, 1, 3), room=10**6, least=2.0) == {"one": [9, 3]}


def test_no_text_wins_more_than_its_ceiling() -> None:
    found = scores_of_winners(page("one", 9, 8, 7), page("other", 0, 0, 0, 5), room=10**6, ceiling=2 * ONE)
    assert found == {"one": [9, 8], "other": [5]}


def test_where_not_even_the_best_fits_it_wins_all_there_is() -> None:
    assert scores_of_winners(page("one", 9, 8), page("other", 0, 0, 5), room=ONE // 3) == {"one": [9]}


def test_what_one_text_says_another_does_not_say_again() -> None:
    one, copy = page("one", 9, 7), page("copy", 0, 8, 6, first=0)
    assert scores_of_winners(one, copy, room=10**6) == {"one": [9], "copy": [8, 6]}


def test_what_stands_already_wins_nothing() -> None:
    item = page("one", 9, 7)
    start, end, _ = item.best[0]
    stands = Item(id="memory", section="memories", text=item.text[start:end])
    repeats = Repeats(Said(), ())
    repeats.add(stands)
    found = contest([[item]], 10**6, ceiling=10**6, least=0, ladder=LADDER, repeats=repeats)
    assert [stretch.score for stretch in found.won["one"].stretches] == [7]
    assert not found.said


def test_a_text_all_of_whose_stretches_stand_elsewhere_is_said_there() -> None:
    one, copy, other = page("one", 9, 7, 6), page("copy", 8, 0, 5), page("other", 0, 0, 0, 3, 2)
    units = [[one], [copy], [other]]
    found = contest(units, 10**6, ceiling=10**6, least=0, ladder=LADDER, repeats=None)
    assert sorted(found.won) == ["one", "other"]
    assert found.said == {"copy": "one"}
    assert not contest(units, ONE, ceiling=10**6, least=0, ladder=LADDER, repeats=None).said  # there was no room


def test_a_text_that_does_not_compete_in_parts_has_room_by_its_score() -> None:
    code = replace(page("code", 8), best=())
    found = scores_of_winners(page("one", 9, 7), code, page("other", 0, 0, 0, 6), room=2 * ONE + code.tokens)
    assert found == {"one": [9, 7], "code": []}


def shelf(room: int, *ladder: Rung, ceiling: int = 10**6) -> Shelf:
    return Shelf(Section(name="documents", region="volatile", ladder=ladder), LADDER, room, ceiling)


def test_a_section_shows_what_won_and_a_text_whole_where_nothing_else_could_use_the_room() -> None:
    one, other = page("one", 9, 0, 7), page("other", 0, 0, 8, first=3)
    tight = shelf(4 * ONE, "full", "extract")
    tight.fill([one, other])
    text = render({"documents": tight.chosen})
    winners = [(one, one.best[0]), (one, one.best[1]), (other, other.best[0])]
    assert all(item.text[stretch.start : stretch.end].strip() in text for item, stretch in winners)
    assert "day 10 " not in text
    assert text.count("[…]") == 4
    roomy = shelf(one.tokens + 2 * ONE, "full", "extract")
    roomy.fill([one, other])
    assert [one.form.rung for one in roomy.chosen] == ["full", "extract"]


def test_a_page_that_stands_elsewhere_is_not_shown_again() -> None:
    item = page("one", 9, 7)
    repeats = Repeats(Said(), ())
    for number, (start, end, _) in enumerate(item.best):
        repeats.add(Item(id=f"m{number}", section="memories", text=item.text[start:end]))
    filled = Shelf(
        Section(name="documents", region="volatile", ladder=("extract", "handle")), LADDER, 4 * ONE, 10**6, repeats
    )
    filled.fill([item])
    assert [one.form.rung for one in filled.chosen] == ["handle"]
    assert filled.said == {"one": "m0"}


scores = st.lists(st.integers(0, 9), min_size=1, max_size=10).filter(any)


@given(st.lists(scores, min_size=1, max_size=5), st.integers(0, 2_500), st.integers(0, 900), ladders)
def test_what_stands_costs_no_more_than_the_room(
    drawn: list[list[int]], room: int, ceiling: int, ladder: list[Rung]
) -> None:
    filled = shelf(room, *ladder, ceiling=ceiling)
    filled.fill(best_first([page(f"p{n}.md", *each, first=n) for n, each in enumerate(drawn)]))
    text = render({"documents": filled.chosen})
    assert (COUNTER.message(block_message(text)) - block_cost(COUNTER) if text else 0) <= filled.used <= room
    below = all(one.form.rung == "handle" or one.form.tokens <= ceiling for one in filled.chosen)
    assert below or all(one.form.rung == "full" for one in filled.chosen), "where all have room, all stand whole"
