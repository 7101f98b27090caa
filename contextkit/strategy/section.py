"""Section: one section's part in the prompt, and how it is read from a strategy's file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias, get_args

from contextkit.strategy.file import StrategyFile
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

DEADLINE: Final = 2.0
"""Seconds a source may take where its section does not say."""

LONGEST_DEADLINE: Final = 86_400
"""Seconds that a source may be waited for at most: a day."""

RUNGS: Final = get_args(Rung)
REGIONS: Final = get_args(Region)


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
    * `item_ceiling`: the most one item may take in full; a longer one is shortened. It stands whole where all of the
      section's items have room to, as what users and the model said does in the history where nothing else could ask
      for the room.
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


_TYPES: Mapping[str, Any] = {
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
assert set(_TYPES) == {field.name for field in fields(Section)} - {"name"}

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "weight": (0, math.inf),
    "deadline": (0.001, LONGEST_DEADLINE),
    "relevance": (0, math.inf),
    "limit": (0, math.inf),
}


def read_sections(tables: Mapping[str, Any], file: StrategyFile) -> Iterator[Section]:
    """The sections that these tables of a file describe. Raises `InvalidStrategy`."""
    for name, table in tables.items():
        where = f"sections.{name}"
        if not isinstance(table, dict):
            raise file.wrong(f"`{where}` is not a table.", f"Write it as [{where}].", where, table)
        file.check_keys(table, _TYPES, where + ".")
        if not re.fullmatch(r"\w[\w-]*", name):
            raise file.wrong(f"{name!r} is no name for a section.", "Use letters, digits, `_` and `-`.", where, name)
        _check_region(name, table, file)
        _check_sizes(name, table, file)
        _check_numbers(name, table, file)
        yield Section(name=name, **{**table, "ladder": _ladder(name, table, file)})


def _check_region(name: str, table: Mapping[str, Any], file: StrategyFile) -> None:
    """Some sections have their own region; all others are a block in either of two."""
    own = OWN_REGIONS.get(name)
    regions = BLOCKS if own is None else (own,)
    if table.get("region") not in regions:
        raise file.wrong(
            f"The region of `{name}` is {table.get('region')!r}.",
            f"Use {' or '.join(regions)}.",
            f"sections.{name}.region" if "region" in table else f"sections.{name}",
            table.get("region"),
        )


def _check_sizes(name: str, table: Mapping[str, Any], file: StrategyFile) -> None:
    for key in ("floor", "ceiling", "item_ceiling"):
        value = table.get(key, 0)
        if not 0 <= value <= (1 if isinstance(value, float) else value):
            raise file.wrong(
                f"`{key}` of `{name}` is {value}.",
                "Use whole tokens (an integer), or a fraction of the window from 0.0 to 1.0.",
                f"sections.{name}.{key}",
                value,
            )


def _check_numbers(name: str, table: Mapping[str, Any], file: StrategyFile) -> None:
    for key, (least, most) in _BOUNDS.items():
        value = table.get(key, 1)
        if not (least <= value <= most and value < math.inf):
            remedy = f"Use at least {least}." if most == math.inf else f"Use {least} to {most}."
            raise file.wrong(f"`{key}` of `{name}` is {value}.", remedy, f"sections.{name}.{key}", value)


def _ladder(name: str, table: Mapping[str, Any], file: StrategyFile) -> tuple[Rung, ...]:
    given = list(table.get("ladder", ("full",)))
    ladder: tuple[Rung, ...] = tuple(rung for rung in RUNGS if rung in given)
    if not ladder or given != list(ladder):
        raise file.wrong(
            f"The ladder of `{name}` is {given}.",
            f"List some of {', '.join(RUNGS)}, richest first.",
            f"sections.{name}.ladder",
            tuple(given),
        )
    return ladder
