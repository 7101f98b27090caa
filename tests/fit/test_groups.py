"""Items that belong together stand together or not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextkit.blocks import line_tokens
from contextkit.fit.fill import Shelf, best_first
from contextkit.ladder import Ladder
from contextkit.strategy import Section
from contextkit.tokens import get_counter
from contextkit.types import Item

COUNTER = get_counter()


def item(number: int, group: str | None, score: float, words: int) -> Item:
    text = f"Line {number} " + "and more words " * words
    return Item(
        id=f"i{number}",
        section="documents",
        text=text,
        tokens=line_tokens(COUNTER, "", text),
        score=score,
        group=group,
        order=number,
        heading=f"Heading {number % 3}",
    )


ITEMS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c"]), st.floats(0, 10), st.integers(0, 30)), max_size=14
).map(lambda drawn: [item(number, *one) for number, one in enumerate(drawn)])


@given(items=ITEMS, room=st.integers(0, 400), relevance=st.sampled_from([0.0, 0.3]), ladder=st.booleans())
def test_a_group_stands_whole_or_not_at_all(items: list[Item], room: int, relevance: float, ladder: bool) -> None:
    rungs = ("full", "extract") if ladder else ("full",)
    section = Section(name="documents", region="volatile", relevance=relevance, ladder=rungs)
    shelf = Shelf(section, Ladder(COUNTER, "words", handles=False), room, room)
    shelf.fill(best_first(items))
    shown = {one.item.id: one.form.rung for one in shelf.chosen}
    for name in {one.group for one in items} - {None}:
        members = [one.id for one in items if one.group == name]
        if len(members) > 1:
            assert {shown.get(member) for member in members} in ({"full"}, {None})
    assert shelf.used <= room
