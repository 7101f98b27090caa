"""`contextkit sessions` and `contextkit show`: what a store holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from contextkit.cli.opening import StoreName, opened
from contextkit.cli.prompt import WHOLE, Limits, draw_messages
from contextkit.cli.screen import note, stdout
from contextkit.errors import InvalidInput, shortened
from contextkit.memory.ledger import LEDGER
from contextkit.report.layout import printable
from contextkit.stores import Session, SessionStore

Actor = Annotated[str, typer.Option("--actor", metavar="ID", help="Whose sessions.")]


def sessions(store: StoreName, actor: Actor) -> None:
    """List an actor's sessions, the most recently used first."""
    with opened([store]) as stores:
        found = [session for session in stores[store].sessions(actor) if session.session_id != LEDGER]
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
    store: StoreName,
    actor: Actor,
    session: Annotated[str, typer.Option("--session", metavar="ID", help="Which session.")],
    last: Annotated[int, typer.Option(metavar="N", help="How many of the newest messages.", min=1)] = 20,
    full: Annotated[bool, typer.Option("--full", help="Every message to its last character.")] = False,
) -> None:
    """Show the newest messages of a session."""
    with opened([store]) as stores:
        found = stores[store]
        known = found.session(actor, session) or _missing(found, actor, session)
        messages = found.messages(actor, session, last=last)
    console = stdout()
    if earlier := known.last_seq - len(messages):
        console.print(Text(f"⋯ {earlier:,} earlier messages; --last {known.last_seq} shows all ⋯", "dim italic"))
    draw_messages(console, messages, WHOLE if full else Limits())


def _missing(store: SessionStore, actor: str, session: str) -> Session:
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
