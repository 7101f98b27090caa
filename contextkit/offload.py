"""Offload: what did not fit goes to storage under a handle, and comes back by it.

The write is one call, acknowledged before any handle is shown. Messages need no copy: they are
in the session store already, and their handle is their sequence number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from math import inf

from contextkit.deadline import patiently
from contextkit.errors import HandleNotFound, InvalidInput, StoreError, shortened
from contextkit.ladder import READ_TOOL, handle_of
from contextkit.stored import StoredPieces
from contextkit.stores import Overflow, OverflowStore, SessionStore
from contextkit.types import Item, Notice, Request, Tool

LONGEST_READ = 8_000
"""Characters that one read gives unless asked for another number: about 2,000 tokens."""

AROUND = 240
"""Characters shown on either side of what a search finds."""

MOST_FOUND = 10
"""Places that one search shows."""


def read_tool() -> Tool:
    """The tool by which a model reads a handle back; its name is `read_context`."""
    return Tool(
        name=READ_TOOL,
        description="Read stored context by its handle, in part or around what a search finds in it.",
        parameters={
            "type": "object",
            "properties": {
                "handle": {"type": "string", "description": "The handle as shown in the prompt."},
                "start": {"type": "integer", "description": "First character to read, from 0."},
                "length": {"type": "integer", "description": f"Characters to read; {LONGEST_READ} by default."},
                "search": {"type": "string", "description": "Only show the places where this text occurs."},
            },
            "required": ["handle"],
        },
    )


def pieces(items: Iterable[Item]) -> list[Overflow]:
    """The items as the overflow store takes them."""
    return [
        Overflow(
            handle=handle_of(item),
            text=item.text,
            item_id=item.id,
            title=item.provenance.title or item.id,
            tokens=item.tokens,
        )
        for item in items
    ]


def offload(
    store: OverflowStore, request: Request, moved: Sequence[Item], stored: StoredPieces, *, seconds: float = inf
) -> Notice | None:
    """Store what was moved and is not `stored` yet, in one acknowledged write.

    A notice where the store did not take it within `seconds`.
    """
    lacking = stored.lacking(request.session, moved, request.now)
    if not lacking:
        return None
    put = partial(store.put_overflow, request.actor_id, request.session_id, pieces(lacking), life=request.life)
    try:
        ends = patiently(put, seconds)
    except StoreError as error:
        return Notice("offload failed", f"What did not fit could not be stored, so no handle is shown: {error}")
    stored.add(request.session, lacking, request.now, ends)
    return None


def read_context(
    store: object,
    actor_id: str,
    session_id: str,
    handle: str,
    *,
    start: int = 0,
    length: int | None = None,
    search: str | None = None,
) -> str:
    """What is stored under a handle of this session: whole, a range of characters, or around a search.

    Raises `HandleNotFound` for a handle that is unknown, expired, or another session's.
    """
    text = _whole(store, actor_id, session_id, handle)
    if search:
        return _found(text, str(search))
    _check_range(start, length)
    return text[start:] if length is None else text[start : start + length]


def answer_read(text: str, start: int, length: int | None) -> str:
    """A range of a text as the tool shows it to a model: with word of what is left, and how to read on."""
    _check_range(start, length)
    if start >= len(text) > 0:
        return f"[nothing stands from character {start} on: these are {len(text)} characters]"
    end = start + (length or LONGEST_READ)
    shown = text[start:end]
    if end >= len(text):
        return shown
    return f"{shown}\n[characters {start} to {end} of {len(text)}; read on with start={end}, or use search]"


def _check_range(start: object, length: object) -> None:
    """Models write the range, so it may be anything."""
    begins = isinstance(start, int) and start >= 0
    ends = length is None or (isinstance(length, int) and length >= 1)
    if not begins or not ends:
        raise InvalidInput(
            f"A range from {shortened(start)} of length {shortened(length)} cannot be read.",
            "Use whole numbers: a start of at least 0 and a length of at least 1.",
            value=(start, length),
        )


def _whole(store: object, actor_id: str, session_id: str, handle: str) -> str:
    if not isinstance(handle, str):
        raise HandleNotFound(handle)
    if (message := re.fullmatch(r"m(\d{1,18})", handle)) and isinstance(store, SessionStore):
        found = store.pick(actor_id, session_id, [int(message[1])])
        if not found:
            raise HandleNotFound(handle)
        return found[0].text
    if isinstance(store, OverflowStore):
        return store.get_overflow(actor_id, session_id, handle).text
    raise HandleNotFound(handle)


def _found(text: str, search: str) -> str:
    places = [match.start() for match in re.finditer(re.escape(search), text, re.IGNORECASE)]
    if not places:
        return f"[{search!r} does not occur in these {len(text)} characters]"
    excerpts = [
        f"[at {place}] {text[max(0, place - AROUND) : place + len(search) + AROUND]}" for place in _apart(places)
    ]
    return "\n".join([f"[{len(places)} place{'' if len(places) == 1 else 's'}]", *excerpts[:MOST_FOUND]])


def _apart(places: Sequence[int]) -> list[int]:
    """Places far enough from the one before not to show the same text twice."""
    kept: list[int] = []
    for place in places:
        if not kept or place - kept[-1] > AROUND:
            kept.append(place)
    return kept
