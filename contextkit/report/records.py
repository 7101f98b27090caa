"""The facts of one build: frozen records, written once and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from contextkit.strategy import Region
from contextkit.types import Notice, Outcome, Rung

__all__ = ["Decision", "Notice", "Part", "SectionUse", "SourceRun", "SourceStatus"]

SourceStatus: TypeAlias = Literal["ok", "late", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one item. Every gathered item has exactly one.

    `tokens` is what it costs in the prompt (0 where it does not stand there), `full_tokens` what
    its full form would. `rung` is the form that stands in the prompt, None where none does.
    `handle` reads the full text back. `score` is its relevance within its section, None where
    the section is not ranked. `reason` is a clause that completes "because …".
    """

    item_id: str
    section: str
    outcome: Outcome
    reason: str
    tokens: int
    full_tokens: int
    handle: str | None = None
    source: str = ""
    score: float | None = None
    rung: Rung | None = None

    @property
    def shown(self) -> bool:
        """Whether any form of the item stands in the prompt."""
        return self.rung is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionUse:
    """What one section of the strategy was given and what it used, in tokens and in items.

    `share` is what the allocation gave it; `floor` and `ceiling` are the bounds it was given
    within (no ceiling: None). `kept` to `dropped` count its decisions by outcome.
    """

    name: str
    region: Region
    share: int
    used: int
    floor: int = 0
    ceiling: int | None = None
    kept: int = 0
    shortened: int = 0
    moved: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """How one source did: wall-clock seconds until it answered or was given up, and what it gave."""

    name: str
    seconds: float
    status: SourceStatus = "ok"
    items: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the prompt, in prompt order, whose bytes are compared from build to build.

    `label` names it within its section and stays the same while it is the same piece (a tool's
    name, a message's id). `text` is everything the provider would see of it. What it counts as takes
    no part in the comparison: a counter that has learnt something changes no byte.
    """

    section: str
    label: str
    text: str
    tokens: int = field(compare=False)
