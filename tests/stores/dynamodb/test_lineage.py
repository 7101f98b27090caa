"""Lineages: stretches of former lives, what is late in them, and how both become one conversation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Lineage, Stretch


def listed(lineage: Lineage) -> list[tuple[str, int]]:
    """Every message as its life and its number there, in the order of the conversation."""
    return [(one.life, seq) for one in lineage.stretches for seq in range(one.first, one.last + 1)]


def life(lineage: Lineage, last_seq: int, name: str = "z") -> Life:
    return Life(
        actor_id="a",
        session_id="s",
        life=name,
        created_at=1,
        updated_at=1,
        last_seq=last_seq,
        inherited=lineage.text,
    )


def test_what_is_late_stands_where_its_life_was_broken_off() -> None:
    taken_over = Lineage().followed_by(Stretch("a", 1, 3)).followed_by(Stretch("b", 4, 5))
    merged = taken_over.with_late([Stretch("a", 1, 5)], {})
    assert listed(merged) == [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5), ("b", 4), ("b", 5)]
    assert merged.late([Stretch("a", 1, 5)]) == []


def test_what_is_there_already_is_left_out_and_never_late_again() -> None:
    merged = Lineage().followed_by(Stretch("b", 1, 2)).with_late([Stretch("a", 1, 4)], {"a": [1, 4]})
    assert listed(merged) == [("a", 2), ("a", 3), ("b", 1), ("b", 2)]
    assert merged.late([Stretch("a", 1, 4)]) == []


def test_a_life_that_is_new_here_stands_behind_what_it_followed() -> None:
    ours = Lineage().followed_by(Stretch("a", 1, 3)).followed_by(Stretch("b", 4, 4))
    theirs = [Stretch("a", 1, 3), Stretch("c", 4, 5)]
    assert listed(ours.with_late(theirs, {}))[3:] == [("c", 4), ("c", 5), ("b", 4)]


def test_a_life_without_a_message_is_known_too() -> None:
    ours = Lineage().followed_by(Stretch("a", 1, 3))
    theirs = Lineage().followed_by(Stretch("b", 1, 0))
    assert ours.lacks(theirs)
    both = ours.with_lives(theirs)
    assert (both.stretches, both.lives) == (ours.stretches, ["a", "b"])
    assert not both.lacks(theirs)
    assert both.lacks(theirs.followed_by(Stretch("c", 1, 1)))
    assert both.late([Stretch("b", 1, 2)]) == [Stretch("b", 1, 2)]


def test_numbers_follow_what_was_put_before_them() -> None:
    merged = (
        Lineage().followed_by(Stretch("a", 1, 3)).followed_by(Stretch("b", 4, 5)).with_late([Stretch("a", 1, 4)], {})
    )
    now = life(merged, last_seq=8)
    assert [now.number("a", 4), now.number("b", 4), now.number("b", 5), now.number("z", 7)] == [4, 5, 6, 7]
    assert [now.number("b", 6), now.number("z", 6), now.number("other", 1)] == [None, None, None]
    assert [(span.stretch, span.shift) for span in now.spans(4, 7)] == [
        (Stretch("a", 4, 4), 0),
        (Stretch("b", 4, 5), 1),
        (Stretch("z", 7, 7), 0),
    ]
    assert (now.steady("a"), now.steady("b")) == (4, 0)


BRANCHES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=4)


@given(BRANCHES, st.sets(st.integers(1, 12)))
def test_nothing_is_lost_or_doubled_and_each_life_keeps_its_order(
    branches: list[tuple[int, int]], doubled: set[int]
) -> None:
    """Lives that follow one another, each having seen only a part of the one before when it took over."""
    lineage, others, size = Lineage(), [], 0
    for number, (seen, unseen) in enumerate(branches):
        name = f"life{number}"
        others.append(Stretch(name, size + 1, size + seen + unseen))
        lineage = lineage.followed_by(Stretch(name, size + 1, size + seen))
        size = lineage.size
    left_out = {
        one.life: [seq for seq in doubled if one.first <= seq <= one.last]
        for other in others
        for one in lineage.late([other])
    }
    for other in others:
        lineage = lineage.with_late([other], left_out)
    messages = listed(lineage)
    assert len(set(messages)) == len(messages) == lineage.size
    everything = {(one.life, seq) for one in others for seq in range(one.first, one.last + 1)}
    assert everything - set(messages) == {(name, seq) for name, seqs in left_out.items() for seq in seqs}
    for one in others:
        own = [seq for name, seq in messages if name == one.life]
        assert own == sorted(own)
    assert [one for other in others for one in lineage.late([other])] == []
    assert all(
        before.life != after.life or before.last + 1 < after.first for before, after in pairwise(lineage.stretches)
    )
    assert Lineage.of(lineage.text) == lineage


@pytest.mark.parametrize("lineage", [Lineage(), Lineage((), {"a": 0}), Lineage((Stretch("a", 1, 2),), {"a": 2})])
def test_a_lineage_comes_back_from_its_column(lineage: Lineage) -> None:
    assert Lineage.of(lineage.text) == lineage


@pytest.mark.parametrize("text", ["", "[", "[]", "[1,{}]", '[[["life",1]],{}]', "[[],7]"])
def test_a_lineage_that_is_damaged_is_told(text: str) -> None:
    with pytest.raises(StoreCorrupt, match="taken over is damaged"):
        Lineage.of(text)
