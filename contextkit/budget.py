"""Budget: how large a prompt may be, and how its sections share that size.

Everything here is integer arithmetic on token counts: no I/O, no floats in a result, and the
same input always gives the same output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from contextkit.errors import InvalidBudget, shortened

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LARGEST: Final = 2**53
"""Tokens of a window. Of a larger one, which no model has, a fraction could not be reckoned exactly."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The hard ceiling of a prompt, in tokens.

    `window` is the model's whole context window. `reserve` is kept free for the answer.
    `margin` is a fraction of the window kept free against miscounting, for models whose
    tokenizer is not public; what a calibration has learnt is added to it. Messages, tool
    schemas and framing together never exceed `window - reserve - margin`.

    `price` is what a million tokens of input cost, in US dollars: reports then say what a prompt costs
    that its provider has nothing of in its cache.
    """

    window: int
    reserve: int = 0
    margin: float = 0.0
    price: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("window", self.window), ("reserve", self.reserve)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise InvalidBudget(
                    f"The budget's {name} is {value!r}, not a whole number.", "Give it in tokens.", value=value
                )
        if not 0 < self.window <= LARGEST:
            more = f", more than {LARGEST:,}" if self.window > 0 else ""
            raise InvalidBudget(
                f"The budget's window is {shortened(self.window)} tokens{more}.",
                "Use the context window of your model, such as 128_000.",
                value=self.window,
            )
        if not 0 <= self.reserve < self.window:
            raise InvalidBudget(
                f"The budget's reserve of {self.reserve} tokens leaves nothing of its window of {self.window}.",
                "Reserve at least 0 and fewer tokens than the window.",
                value=self.reserve,
            )
        if not isinstance(self.margin, int | float) or not 0 <= self.margin < 1:
            raise InvalidBudget(
                f"The budget's margin is {self.margin!r}.",
                "Use a fraction of the window from 0 to below 1, such as 0.05.",
                value=self.margin,
            )
        if self.price is not None and not _is_price(self.price):
            raise InvalidBudget(
                f"The budget's price is {self.price!r}.",
                "Give what a million tokens of input cost, in US dollars, such as 3.0.",
                value=self.price,
            )

    @classmethod
    def of(cls, budget: Budget | int | BaseChatModel) -> Budget:
        """A budget from a budget, a window size in tokens, or a LangChain chat model.

        A chat model says its window in its profile (`max_input_tokens`, and `max_output_tokens`
        for the reserve, which its own `max_tokens` overrides); one without a profile is an `InvalidBudget`.
        """
        if isinstance(budget, Budget):
            return budget
        if isinstance(budget, int):
            return cls(budget)
        return cls._of_model(budget)

    @classmethod
    def _of_model(cls, model: BaseChatModel) -> Budget:
        if isinstance(model, str | float | Mapping | type) or model is None:
            raise InvalidBudget(
                f"The budget is {shortened(model)}.",
                "Pass a whole number of tokens, Budget(window=…, reserve=…), or a LangChain chat model.",
                value=model,
            )
        profile = getattr(model, "profile", None) or {}
        window = profile.get("max_input_tokens")
        if not isinstance(window, int):
            raise InvalidBudget(
                f"{type(model).__name__} has no profile that gives its context window.",
                "Pass Budget(window=…, reserve=…) instead.",
                value=type(model).__name__,
            )
        wanted = getattr(model, "max_tokens", None) or profile.get("max_output_tokens") or 0
        return cls(window, reserve=min(int(wanted), window // 2))

    def available(self, learnt_margin: float = 0.0) -> int:
        """Tokens that messages, tools and framing may use together."""
        margin = min(self.margin + learnt_margin, 0.9)
        return self.window - self.reserve - int(self.window * margin)

    def cost(self, tokens: int) -> float | None:
        """What so many tokens of input cost, in US dollars; None without a price."""
        return None if self.price is None else tokens * self.price / 1_000_000


def _is_price(price: object) -> bool:
    return isinstance(price, int | float) and not isinstance(price, bool) and 0 <= price < math.inf


UNBOUNDED: Final = 2**62
"""More tokens than any window has."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one section asks of the budget, in tokens.

    It can use `demand` and may have at most `ceiling`. It gets `floor` before anybody gets
    more, and then its part of the rest in proportion to `weight`.
    """

    name: str
    demand: int
    floor: int = 0
    ceiling: int = UNBOUNDED
    weight: int = 1

    @property
    def most(self) -> int:
        return max(0, min(self.demand, self.ceiling))


def allocate(available: int, claims: Sequence[Claim]) -> dict[str, int]:
    """Share `available` tokens between claims; returns tokens by section name.

    Floors first (cut in proportion where they do not all fit), then the rest by weight. A
    section never gets more than it can use or its ceiling, and what one leaves is shared again
    between the others until nothing moves: weighted max-min fairness.
    """
    floors = {claim.name: min(claim.floor, claim.most) for claim in claims}
    needed = sum(floors.values())
    if needed > available:
        return _proportions(max(0, available), floors)
    shares = dict(floors)
    rest = available - needed
    hungry = [claim for claim in claims if claim.weight > 0 and shares[claim.name] < claim.most]
    while rest > 0 and hungry:
        for name, grant in _proportions(rest, {claim.name: claim.weight for claim in hungry}).items():
            room = next(claim.most for claim in hungry if claim.name == name) - shares[name]
            taken = min(grant, room)
            shares[name] += taken
            rest -= taken
        hungry = [claim for claim in hungry if shares[claim.name] < claim.most]
    return shares


def _proportions(total: int, weights: dict[str, int]) -> dict[str, int]:
    """Split a whole number by weights; the largest remainders get the last tokens (Hamilton's method)."""
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    parts = {name: total * weight // whole for name, weight in weights.items()}
    left = total - sum(parts.values())
    by_remainder = sorted(weights, key=lambda name: -(total * weights[name] % whole))
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts
