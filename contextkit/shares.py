"""Shares: what sections of a prompt may have of it, as far as their strategy alone says."""

from __future__ import annotations

from contextkit.budget import UNBOUNDED, Claim, allocate
from contextkit.strategy import ContextStrategy, Section, tokens_of


def claim_of(section: Section, wanted: int, available: int) -> Claim:
    """What a section asks of a window of `available` tokens that it could use `wanted` tokens of."""
    return Claim(
        name=section.name,
        demand=wanted,
        floor=tokens_of(section.floor, available),
        ceiling=tokens_of(section.ceiling, available),
        weight=section.weight,
    )


def history_most(strategy: ContextStrategy, filled: frozenset[str], available: int) -> int:
    """The most tokens that past turns can have, beside the `filled` sections that are looked up for every question.

    Each of these is promised all it may have, whatever it finds (see `fit`).
    """
    history = strategy.section("history")
    if history is None or "history" not in filled:
        return 0
    beside = [section for section in strategy.region("volatile") if section.name in filled]
    return allocate(available, [claim_of(section, UNBOUNDED, available) for section in (history, *beside)])["history"]


def longest_shown(strategy: ContextStrategy, available: int) -> int:
    """The most tokens that one past message takes, where the room is needed: a longer one then stands shortened."""
    history = strategy.section("history")
    return available if history is None else tokens_of(history.item_ceiling, available)
