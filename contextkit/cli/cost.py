"""`contextkit cost`: what a month of DynamoDB will cost, or has cost.

As in every command about AWS, what loads boto3 is imported when the command runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contextkit.aws.toml import MOST
from contextkit.cli.screen import stdout
from contextkit.errors import InvalidInput

if TYPE_CHECKING:
    from contextkit.aws.bill import Bill, Comparison, Line
    from contextkit.aws.traffic import Traffic

KINDS: Final = ("reads", "writes", "storage", "recovery", "transfer")
"""The columns of the bill; whatever else there is stands under `other`."""

_NARROW: Final = 64
"""Columns below which a bill has no room for kinds: their amounts would be broken."""


def cost(
    file: Annotated[Path | None, typer.Argument(metavar="TRAFFIC.toml", help="A description of the traffic.")] = None,
    turns: Annotated[
        int,
        typer.Option(metavar="N", help="Questions a month, instead of a file.", min=0, max=MOST, show_default=False),
    ] = 0,
    builds: Annotated[
        int,
        typer.Option(metavar="N", help="Prompts: for each question, or a month.", min=0, max=MOST, show_default=False),
    ] = 0,
    regions: Annotated[list[str] | None, typer.Option("--region", metavar="R", help="Home first; repeat it.")] = None,
    dax_nodes: Annotated[int, typer.Option(metavar="N", help="Nodes of a DAX cluster.", min=0, show_default=False)] = 0,
    dax_node: Annotated[str, typer.Option(metavar="TYPE", help="Their type; else dax.t3.small.")] = "",
    record: Annotated[
        Path | None, typer.Option("--recorded", metavar="FILE", help="Reports as JSON Lines, instead of traffic.")
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="A published design beside its author's figures.")] = False,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A price list; else the one that is shipped.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the bill as JSON.")] = False,
) -> None:
    """Estimate a month's bill by table, region, DAX node and bucket.

    The traffic is described by a file, by --turns, by --recorded reports, or by --example.
    """
    from contextkit.aws.cost import estimate
    from contextkit.aws.prices import Prices, shipped
    from contextkit.aws.traffic import EXAMPLE

    given = [file is not None, turns > 0, record is not None, example]
    if sum(given) != 1:
        raise InvalidInput(
            "There is no traffic to estimate." if not any(given) else "There is more than one traffic to estimate.",
            "Pass a file, --turns N, --recorded FILE, or --example.",
        )
    if (builds and not (turns or record)) or (dax_node and not dax_nodes):
        raise InvalidInput(
            "--builds goes with --turns or --recorded, --dax-node with --dax-nodes.",
            "Pass both, or say it in the file.",
        )
    traffic = _traffic(EXAMPLE if example else file, record, turns, builds)
    bill = estimate(_deployed(traffic, regions, dax_nodes, dax_node), Prices.read(prices) if prices else shipped())
    if as_json:
        sys.stdout.write(json.dumps(bill.to_dict(), ensure_ascii=False) + "\n")
    else:
        console = stdout()
        console.print(_drawn(bill, console.width))


def _traffic(file: Path | None, record: Path | None, turns: int, builds: int) -> Traffic:
    """The traffic of a file, of a record of reports, or of an agent that is asked so many questions."""
    from contextkit.aws.loads import Agent, recorded
    from contextkit.aws.traffic import Traffic

    if file is not None:
        return Traffic.read(file)
    if record is not None:
        return Traffic(loads=tuple(recorded(_lines(record), builds or None)))
    return Traffic(loads=tuple(Agent(turns=turns, builds=builds or Agent().builds).loads()))


def _deployed(traffic: Traffic, regions: Sequence[str] | None, nodes: int, node: str) -> Traffic:
    """The traffic with what the command line says of its place."""
    deployment = traffic.deployment
    if regions:
        deployment = replace(deployment, regions=tuple(regions))
    if nodes:
        deployment = replace(deployment, dax_nodes=nodes, dax_node=node or deployment.dax_node)
    return replace(traffic, deployment=deployment)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")  # a text may hold other ends of lines
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{str(path)!r} cannot be read: {error}.", "Pass a file of JSON Lines.") from error


def _drawn(bill: Bill, width: int) -> Group:
    notes = Text("\n".join(bill.notes), "dim")
    if not bill.comparisons:
        return Group(_bill(bill, width), Text(), notes)
    return Group(_bill(bill, width), Text(), _compared(bill.comparisons), notes)


def _bill(bill: Bill, width: int) -> Table:
    """What each part costs in each region, of which kinds where the terminal has room for them."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    table.add_column("part", overflow="fold", footer="a month")
    table.add_column("region", no_wrap=True)
    kinds = (*KINDS, "other") if width >= _NARROW else ()
    shown = [kind for kind in kinds if any(_kind(line) == kind for line in bill.lines)]
    for kind in shown:
        table.add_column(kind, justify="right", overflow="fold", footer=_dollars(_sum(bill.lines, kind)))
    table.add_column("dollars", justify="right", overflow="fold", footer=_dollars(bill.total))
    for part in bill.parts:
        for region in bill.traffic.deployment.regions:
            here = [line for line in bill.lines if (line.part, line.region) == (part, region)]
            if here:
                cells = [_cell(here, kind) for kind in shown]
                table.add_row(_named(part, here), region, *cells, _dollars(sum(line.dollars for line in here)))
    return table


def _compared(comparisons: Sequence[Comparison]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("compared with", no_wrap=True)
    table.add_column("says", justify="right")
    table.add_column("estimate", justify="right")
    table.add_column("")
    for one in comparisons:
        claim = one.claim
        says = f"${claim.low:,g}" + (f"–{claim.high:,g}" if claim.high > claim.low else "")
        why = Padding(Text(" ".join(claim.why.split())), (0, 0, 1, 0))
        table.add_row(claim.what, says, _dollars(one.estimate), Group(Text(one.verdict, "bold"), why))
    return table


def _named(part: str, lines: Sequence[Line]) -> str:
    return part if part != "dax" else f"dax: {len(lines)} × {lines[0].what.partition(', ')[2]}"


def _cell(lines: Sequence[Line], kind: str) -> str:
    return _dollars(_sum(lines, kind)) if any(_kind(line) == kind for line in lines) else "·"


def _sum(lines: Sequence[Line], kind: str) -> float:
    return sum(line.dollars for line in lines if _kind(line) == kind)


def _kind(line: Line) -> str:
    return line.what if line.what in KINDS else "other"


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"
