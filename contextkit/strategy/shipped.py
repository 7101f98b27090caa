"""Shipped: the strategies that come with contextkit, known by their names."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

from contextkit.errors import InvalidInput, UnknownStrategy, shortened

StrategyKind: TypeAlias = Literal["context", "memory"]


def strategy_folder(kind: StrategyKind) -> Path:
    """The folder of strategies that ship with contextkit: inside the wheel, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "strategies" / kind
    return installed if installed.is_dir() else package.parent / "strategies" / kind


def shipped_names(kind: StrategyKind) -> list[str]:
    """The names of the strategies of a kind that ship with contextkit."""
    return sorted(path.stem for path in strategy_folder(kind).glob("*.toml"))


def shipped_file(kind: StrategyKind, name: str) -> Path:
    """The file of a strategy that ships with contextkit. Raises `UnknownStrategy`."""
    names = shipped_names(kind)
    if name not in names:
        raise UnknownStrategy(name, names)
    return strategy_folder(kind) / f"{name}.toml"


def strategy_file(kind: StrategyKind, strategy: object) -> Path:
    """The file of a strategy, given its path or the name of one that ships with contextkit."""
    if isinstance(strategy, str) and not strategy.endswith(".toml"):
        return shipped_file(kind, strategy)
    if isinstance(strategy, str | PathLike):
        return Path(strategy)
    raise InvalidInput(
        f"The strategy is {shortened(strategy)}.",
        f"Pass the name of one, the path of a TOML file, or a {kind.title()}Strategy.",
        value=strategy,
    )
