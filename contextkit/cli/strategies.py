"""`contextkit strategies`: list those that ship, read one, check one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from contextkit.cli.screen import stdout
from contextkit.errors import UnknownStrategy
from contextkit.memory.strategy import MemoryStrategy, memory_strategy_names, read_memory_strategy
from contextkit.strategy import ContextStrategy, read_strategy, strategy_names
from contextkit.strategy.file import StrategyFile
from contextkit.strategy.shipped import shipped_file

strategies = typer.Typer(help="List the strategies that ship with contextkit, show one, or check your own.")


@strategies.callback(invoke_without_command=True)
def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        list_strategies()


@strategies.command("list")
def list_strategies() -> None:
    """Every strategy that ships with contextkit, and what it is for: first for prompts, then for memory."""
    table = Table.grid(padding=(0, 2))
    for name in strategy_names():
        table.add_row(Text(name, "bold cyan"), "context", ContextStrategy.load(name).description)
    for name in memory_strategy_names():
        table.add_row(Text(name, "bold cyan"), "memory", MemoryStrategy.load(name).description)
    stdout().print(table)


@strategies.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `contextkit strategies`.")]) -> None:
    """A strategy's TOML, to read or to start your own from: contextkit strategies show agent > mine.toml"""
    text = _shipped(name).read_text(encoding="utf-8")
    console = stdout()
    if console.is_terminal:
        console.print(Syntax(text.rstrip("\n"), "toml", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        typer.echo(text, nl=False)


@strategies.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A strategy of your own, in TOML.")]) -> None:
    """Whether a file is a strategy: says `ok`, or the line and key that are wrong."""
    if _MEMORY_KEYS.isdisjoint(StrategyFile.read(file).tables()):
        read_strategy(file)
    else:
        read_memory_strategy(file)
    typer.echo("ok")


_MEMORY_KEYS: Final = frozenset(("namespace", "extraction", "consolidation"))
"""What only a strategy for memory has; none can do without."""


def _shipped(name: str) -> Path:
    if name in strategy_names():
        return shipped_file("context", name)
    if name in memory_strategy_names():
        return shipped_file("memory", name)
    raise UnknownStrategy(name, [*strategy_names(), *memory_strategy_names()])
