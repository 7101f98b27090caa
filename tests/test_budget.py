"""Budgets, and how sections share one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.budget import LARGEST, Budget, Claim, allocate
from contextkit.errors import InvalidBudget


@pytest.mark.parametrize(
    ("window", "reserve", "margin"),
    [(0, 0, 0.0), (-5, 0, 0.0), (10, 10, 0.0), (10, 11, 0.0), (10, -1, 0.0), (10, 0, 1.0), (10, 0, -0.1)],
)
def test_a_budget_without_room_is_refused(window: int, reserve: int, margin: float) -> None:
    with pytest.raises(InvalidBudget) as caught:
        Budget(window, reserve, margin)
    assert caught.value.value in (window, reserve, margin)
    assert caught.value.remedy


@pytest.mark.parametrize("window", [LARGEST + 1, 10**22, 10**3_000])
def test_a_window_is_no_larger_than_can_be_reckoned_with(window: int) -> None:
    with pytest.raises(InvalidBudget, match=r"more than 9,007,199,254,740,992\. Use the context window of your model"):
        Budget(window)
    assert Budget(LARGEST, margin=0.5).available() == LARGEST // 2


@pytest.mark.parametrize("value", [1.5, "128k", True, None])
def test_a_window_is_a_whole_number(value: Any) -> None:
    with pytest.raises(InvalidBudget, match="whole number"):
        Budget(value)


@pytest.mark.parametrize("margin", [float("nan"), "0.1", None])
def test_a_margin_is_a_fraction(margin: Any) -> None:
    with pytest.raises(InvalidBudget, match="margin"):
        Budget(1_000, margin=margin)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), -1.0, "3", True])
def test_a_price_is_a_sum_of_dollars(price: Any) -> None:
    with pytest.raises(InvalidBudget, match="price"):
        Budget(1_000, price=price)


def test_a_prompt_costs_what_its_tokens_cost() -> None:
    assert Budget(1_000, price=3.0).cost(20_000) == pytest.approx(0.06)
    assert Budget(1_000, price=0).cost(20_000) == 0
    assert Budget(1_000).cost(20_000) is None


def test_what_is_available_leaves_the_reserve_and_the_margin() -> None:
    assert Budget(10_000, reserve=1_000, margin=0.05).available() == 8_500
    assert Budget(10_000, reserve=1_000, margin=0.05).available(0.10) == 7_500


@dataclass
class Model:
    profile: dict[str, Any] | None = None
    max_tokens: int | None = None


def test_a_chat_model_gives_its_window_and_its_reserve() -> None:
    assert Budget.of(Model({"max_input_tokens": 8_000, "max_output_tokens": 500})) == Budget(8_000, reserve=500)  # type: ignore[arg-type]
    assert Budget.of(Model({"max_input_tokens": 8_000}, max_tokens=100)) == Budget(8_000, reserve=100)  # type: ignore[arg-type]
    assert Budget.of(8_000) == Budget(8_000)


@pytest.mark.parametrize("model", [Model(), Model({"max_input_tokens": None}), "gpt-4o"])
def test_a_model_without_a_profile_says_what_to_do(model: Any) -> None:
    with pytest.raises(InvalidBudget, match=r"Budget\(window="):
        Budget.of(model)


claims = st.lists(
    st.builds(
        Claim,
        name=st.text("abcdef", min_size=1, max_size=3),
        demand=st.integers(0, 500),
        floor=st.integers(0, 200),
        ceiling=st.integers(0, 600),
        weight=st.integers(0, 5),
    ),
    max_size=7,
    unique_by=lambda claim: claim.name,
)


@given(st.integers(0, 2_000), claims)
def test_shares_stay_within_all_bounds(available: int, wanted: list[Claim]) -> None:
    shares = allocate(available, wanted)
    assert set(shares) == {claim.name for claim in wanted}
    assert sum(shares.values()) <= available
    for claim in wanted:
        assert 0 <= shares[claim.name] <= min(claim.demand, claim.ceiling)


@given(st.integers(0, 2_000), claims)
def test_floors_come_first_and_nothing_is_left_that_anybody_could_use(available: int, wanted: list[Claim]) -> None:
    shares = allocate(available, wanted)
    floors = {claim.name: min(claim.floor, claim.demand, claim.ceiling) for claim in wanted}
    if sum(floors.values()) <= available:
        assert all(shares[name] >= floor for name, floor in floors.items())
        hungry = [c for c in wanted if c.weight and shares[c.name] < min(c.demand, c.ceiling)]
        assert not hungry or sum(shares.values()) == available
    else:
        assert sum(shares.values()) == available


def test_what_one_leaves_is_shared_by_the_others_in_proportion() -> None:
    shares = allocate(
        1_000,
        [
            Claim("small", 40),
            Claim("one", 2_000, weight=1),
            Claim("three", 2_000, weight=3),
            Claim("capped", 900, ceiling=160),
        ],
    )
    assert shares == {"small": 40, "one": 200, "three": 600, "capped": 160}


def test_a_section_of_no_weight_gets_its_floor() -> None:
    assert allocate(100, [Claim("a", 80, floor=10, weight=0), Claim("b", 50)]) == {"a": 10, "b": 50}


@pytest.mark.parametrize("budget", [None, "8000", "gpt-4o", 8_000.0, {"window": 8_000}, Budget], ids=repr)
def test_what_is_no_budget_is_named(budget: Any) -> None:
    with pytest.raises(InvalidBudget, match=r"The budget is .* Pass a whole number of tokens, Budget\("):
        Budget.of(budget)
