"""`contextkit sessions` and `contextkit show`: what a store holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from contextkit.cli.prompt import WHOLE, Limits, draw_messages
from contextkit.cli.screen import note, printable, stdout
from contextkit.errors import InvalidInput, shortened
from contextkit.memory.ledger import LEDGER
from contextkit.stores import Session
from contextkit.stores.sqlite import SQLiteStore

StoreFile = Annotated[str, typer.Option("--store", metavar="FILE", help="The SQLite file of the store.")]
Actor = Annotated[str, typer.Option("--actor", metavar="ID", help="Whose sessions.")]


def sessions(store: StoreFile, actor: Actor) -> None:
    """List an actor's sessions, the most recently used first."""
    with existing_store(store) as opened:
        found = [session for session in opened.sessions(actor) if session.session_id != LEDGER]
    if not found:
        note(f"{actor!r} has no sessions in {store}.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("session", overflow="fold")
    table.add_column("messages", justify="right")
    table.add_column("created")
    table.add_column("last used")
    for session in found:
        table.add_row(*_row(session))
    stdout().print(table)


def show(
    store: StoreFile,
    actor: Actor,
    session: Annotated[str, typer.Option("--session", metavar="ID", help="Which session.")],
    last: Annotated[int, typer.Option(metavar="N", help="How many of the newest messages.", min=1)] = 20,
    full: Annotated[bool, typer.Option("--full", help="Every message to its last character.")] = False,
) -> None:
    """Show the newest messages of a session."""
    with existing_store(store) as opened:
        known = opened.session(actor, session) or _missing(opened, actor, session)
        messages = opened.messages(actor, session, last=last)
    console = stdout()
    if earlier := known.last_seq - len(messages):
        console.print(Text(f"⋯ {earlier:,} earlier messages; --last {known.last_seq} shows all ⋯", "dim italic"))
    draw_messages(console, messages, WHOLE if full else Limits())


def existing_store(path: str) -> SQLiteStore:
    """The store in a file that is there already, or at a `file:` URI. Raises `InvalidInput` where there is none."""
    if not path.startswith("file:") and not Path(path).exists():
        raise InvalidInput(
            f"There is no store {path!r}.", "Check the path, or make one with `contextkit build … --store`.", value=path
        )
    return SQLiteStore(path)


def _missing(store: SQLiteStore, actor: str, session: str) -> Session:
    known = [found.session_id for found in store.sessions(actor)[:5]]
    instead = f"Use one of {', '.join(map(shortened, known))}." if known else "This actor has no sessions here."
    raise InvalidInput(f"Actor {shortened(actor)} has no session {shortened(session)}.", instead, value=session)


def _row(session: Session) -> tuple[str, ...]:
    return (
        printable(session.session_id),
        f"{session.last_seq:,}",
        _day(session.created_at),
        _day(session.updated_at),
    )


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
