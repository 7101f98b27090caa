"""The application: its commands, and what becomes of errors on their way out."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import contextkit
from contextkit.cli.actors import erase, export, import_
from contextkit.cli.build import build
from contextkit.cli.cost import cost
from contextkit.cli.demo import demo
from contextkit.cli.emulate import emulate
from contextkit.cli.exits import INTERRUPTED, UNREAD, hush
from contextkit.cli.policy import policy
from contextkit.cli.provision import provision
from contextkit.cli.sessions import sessions, show
from contextkit.cli.strategies import strategies
from contextkit.errors import ContextKitError


class Commands(TyperGroup):
    """Runs a command, and turns what it raises into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ContextKitError as error:
            print(f"contextkit: {_one_line(error)}", file=sys.stderr)  # noqa: T201
            raise typer.Exit(1) from None
        except BrokenPipeError:
            hush()
            raise typer.Exit(UNREAD) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _one_line(error: ContextKitError) -> str:
    return " ".join(str(error).split())


app = typer.Typer(
    cls=Commands,
    help="Decides what a model sees: your sources fitted into one token budget, every choice explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"contextkit {contextkit.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.command()(demo)
app.command()(build)
app.command()(sessions)
app.command()(show)
app.command()(export)
app.command("import")(import_)
app.command()(erase)
app.command()(cost)
app.command()(policy)
app.add_typer(provision, name="provision")
app.add_typer(strategies, name="strategies")
app.add_typer(emulate, name="emulate")
