"""ContextStrategy: how the window is shared, read from `strategies/context/*.toml`.

A strategy is data: frozen, declarative, never executable. Every key is known and checked, and a
mistake is answered with the file, the line and the nearest key that exists.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from contextkit.errors import InvalidInput, UnknownStrategy, shortened
from contextkit.strategy_file import StrategyFile
from contextkit.types import Rung

Region: TypeAlias = Literal["stable", "history", "volatile", "turn"]
"""Where in the prompt a section stands: what never changes first, the current turn last."""

Size: TypeAlias = int | float
"""Tokens (an integer), or a fraction of what the budget leaves available (a float from 0.0 to 1.0)."""

OWN_REGIONS: Mapping[str, Region] = {
    "system": "stable",
    "tools": "stable",
    "history": "history",
    "turn": "turn",
    "recall": "volatile",
}
"""Sections that can stand in one region only: messages and tools have their own, and what is recalled is another with
each question, and is not looked for again until its turn ends."""

BLOCKS: tuple[Region, ...] = ("stable", "volatile")
"""Where all other sections stand, and what is recalled: as text in a block."""

DEADLINE = 2.0
"""Seconds a source may take where its section does not say."""

LONGEST_DEADLINE = 86_400
"""Seconds that a source may be waited for at most: a day."""

RUNGS = get_args(Rung)
REGIONS = get_args(Region)


def tokens_of(size: Size, available: int) -> int:
    """A `Size` in tokens."""
    return size if isinstance(size, int) else int(size * available)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section's part in the prompt.

    * `region`: stable, history, volatile or turn; sections of a region stand in file order.
    * `floor`: the least it is promised, if it can use it.
    * `ceiling`: the most it may have.
    * `weight`: its part of what is left after all floors; 0 takes only its floor.
    * `item_ceiling`: the most one item may take in full; a longer one is shortened.
    * `ladder`: the rungs its items may stand on, richest first.
    * `relevance`: the part of the best item's score below which an item is not worth its tokens.
    * `limit`: the most of its items that may stand, however large the window; 0 for as many as fit.
    * `deadline`: seconds its source may take.
    * `required`: if its source fails or is late, the build fails instead of going on without.
    """

    name: str
    region: Region
    floor: Size = 0
    ceiling: Size = 1.0
    weight: int = 1
    item_ceiling: Size = 1.0
    ladder: tuple[Rung, ...] = ("full",)
    relevance: float = 0.0
    limit: int = 0
    deadline: float = DEADLINE
    required: bool = False


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
        if isinstance(strategy, str) and not strategy.endswith(".toml"):
            return read_strategy(_shipped(strategy))
        if not isinstance(strategy, str | PathLike):
            raise InvalidInput(
                f"The strategy is {shortened(strategy)}.",
                "Pass the name of one, the path of a TOML file, or a ContextStrategy.",
                value=strategy,
            )
        return read_strategy(Path(strategy))


def strategy_folder(kind: Literal["context", "memory"]) -> Path:
    """The folder of strategies that ship with contextkit: inside the wheel, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "strategies" / kind
    return installed if installed.is_dir() else package.parent / "strategies" / kind


def strategy_names() -> list[str]:
    """The names of the context strategies that ship with contextkit."""
    return sorted(path.stem for path in strategy_folder("context").glob("*.toml"))


def _shipped(name: str) -> Path:
    if name not in strategy_names():
        raise UnknownStrategy(name, strategy_names())
    return strategy_folder("context") / f"{name}.toml"


def read_strategy(path: Path) -> ContextStrategy:
    """Read and check one strategy file."""
    return _strategy(path.stem, StrategyFile.read(path))


def parse_strategy(text: str, *, name: str, file: str = "<strategy>") -> ContextStrategy:
    """A strategy from TOML text."""
    return _strategy(name, StrategyFile(file, text))


def _strategy(name: str, file: StrategyFile) -> ContextStrategy:
    data = file.tables()
    file.check_keys(data, {"description": str, "history_low": float, "read_tool": bool, "sections": dict})
    sections = tuple(_sections(data.get("sections", {}), file))
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


_SECTION_TYPES: Mapping[str, Any] = {
    "region": str,
    "floor": (int, float),
    "ceiling": (int, float),
    "weight": int,
    "item_ceiling": (int, float),
    "ladder": list,
    "relevance": (int, float),
    "limit": int,
    "deadline": (int, float),
    "required": bool,
}
assert set(_SECTION_TYPES) == {field.name for field in fields(Section)} - {"name"}


def _sections(tables: Mapping[str, Any], file: StrategyFile) -> Iterator[Section]:
    for name, table in tables.items():
        where = f"sections.{name}"
        if not isinstance(table, dict):
            raise file.wrong(f"`{where}` is not a table.", f"Write it as [{where}].", where, table)
        file.check_keys(table, _SECTION_TYPES, where + ".")
        yield _section(name, table, file)


def _section(name: str, table: Mapping[str, Any], file: StrategyFile) -> Section:
    where = f"sections.{name}."
    if not re.fullmatch(r"\w[\w-]*", name):
        raise file.wrong(f"{name!r} is no name for a section.", "Use letters, digits, `_` and `-`.", where[:-1], name)
    regions = _regions(name)
    if table.get("region") not in regions:
        raise file.wrong(
            f"The region of `{name}` is {table.get('region')!r}.",
            f"Use {' or '.join(regions)}.",
            where + "region" if "region" in table else where[:-1],
            table.get("region"),
        )
    for key in ("floor", "ceiling", "item_ceiling"):
        value = table.get(key, 0)
        if not 0 <= value <= (1 if isinstance(value, float) else value):
            raise file.wrong(
                f"`{key}` of `{name}` is {value}.",
                "Use whole tokens (an integer), or a fraction of the window from 0.0 to 1.0.",
                where + key,
                value,
            )
    for key, least, most in (
        ("weight", 0, math.inf),
        ("deadline", 0.001, LONGEST_DEADLINE),
        ("relevance", 0, math.inf),
        ("limit", 0, math.inf),
    ):
        value = table.get(key, 1)
        if not (least <= value <= most and value < math.inf):
            raise file.wrong(f"`{key}` of `{name}` is {value}.", _between(least, most), where + key, value)
    ladder = tuple(table.get("ladder", ("full",)))
    if not ladder or list(ladder) != [rung for rung in RUNGS if rung in ladder]:
        raise file.wrong(
            f"The ladder of `{name}` is {list(ladder)}.",
            f"List some of {', '.join(RUNGS)}, richest first.",
            where + "ladder",
            ladder,
        )
    return Section(name=name, **{**table, "ladder": cast(tuple[Rung, ...], ladder)})


def _between(least: float, most: float) -> str:
    return f"Use at least {least}." if most == math.inf else f"Use {least} to {most}."


def _regions(name: str) -> tuple[Region, ...]:
    """The regions a section may stand in: some have their own, all others a block in either."""
    own = OWN_REGIONS.get(name)
    return BLOCKS if own is None else (own,)
