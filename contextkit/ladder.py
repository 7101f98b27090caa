"""Ladder: the shorter and shorter forms an item can stand in, each made only when it is needed.

Full text, an extract that fits a limit, a handle under which the full text is stored, nothing.
A handle is shown only where something can read it back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

from contextkit import compress
from contextkit.blocks import line
from contextkit.fence import defused
from contextkit.types import Form, Item, Message, Rung, TokenCounter

LEAST_EXTRACT = 24
"""Tokens below which an extract says too little to be worth its place: about one sentence."""

READ_TOOL = "read_context"
"""The tool by which a model reads a handle back."""

HANDLE_DIGITS = 12
"""Hexadecimal digits of SHA-256 in a handle: 48 bits, within one session; the store compares contents."""


def handle_of(item: Item) -> str:
    """The handle under which an item's full text is, or would be, stored."""
    if item.handle is not None:
        return item.handle
    return "c" + hashlib.sha256(item.text.encode("utf-8", "surrogatepass")).hexdigest()[:HANDLE_DIGITS]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Makes the forms of items for one build.

    `handles` says whether the prompt may show handles: only where the store keeps what is moved
    and the model, or automatic rehydration, can read it.
    """

    counter: TokenCounter
    query: str
    handles: bool

    def full(self, item: Item, limit: int) -> Form | None:
        """A ranked item's full form, counted as it stands; None where it takes more than `limit` tokens."""
        return self._within(limit, "full", line(item, item.text)) if item.tokens <= limit else None

    def extract(self, item: Item, limit: int) -> Form | None:
        """An extract of at most `limit` tokens and fewer than the full form's; None where none is worth having."""
        limit = min(limit, item.tokens - 1)
        pointer = self._pointer(item)
        room = limit - self.counter.text(line(item, pointer))
        if room < LEAST_EXTRACT:
            return None
        text = _shorten(item.text, room, self.counter, self.query)
        if not text or text == item.text:
            return None
        return self._within(limit, "extract", line(item, f"{text} {pointer}"))

    def handle(self, item: Item, limit: int) -> Form | None:
        """One line that names the item and its handle; None where handles are not shown or it does not fit."""
        if not self.handles:
            return None
        title = item.provenance.title or _first_words(item.text)
        stub = f"{title} [{item.tokens} tokens stored; {READ_TOOL}({handle_of(item)!r})]"
        return self._within(min(limit, item.tokens - 1), "handle", line(item, stub))

    def short_message(self, item: Item, limit: int, query: str | None = None) -> Form | None:
        """A message item's content cut to an extract, so that the whole message counts at most `limit`."""
        message = whole_message(item)
        limit = min(limit, item.tokens - 1)
        pointer = "\n" + self._pointer(item)
        frame = self.counter.message(replace(message, content=""))
        room = limit - frame - self.counter.text(pointer) - 2
        if room < LEAST_EXTRACT:
            return None
        asked = self.query if query is None else query
        text = _shorten(message.text, room, self.counter, asked)
        return self._message_within(limit, "extract", message, text + pointer) if text else None

    def message_stub(self, item: Item, limit: int) -> Form | None:
        """A message item's content replaced by its handle, or by word of what is left out."""
        message = whole_message(item)
        return self._message_within(min(limit, item.tokens - 1), "handle", message, self._pointer(item))

    def _pointer(self, item: Item) -> str:
        if self.handles:
            return f"[shortened from {item.tokens} tokens; {READ_TOOL}({handle_of(item)!r}) has all of it]"
        return f"[shortened from {item.tokens} tokens]"

    def _within(self, limit: int, rung: Rung, text: str) -> Form | None:
        tokens = self.counter.text(text)
        return Form(rung, text, tokens) if tokens <= limit else None

    def _message_within(self, limit: int, rung: Rung, message: Message, content: str) -> Form | None:
        text = defused(content) if message.role == "tool" else content
        tokens = self.counter.message(replace(message, content=text))
        return Form(rung, text, tokens) if tokens <= limit else None


def whole_message(item: Item) -> Message:
    """The message an item stands for."""
    if item.message is None:
        raise TypeError(f"item {item.id!r} of section {item.section!r} has no message")
    return item.message


def shown_message(item: Item, form: Form | None) -> Message:
    """The message as it stands in the prompt: whole (None), or with its content in a shorter form."""
    message = whole_message(item)
    return message if form is None else replace(message, content=form.text)


@lru_cache(maxsize=256)
def _shorten(text: str, limit: int, counter: TokenCounter, query: str) -> str:
    """`compress.shorten`, remembered: a message shown shortened is shown so in every prompt of its session."""
    return compress.shorten(text, limit, counter, query=query)


def _first_words(text: str, words: int = 8) -> str:
    return " ".join(text[:200].split()[:words])
