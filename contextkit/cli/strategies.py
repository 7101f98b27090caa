"""`contextkit strategies`: list those that ship, read one, check one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from contextkit.cli.screen import stdout
from contextkit.errors import UnknownStrategy
from contextkit.strategy import ContextStrategy, read_strategy, strategy_folder, strategy_names

strategies = typer.Typer(help="List the strategies that ship with contextkit, show one, or check your own.")


@strategies.callback(invoke_without_command=True)
def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        list_strategies()


@strategies.command("list")
def list_strategies() -> None:
    """Every strategy that ships with contextkit, and what it is for."""
    table = Table.grid(padding=(0, 2))
    for name in strategy_names():
        table.add_row(Text(name, "bold cyan"), ContextStrategy.load(name).description)
    stdout().print(table)


@strategies.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `contextkit strategies`.")]) -> None:
    """A strategy's TOML, to read or to start your own from: contextkit strategies show agent > mine.toml"""
    if name not in strategy_names():
        raise UnknownStrategy(name, strategy_names())
    text = (strategy_folder("context") / f"{name}.toml").read_text(encoding="utf-8")
    console = stdout()
    if console.is_terminal:
        console.print(Syntax(text.rstrip("\n"), "toml", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        typer.echo(text, nl=False)


@strategies.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A strategy of your own, in TOML.")]) -> None:
    """Whether a file is a strategy: says `ok`, or the line and key that are wrong."""
    read_strategy(file)
    typer.echo("ok")
