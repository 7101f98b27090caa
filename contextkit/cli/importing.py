"""Messages into a store, in batches, with a progress bar where somebody is watching."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from contextkit.cli.screen import stderr
from contextkit.stores import SessionStore
from contextkit.types import Message

BATCH: Final = 500
"""Messages per write: large enough that the write costs little, small enough that the bar moves."""

LONG: Final = 2_000
"""Messages from which an import takes about a second, and a bar is worth its lines."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many messages were new to the session, and of those it had, how many said something else there."""

    new: int
    known: int
    different: int


def import_messages(store: SessionStore, actor_id: str, session_id: str, messages: Sequence[Message]) -> Imported:
    """Append the messages that the session does not have; told apart by their ids."""
    before = _last_seq(store, actor_id, session_id)
    different = 0
    with _bar(len(messages)) as advance:
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            stored = store.append(actor_id, session_id, batch)
            different += sum(one.text != other.text for one, other in zip(batch, stored, strict=True))
            advance(len(batch))
    new = _last_seq(store, actor_id, session_id) - before
    return Imported(new=new, known=len(messages) - new, different=different)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], object]]:
    """What is told how many more are done. Draws a bar where somebody is watching, and it takes long enough."""
    console = stderr()
    if not console.is_terminal or total < LONG:
        yield lambda _: None
        return
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield partial(progress.advance, progress.add_task("import", total=total))


def _last_seq(store: SessionStore, actor_id: str, session_id: str) -> int:
    session = store.session(actor_id, session_id)
    return session.last_seq if session else 0
