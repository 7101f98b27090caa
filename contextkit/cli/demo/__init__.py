"""`contextkit demo`: a prompt from the demo's data, why it is what it is, and proof that nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from contextkit.budget import Budget
from contextkit.cli.demo.loop import show_loop
from contextkit.cli.demo.past import show_injection, show_past
from contextkit.cli.demo.proof import show_proof
from contextkit.cli.demo.world import World, open_world
from contextkit.cli.output import write_page
from contextkit.cli.prompt import Limits, draw_prompt
from contextkit.cli.screen import stdout
from contextkit.demo import Question
from contextkit.errors import InvalidInput

ASKED: Final = "q-carrier-claim"
"""The question that is asked unless another is given: its answer needs documents, tools and the history."""

RESERVE: Final = 500
"""Tokens kept free for the answer; at most an eighth of the window."""


def demo(
    budget: Annotated[int, typer.Option("--budget", "-b", metavar="N", help="The context window, in tokens.")] = 8_000,
    question: Annotated[
        str, typer.Option("--question", "-q", metavar="Q", help="Your own question, or the number of one of the 20.")
    ] = "",
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page.")] = None,
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", metavar="S", help="A strategy's name, or a TOML file.")
    ] = "support",
) -> None:
    """See one prompt assembled from fourteen months of a café's history, and why it is what it is."""
    console = stdout()
    with open_world(Budget(budget, reserve=min(RESERVE, budget // 8)), strategy) as world:
        asked = _asked(world, question)
        context = world.build(asked)
        _title(console, 1, "The question")
        console.print(Text.assemble((asked, "bold")))
        console.print(Text(world.story, "dim"))
        _title(console, 2, "The prompt, as the model gets it")
        draw_prompt(console, context, Limits(message=3, section=5, characters=200, edge=1))
        _title(console, 3, "The report: what was kept, shortened, moved and dropped")
        console.print(context.report)
        if html:
            write_page(context.report, html)
        _title(console, 4, "Nothing is lost: what was moved out reads back byte for byte")
        show_proof(console, world, context)
        _title(console, 5, "The distant past, and texts that try to give orders")
        show_past(console, world)
        show_injection(console, world)
        _title(console, 6, "A tool loop: each prompt extends the one before")
        show_loop(console, world)
    console.print()
    console.print(Text.assemble(("next   ", "dim"), _next(html)))


def _next(page: Path | None) -> str:
    """What to look at after this."""
    seen = f"open {page}:" if page else "`contextkit demo --html report.html` draws"
    return f"{seen} the report as a page, with a reason for every item. `contextkit build -h`: a conversation of yours."


def _asked(world: World, question: str) -> str:
    """The question itself; or that of the demo which has this number, from 1."""
    known = world.data.questions
    if not question:
        return world.question(ASKED).query
    if not question.isdecimal():
        return question
    if not 1 <= int(question) <= len(known):
        raise InvalidInput(
            f"There is no question {question}.",
            f"Use a number from 1 to {len(known)}, or a question of your own: {_listed(known)}",
            value=question,
        )
    return known[int(question) - 1].query


def _listed(known: tuple[Question, ...]) -> str:
    return " ".join(f"({number}) {question.query}" for number, question in enumerate(known, 1))


def _title(console: Console, number: int, text: str) -> None:
    console.print()
    console.rule(Text(f"{number}  {text}", "bold"), align="left", style="cyan")
    console.print()
