"""Place: best at both ends, weakest in the middle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextkit.place import edges
from contextkit.place import runs as runs_under
from contextkit.types import Item


def test_the_best_stands_last_and_the_second_first() -> None:
    assert edges([1, 2, 3, 4, 5]) == [2, 4, 5, 3, 1]
    assert edges([1]) == [1]
    assert edges([]) == []


@given(st.lists(st.integers(), unique=True))
def test_rank_falls_from_both_ends(best_first: list[int]) -> None:
    placed = [best_first.index(one) for one in edges(best_first)]
    assert sorted(placed) == list(range(len(best_first)))
    weakest = placed.index(max(placed)) if placed else 0
    assert placed[:weakest] == sorted(placed[:weakest])
    assert placed[weakest:] == sorted(placed[weakest:], reverse=True)


def runs(items: list[Item]) -> list[list[Item]]:
    return runs_under(items, lambda item: item.heading)


def item(name: str, score: float, order: int = 0, heading: str = "") -> Item:
    return Item(id=name, section="recall", text=name, tokens=1, score=score, order=order, heading=heading)


def test_items_under_one_heading_keep_their_natural_order() -> None:
    day = [item("b", 9, 2, "Monday"), item("a", 1, 1, "Monday")]
    assert [[one.id for one in run] for run in runs([*day, item("c", 5)])] == [["c"], ["a", "b"]]


def test_a_run_is_as_good_as_its_best_item() -> None:
    placed = runs([item("a", 1, 1, "x"), item("b", 9, 2, "x"), item("c", 5, 3, "y"), item("d", 3, 4, "z")])
    assert [run[0].heading for run in placed] == ["y", "z", "x"]


def test_items_without_a_heading_stand_alone() -> None:
    assert len(runs([item("a", 1), item("b", 2)])) == 2


def test_equals_stand_in_a_fixed_order() -> None:
    items = [item(name, 1, order) for order, name in enumerate("abcd")]
    assert runs(items) == runs(items[::-1])
