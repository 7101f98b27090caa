"""Offload: what did not fit goes to storage under a handle, and comes back by it.

The write is one call, acknowledged before any handle is shown. Messages need no copy: they are
in the session store already, and their handle is their sequence number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Final, Protocol

from contextkit.deadline import patiently
from contextkit.errors import ContextKitError, HandleNotFound, InvalidId, InvalidInput, StoreError, shortened
from contextkit.ladder import READ_TOOL, handle_of
from contextkit.messages.arguments import called_with
from contextkit.readable import verbatim
from contextkit.session_search import search_session, shown
from contextkit.steps import step
from contextkit.stored import StoredPieces
from contextkit.stores import Overflow, OverflowStore, SessionStore
from contextkit.types import Item, Notice, Request, TokenCounter, Tool

LONGEST_READ: Final = 8_000
"""Characters that one read gives unless asked for another number: about 2,000 tokens of English."""

PAGE: Final = 2_000
"""Tokens that one read gives unless asked for a number of characters: Chinese and base64 have few to a token."""

PAGE_SHARE: Final = 4
"""One part in so many of a prompt is the most that one read gives: the next prompt has to show it whole."""

AROUND: Final = 240
"""Characters shown on either side of what a search finds."""

MOST_FOUND: Final = 10
"""Places that one search shows."""


def read_tool() -> Tool:
    """The tool by which a model reads a handle back; its name is `read_context`."""
    return Tool(
        name=READ_TOOL,
        description="Read stored context by its handle, in part or around what a search finds in it; "
        "without a handle, search the whole session.",
        parameters={
            "type": "object",
            "properties": {
                "handle": {"type": "string", "description": "The handle as shown in the prompt."},
                "start": {"type": "integer", "description": "First character to read, from 0."},
                "length": {"type": "integer", "description": f"Characters to read; up to {LONGEST_READ} by default."},
                "search": {"type": "string", "description": "Only show the places where this text occurs."},
            },
            "required": [],
        },
    )


class Reads(Protocol):
    """What reads handles back: a `ContextBuilder`."""

    def read_context(
        self,
        handle: str | None = None,
        *,
        actor_id: str,
        session_id: str,
        start: int = 0,
        length: int | None = None,
        search: str | None = None,
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What a model's call of the tool is answered with: what it read, or if `failed`, why and what to do."""

    text: str
    failed: bool = False


def answer_call(
    reader: Reads, arguments: str | Mapping[str, Any] | None, *, actor_id: str, session_id: str
) -> ReadAnswer:
    """Answer a model's call of the `read_context` tool, whatever it wrote as its arguments.

    They are JSON text or what it says, as clients hand them on; nulls are left out, and `"5"` is a number.
    A handle that is not this session's, arguments that the tool has not, and a store that is away are
    answered in words, so that they do not end the loop. Raises `InvalidId` for the actor's or session's,
    which no model writes.
    """
    try:
        asked = called_with(read_tool(), arguments)
        return ReadAnswer(reader.read_context(actor_id=actor_id, session_id=session_id, **asked))
    except InvalidId:
        raise
    except ContextKitError as error:
        return ReadAnswer(str(error), failed=True)


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
        with step("offload"):
            ends = patiently(put, seconds)
    except StoreError as error:
        return Notice("offload failed", f"What did not fit could not be stored, so no handle is shown: {error}")
    stored.add(request.session, lacking, request.now, ends)
    return None


def read_context(store: object, actor_id: str, session_id: str, handle: str) -> str:
    """The whole of what is stored under a handle of this session.

    Raises `HandleNotFound` for a handle that is unknown, expired, or another session's.
    """
    if not isinstance(handle, str):
        raise HandleNotFound(handle)
    if (message := re.fullmatch(r"m(\d{1,18})", handle)) and isinstance(store, SessionStore):
        found = store.pick(actor_id, session_id, [int(message[1])])
        if not found:
            raise HandleNotFound(handle)
        return verbatim(found[0])
    if isinstance(store, OverflowStore):
        return store.get_overflow(actor_id, session_id, handle).text
    raise HandleNotFound(handle)


@dataclass(frozen=True, slots=True)
class Page:
    """How much a model is shown at once: so many tokens."""

    counter: TokenCounter
    tokens: int = PAGE

    @classmethod
    def within(cls, available: int, counter: TokenCounter) -> Page:
        """A page that has room in a prompt of `available` tokens."""
        return cls(counter, min(PAGE, available // PAGE_SHARE))

    def of(self, text: str) -> str:
        """As much of a text's beginning as goes on the page, or a little less: one character at least."""
        shown = text[:LONGEST_READ]
        while len(shown) > 1 and (tokens := self.counter.text(shown)) > self.tokens:
            shown = shown[: max(1, min(len(shown) - 1, len(shown) * self.tokens // tokens))]
        return shown


def answer_read(text: str, start: int, length: int | None, page: Page) -> str:
    """A range of a text as the tool shows it to a model, a page of it without a length: with word of what is left,
    and how to read on."""
    _check_range(start, length)
    if start >= len(text) > 0:
        return f"[nothing stands from character {start} on: these are {len(text)} characters]"
    shown = page.of(text[start : start + LONGEST_READ]) if length is None else text[start : start + length]
    end = start + len(shown)
    if end >= len(text):
        return shown
    return f"{shown}\n[characters {start} to {end} of {len(text)}; read on with start={end}, or use search]"


def answer_search(text: str, search: str, page: Page) -> str:
    """The first places where a search finds something, as many as go on a page; one at least."""
    count, *excerpts = _found(text, search)
    while len(excerpts) > 1 and page.counter.text("\n".join([count, *excerpts])) > page.tokens:
        excerpts.pop()
    return "\n".join([count, *excerpts])


def answer_session_search(store: object, actor_id: str, session_id: str, search: str | None, page: Page) -> str:
    """The places of a session where words stand together, best first, as many as go on a page; one at least."""
    if not search:
        raise InvalidInput("Neither a handle nor a search was given.", f"Call {READ_TOOL} with one, or with both.")
    excerpts = shown(search_session(store, actor_id, session_id, search, MOST_FOUND))
    if not excerpts:
        return f"[no word of {shortened(search)} was said or stored in this session]"
    while len(excerpts) > 1 and page.counter.text("\n".join([_BEST_FIRST, *excerpts])) > page.tokens:
        excerpts.pop()
    return "\n".join([_BEST_FIRST, *excerpts])


_BEST_FIRST: Final = "[the best places first, each after its handle]"


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


def _found(text: str, search: str) -> list[str]:
    """In how many places a search finds something, and what stands around the first of them."""
    spelled = {search, json.dumps(search)[1:-1]}  # as it stands in JSON
    pattern = "|".join(map(re.escape, sorted(spelled)))
    places = [match.start() for match in re.finditer(pattern, text, re.IGNORECASE)]
    if not places:
        return [f"[{search!r} does not occur in these {len(text)} characters]"]
    excerpts = [
        f"[at {place}] {text[max(0, place - AROUND) : place + len(search) + AROUND]}" for place in _apart(places)
    ]
    return [f"[{len(places)} place{'' if len(places) == 1 else 's'}]", *excerpts[:MOST_FOUND]]


def _apart(places: Sequence[int]) -> list[int]:
    """Places far enough from the one before not to show the same text twice."""
    kept: list[int] = []
    for place in places:
        if not kept or place - kept[-1] > AROUND:
            kept.append(place)
    return kept
