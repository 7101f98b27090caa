"""`contextkit export`, `import` and `erase`: everything of one actor, out of stores, into them, and gone."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from math import isnan
from pathlib import Path
from typing import Annotated, Final

import typer

from contextkit.actor import Receipt, erase_actor, export_actor, import_actor
from contextkit.cli.jsonl import STDIN
from contextkit.cli.opening import StoreNames, Stores, opened
from contextkit.cli.screen import note
from contextkit.errors import ErasureIncomplete, InvalidInput

Actor = Annotated[str, typer.Option("--actor", metavar="ID", help="Whose data.")]

STDOUT: Final = Path("-")

LONGEST: Final = 86_400
"""Seconds for which a verification may wait: a day."""


def export(
    stores: StoreNames,
    actor: Actor,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, for its owner alone; - for stdout."),
    ] = None,
    discover: Annotated[
        bool,
        typer.Option(
            "--discover", help="Sessions too that only AgentCore has: they are read into the store beside it first."
        ),
    ] = False,
) -> None:
    """Write everything of an actor as JSON Lines that `contextkit import` takes back."""
    with opened(stores) as found:
        if discover:
            _discover(found, actor)
        lines = export_actor(actor, *found.values())
        if output is None or output == STDOUT:
            sys.stdout.buffer.writelines(lines)
            return
        count = _write(output, lines)
    note(f"{count:,} lines written to {output}.")


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `contextkit export` wrote; - reads stdin.")],
    stores: StoreNames,
    actor: Annotated[str, typer.Option("--actor", metavar="ID", help="Import under this id; else the export's.")] = "",
) -> None:
    """Take an actor's export into a store. Importing it again adds nothing."""
    with _read(file) as lines, opened(stores, make=True) as found:
        counts = import_actor(lines, *found.values(), actor_id=actor or None)
    note(f"Imported: {_told(counts)}.")


def erase(
    stores: StoreNames,
    actor: Actor,
    verify: Annotated[bool, typer.Option("--verify", help="Read the stores again; fail if anything lingers.")] = False,
    within: Annotated[
        float,
        typer.Option("--within", metavar="SECONDS", help="With --verify: how long it may linger.", min=0, max=LONGEST),
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything of an actor from every store given, and print the receipt as JSON.

    Name every store that may hold the actor, and stop the actor's agents first.
    """
    if isnan(within):  # which no range keeps out
        raise typer.BadParameter("nan is no number of seconds.", param_hint="--within")
    if within and not verify:
        raise InvalidInput("--within does nothing without --verify.", "Pass --verify too, or leave it out.")
    with opened(stores) as found:
        if not yes:
            _confirm(found, actor)
        receipt = _erase(found, actor)
        lingering = receipt.verify(within=timedelta(seconds=within)) if verify else {}
    if lingering:
        told = "; ".join(f"{name}: {_told(counts)}" for name, counts in lingering.items())
        raise InvalidInput(
            f"Something of {actor!r} lingers ({told}).",
            "Stop what writes for this actor and erase again; a managed service may need `--within 300`.",
            value=actor,
        )
    if verify:
        note("Verified: the stores hold nothing of the actor.")


def _discover(stores: Stores, actor: str) -> None:
    from contextkit.stores.agentcore import AgentCoreStore  # loads boto3

    found = [store for store in stores.values() if isinstance(store, AgentCoreStore)]
    if not found:
        raise InvalidInput(
            "--discover does nothing without AgentCore.", "Name an agentcore:MEMORY+STORE, or leave it out."
        )
    for store in found:
        store.discover(actor)


def _erase(stores: Stores, actor: str) -> Receipt:
    """Erase, and print the receipt also where not all could be done."""
    try:
        receipt = erase_actor(actor, stores)
    except ErasureIncomplete as error:
        typer.echo(error.receipt.to_json())
        raise
    typer.echo(receipt.to_json())
    return receipt


def _confirm(stores: Stores, actor: str) -> None:
    """Say what would go, and ask a person."""
    for name, store in stores.items():
        note(f"{name} holds: {_told(store.held(actor))}.")
    if not sys.stdin.isatty():
        raise InvalidInput("Nobody is there to confirm the erasure.", "Pass --yes.")
    typer.confirm(f"Erase everything of {actor!r}? It cannot be undone.", abort=True, err=True)


def _told(counts: Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in counts.items()) or "nothing"


def _write(path: Path, lines: Iterable[bytes]) -> int:
    """Write an export; the number of its lines."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device, which is written to and not replaced
            with path.open("wb") as file:
                return sum(1 for line in lines if file.write(line))
        return _replace(path, lines)
    except OSError as error:
        raise InvalidInput(
            f"The export cannot be written to {str(path)!r}: {error.strerror}.", "Choose another file.", value=str(path)
        ) from error


def _replace(path: Path, lines: Iterable[bytes]) -> int:
    """Write a file of its owner's that is there whole or not at all."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix="contextkit-", suffix=".part")  # nobody else may read
    try:
        with os.fdopen(descriptor, "wb") as file:
            count = sum(1 for line in lines if file.write(line))
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    return count


@contextmanager
def _read(path: Path) -> Iterator[Iterable[bytes]]:
    """The lines of a file, or of standard input for `-`."""
    if path == STDIN:
        yield _lines(sys.stdin.buffer, "<stdin>")
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(str(path), error) from error
    with file:
        yield _lines(file, str(path))


def _lines(file: Iterable[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from file
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> InvalidInput:
    return InvalidInput(f"{name!r} cannot be read: {error.strerror}.", "Check the path of the export.", value=name)
