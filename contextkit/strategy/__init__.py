"""ContextStrategy: how the window is shared, read from `strategies/context/*.toml`.

A strategy is data: frozen, declarative, never executable. Every key is known and checked, and a
mistake is answered with the file, the line and the nearest key that exists.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from contextkit.strategy.file import StrategyFile
from contextkit.strategy.section import BLOCKS, DEADLINE, Region, Section, read_sections, tokens_of
from contextkit.strategy.shipped import shipped_names, strategy_file, strategy_folder

__all__ = [
    "BLOCKS",
    "ContextStrategy",
    "Region",
    "Section",
    "parse_strategy",
    "read_strategy",
    "strategy_folder",
    "strategy_names",
    "tokens_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextStrategy:
    """How a window is shared, kept stable, and relieved.

    * `description`: what it is for, in one line.
    * `sections`: in the order in which they stand within their regions.
    * `history_low`: where history ends up, as a part of its share, when it has outgrown it. The
      cursor then moves rarely and far, and the provider's prompt cache holds in between.
    * `read_tool`: offer the model the `read_context` tool, which reads handles.
    """

    name: str
    description: str
    sections: tuple[Section, ...]
    history_low: float = 0.5
    read_tool: bool = False

    def section(self, name: str) -> Section | None:
        """The section of that name, or None where this strategy has no place for it."""
        return next((section for section in self.sections if section.name == name), None)

    def region(self, region: Region) -> tuple[Section, ...]:
        """The sections of a region, in order."""
        return tuple(section for section in self.sections if section.region == region)

    def seconds(self, filled: Collection[str]) -> float:
        """How long a build may wait for the slowest of the sections that its sources fill."""
        return max((section.deadline for section in self.sections if section.name in filled), default=DEADLINE)

    @classmethod
    def load(cls, strategy: str | Path | ContextStrategy) -> ContextStrategy:
        """A strategy from itself, from the name of one that ships with contextkit, or from a TOML file."""
        if isinstance(strategy, ContextStrategy):
            return strategy
        return read_strategy(strategy_file("context", strategy))


def strategy_names() -> list[str]:
    """The names of the context strategies that ship with contextkit."""
    return shipped_names("context")


def read_strategy(path: Path) -> ContextStrategy:
    """Read and check one strategy file."""
    return _strategy(path.stem, StrategyFile.read(path))


def parse_strategy(text: str, *, name: str, file: str = "<strategy>") -> ContextStrategy:
    """A strategy from TOML text."""
    return _strategy(name, StrategyFile(file, text))


def _strategy(name: str, file: StrategyFile) -> ContextStrategy:
    data = file.tables()
    file.check_keys(data, {"description": str, "history_low": float, "read_tool": bool, "sections": dict})
    sections = tuple(read_sections(data.get("sections", {}), file))
    for needed in ("system", "turn"):
        if not any(section.name == needed for section in sections):
            raise file.wrong(
                f"The strategy has no section {needed!r}.",
                "It needs at least [sections.system] in `stable` and [sections.turn] in `turn`.",
                "sections",
            )
    low = data.get("history_low", 0.5)
    if not 0 < low <= 1:
        raise file.wrong(f"`history_low` is {low}.", "Use a fraction above 0 and up to 1.", "history_low", low)
    return ContextStrategy(
        name=name,
        description=data.get("description", ""),
        sections=sections,
        history_low=low,
        read_tool=data.get("read_tool", False),
    )
