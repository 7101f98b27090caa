"""What was used last is kept, and threads share it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput
from contextkit.recent import SCALE, Recent
from contextkit.testing.conformance.base import THREADS, at_once


def fresh() -> list[int]:
    return []


@pytest.mark.parametrize(
    "use",
    [
        lambda recent: recent.get("a"),
        lambda recent: recent.put("a", 9),
        lambda recent: recent.of("a", lambda: 9),
    ],
    ids=["get", "put", "of"],
)
def test_the_value_used_least_recently_is_forgotten_first(use: Callable[[Recent[str, int]], object]) -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.put("b", 2)
    use(recent)
    recent.put("c", 3)
    assert (recent.get("a") is not None, recent.get("b"), recent.get("c")) == (True, None, 3)


def test_a_value_is_replaced_and_taken_out() -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.put("a", 2)
    assert (recent.get("a"), len(recent)) == (2, 1)
    assert (recent.pop("a"), recent.pop("a"), recent.get("a"), len(recent)) == (2, None, None, 0)


def test_what_is_empty_or_zero_is_a_value() -> None:
    recent = Recent[str, list[int]](2)
    first = recent.of("a", fresh)
    assert recent.of("a", fresh) is first
    assert recent.get("a") is first


def test_a_value_that_could_not_be_made_leaves_nothing_behind() -> None:
    recent = Recent[str, float](1)
    recent.put("a", 1.0)
    with pytest.raises(ZeroDivisionError):
        recent.of("b", lambda: 1 / 0)
    assert (recent.get("a"), recent.get("b")) == (1.0, None)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), max_size=30))
def test_values_that_weigh_differently_come_to_no_more_than_the_most(puts: list[tuple[int, int]]) -> None:
    recent = Recent[int, str](10, len)
    used: dict[int, str] = {}
    for key, weight in puts:
        used.pop(key, None)
        used[key] = "x" * weight
        while len(used) > 1 and sum(map(len, used.values())) > 10:
            del used[next(iter(used))]
        recent.put(key, used[key])
    assert {key: recent.pop(key) for key in range(7)} == {key: used.get(key) for key in range(7)}
    recent.put(0, "x" * 10)
    assert len(recent) == 1


def test_what_grew_is_weighed_when_it_is_put_and_may_stay_alone() -> None:
    recent = Recent[str, list[int]](3, len)
    grows = recent.of("a", list)
    recent.put("b", [1])
    grows.extend(range(9))
    assert len(recent) == 2
    recent.put("a", grows)
    assert (recent.get("a"), recent.get("b")) == (grows, None)


def test_what_grew_in_use_is_weighed_anew_even_if_its_use_failed() -> None:
    recent = Recent[str, list[int]](3, len)
    recent.put("b", [1])
    with pytest.raises(ZeroDivisionError), recent.using("a", list) as grows:
        grows.extend(9 // left for left in range(9, -1, -1))
    assert (recent.get("a"), recent.get("b")) == (grows, None)
    with recent.using("a", list) as same:
        assert same is grows


def test_threads_get_one_and_the_same_value() -> None:
    recent = Recent[str, object](1)
    slow, made = threading.Event(), []

    def make() -> object:
        slow.wait(0.02)
        made.append(object())
        return made[-1]

    assert at_once(lambda _: recent.of("a", make)) == made * THREADS


def test_one_thread_alone_takes_a_value_out() -> None:
    recent = Recent[str, int](1)
    recent.put("a", 1)
    assert sorted(map(str, at_once(lambda _: recent.pop("a")))) == ["1"] + ["None"] * (THREADS - 1)


def test_threads_together_keep_no_more_than_the_most() -> None:
    recent = Recent[int, int](5)

    def work(number: int) -> None:
        for n in range(500):
            recent.put(number * 500 + n, n)
            recent.of(n, lambda: 1)
            recent.get(n + 1)
            recent.pop(n + 2)
            assert len(recent) <= 5

    at_once(work)


@given(st.lists(st.tuples(st.sampled_from(["get", "put", "of", "pop"]), st.integers(0, 5)), max_size=40))
def test_it_is_what_a_list_in_the_order_of_use_says(steps: list[tuple[str, int]]) -> None:
    recent, used = Recent[int, int](3), list[tuple[int, int]]()
    for number, (step, key) in enumerate(steps, 1):
        known = next((value for one, value in used if one == key), None)
        used = [pair for pair in used if pair[0] != key]
        if step == "get":
            assert recent.get(key) == known
        elif step == "pop":
            assert recent.pop(key) == known
            known = None
        elif step == "put":
            recent.put(key, known := number)
        else:
            known = known or number
            assert recent.of(key, partial(int, number)) == known
        if known is not None:
            used = [*used, (key, known)][-3:]
    assert len(recent) == len(used)
    assert [recent.get(key) for key, _ in used] == [value for _, value in used]


def test_an_environment_says_how_much_is_kept_of_values_that_weigh_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCALE, "0.5")
    texts, numbers = Recent[str, str](12, len), Recent[str, str](3)
    for name in "abc":
        texts.put(name, "four")
        numbers.put(name, "four")
    assert (texts.get("a"), texts.get("b"), len(numbers)) == (None, None, 3)


@pytest.mark.parametrize("scale", ["", "0", "-1", "inf", "nan", "half"])
def test_a_scale_that_is_no_number_above_zero_is_refused(monkeypatch: pytest.MonkeyPatch, scale: str) -> None:
    monkeypatch.setenv(SCALE, scale)
    with pytest.raises(InvalidInput, match=f"CONTEXTKIT_CACHE_SCALE is '{scale}'"):
        Recent[str, str](12, len)
