"""`contextkit build`: the prompt for a question about a conversation in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from contextkit.assemble import ContextBuilder
from contextkit.budget import Budget
from contextkit.cli.importing import Imported, import_messages
from contextkit.cli.jsonl import STDIN, read_conversation
from contextkit.cli.opening import StoreName, opened
from contextkit.cli.output import print_json, write_page
from contextkit.cli.prompt import WHOLE, Limits, draw_prompt
from contextkit.cli.screen import note, stdout
from contextkit.context import Context
from contextkit.errors import InvalidInput
from contextkit.sources import History, Memories, Overflow, Preferences, System
from contextkit.strategy import ContextStrategy
from contextkit.types import Source


def build(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines in OpenAI's message format; - reads standard input.")
    ],
    query: Annotated[str, typer.Option("--query", "-q", metavar="TEXT", help="The question to answer next.")],
    budget: Annotated[int, typer.Option("--budget", "-b", metavar="N", help="The context window, in tokens.")] = 8_000,
    reserve: Annotated[int, typer.Option(metavar="N", help="Tokens kept free for the answer.")] = 0,
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", metavar="S", help="A strategy's name, or a TOML file.")
    ] = "chat",
    system: Annotated[str, typer.Option(metavar="TEXT", help="The system prompt, or @FILE; else FILE's own.")] = "",
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print messages, tools, tokens and report as JSON.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Print the prompt to its last character.")] = False,
    store: StoreName = ":memory:",
    actor: Annotated[str, typer.Option(metavar="ID", help="Whose session; else named after FILE.")] = "",
    session: Annotated[str, typer.Option(metavar="ID", help="Which session; else named after FILE.")] = "",
) -> None:
    """Import a conversation and build the prompt that answers a question about it.

    Importing it again adds nothing: messages are known by their ids, those without one by their line.
    """
    window, sharing = Budget(budget, reserve=reserve), ContextStrategy.load(strategy)
    prompt = _system(system)
    conversation = read_conversation(file)
    name = "stdin" if file == STDIN else file.stem
    actor_id, session_id = actor or name, session or name
    with opened([store], make=True) as stores:
        imported = import_messages(stores[store], actor_id, session_id, conversation.messages)
        note(_story(imported, file, actor_id, session_id))
        builder = ContextBuilder(
            store=stores[store],
            sources=_sources(prompt or conversation.system, sharing),
            strategy=sharing,
            budget=window,
        )
        context = builder.build(query, actor_id=actor_id, session_id=session_id)
        if html:
            write_page(context.report, html)
        print_json(context) if json else _print(context, WHOLE if full else Limits())


def _sources(system: str, strategy: ContextStrategy) -> list[Source]:
    """A conversation's sources; those of a store only where the strategy has a section for what they give."""
    stored: list[Source] = [Preferences(), Memories(), History(), Overflow()]
    sections = {section.name for section in strategy.sections}
    used = [source for source in stored if not sections.isdisjoint(source.sections)]
    return [*([System(system)] if system else []), *used]


def _system(given: str) -> str:
    """The system prompt: the text itself, or what the file after `@` says."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The system prompt {given[1:]!r} cannot be read: {error}.", "Check the path and that it is UTF-8 text."
        ) from error


def _story(imported: Imported, file: Path, actor_id: str, session_id: str) -> str:
    known = f"; {imported.known:,} were there already" if imported.known else ""
    different = (
        f"; {imported.different:,} of those say something else there, and what is stored stands"
        if imported.different
        else ""
    )
    messages, are = ("message", "is") if imported.new == 1 else ("messages", "are")
    session = f"session {session_id!r} of actor {actor_id!r}"
    return f"{imported.new:,} {messages} of {file} {are} new to {session}{known}{different}."


def _print(context: Context, limits: Limits) -> None:
    console = stdout()
    console.rule(Text("The prompt", "bold"), align="left", style="dim")
    draw_prompt(console, context, limits)
    console.print()
    console.rule(Text("The report", "bold"), align="left", style="dim")
    console.print(context.report)
