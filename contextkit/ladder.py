"""Ladder: the shorter and shorter forms an item can stand in, each made only when it is needed.

Full text, an extract that fits a limit, a handle under which the full text is stored, nothing.
A handle is shown only where something can read it back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from contextkit import compress
from contextkit.blocks import line
from contextkit.fence import defused
from contextkit.readable import named, pictured, readable
from contextkit.recent import Recent
from contextkit.types import Block, Form, Item, Message, Rung, TokenCounter

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
    and the model, or automatic rehydration, can read it. `read_tool` says whether the model can: where only
    rehydration does, no prompt speaks of a tool that is not among its own.
    """

    counter: TokenCounter
    query: str
    handles: bool
    read_tool: bool = True

    @property
    def readable(self) -> bool:
        """Whether the model can read what a handle stands for."""
        return self.handles and self.read_tool

    def full(self, item: Item, limit: int) -> Form | None:
        """A ranked item's full form, counted as it stands; None where it takes more than `limit` tokens."""
        return self._within(limit, "full", line(item, item.text)) if item.tokens <= limit else None

    def extract(self, item: Item, limit: int) -> Form | None:
        """An extract of at most `limit` tokens and fewer than the full form's; None where none is worth having."""
        limit = min(limit, item.tokens - 1)
        room = limit - self.frame(item)
        if room < LEAST_EXTRACT:
            return None
        if item.best and self.query:
            best = [(one.start, one.end) for one in item.best]
            text = compress.quoted(item.text, best, room, self.counter, query=self.query)
        else:
            text = _shorten(item.text, room, self.counter, self.query)
        if not text or text == item.text:
            return None
        return self._within(limit, "extract", line(item, f"{text} {self._pointer(item)}"))

    def brief(self, text: str, limit: int) -> str:
        """A text within so many tokens, the same whatever was asked."""
        return _shorten(text, limit, self.counter, "")

    def frame(self, item: Item) -> int:
        """Tokens of what an extract says beside the item's text."""
        return self.counter.text(line(item, self._pointer(item)))

    def handle(self, item: Item, limit: int) -> Form | None:
        """One line that names the item and its handle; None where handles are not shown or it does not fit."""
        if not self.handles:
            return None
        title = item.provenance.title or _first_words(item.text)
        name = "" if item.heading.startswith(title) else f"{title} "
        how = f"; {READ_TOOL}({handle_of(item)!r})" if self.readable else ""
        stub = f"{name}[{item.tokens} tokens stored{how}]"
        return self._within(min(limit, item.tokens - 1), "handle", line(item, stub))

    def short_message(self, item: Item, limit: int, query: str | None = None) -> Form | None:
        """A message item's content cut to an extract, so that the whole message counts at most `limit`.

        Its pictures stay if they leave room for text.
        """
        message = whole_message(item)
        limit, asked = min(limit, item.tokens - 1), self.query if query is None else query
        pictures = pictured(message)
        kept = self._short_message(item, limit, asked, pictures) if pictures else None
        return kept or self._short_message(item, limit, asked, ())

    def _short_message(self, item: Item, limit: int, asked: str, pictures: tuple[Block, ...]) -> Form | None:
        message = whole_message(item)
        pointer = "\n" + self._message_pointer(item, () if pictures else pictured(message))
        frame = self.counter.message(replace(message, content=(_text_block(""), *pictures) if pictures else ""))
        room = limit - frame - self.counter.text(pointer) - 2
        if room < LEAST_EXTRACT:
            return None
        text = _shorten(readable(message), room, self.counter, asked)
        return self._message_within(limit, "extract", message, text + pointer, pictures) if text else None

    def message_stub(self, item: Item, limit: int) -> Form | None:
        """A message item's content replaced by its handle, or by word of what is left out."""
        message = whole_message(item)
        pointer = self._message_pointer(item, pictured(message))
        return self._message_within(min(limit, item.tokens - 1), "handle", message, pointer)

    def _pointer(self, item: Item) -> str:
        if self.readable:
            return f"[shortened from {item.tokens} tokens; {READ_TOOL}({handle_of(item)!r}) has all of it]"
        return f"[shortened from {item.tokens} tokens]"

    def _message_pointer(self, item: Item, gone: tuple[Block, ...]) -> str:
        """The same for a message whose pictures, if any are `gone`, no handle has."""
        if not gone:
            return self._pointer(item)
        without = f"shortened from {item.tokens} tokens, without {named(gone)}"
        if self.readable and readable(whole_message(item)):
            return f"[{without}; {READ_TOOL}({handle_of(item)!r}) has all of its text]"
        return f"[{without}]"

    def _within(self, limit: int, rung: Rung, text: str) -> Form | None:
        tokens = self.counter.text(text)
        return Form(rung, text, tokens) if tokens <= limit else None

    def _message_within(
        self, limit: int, rung: Rung, message: Message, content: str, pictures: tuple[Block, ...] = ()
    ) -> Form | None:
        text = defused(content) if message.role == "tool" else content
        form = Form(rung, text, self.counter.message(_shown(message, text, pictures)), pictures)
        return form if form.tokens <= limit else None


def whole_message(item: Item) -> Message:
    """The message an item stands for."""
    if item.message is None:
        raise TypeError(f"item {item.id!r} of section {item.section!r} has no message")
    return item.message


def shown_message(item: Item, form: Form | None) -> Message:
    """The message as it stands in the prompt: whole (None), or with its content in a shorter form."""
    message = whole_message(item)
    return message if form is None else _shown(message, form.text, form.pictured)


def _shown(message: Message, text: str, pictures: tuple[Block, ...]) -> Message:
    return replace(message, content=(_text_block(text), *pictures) if pictures else text)


def _text_block(text: str) -> Block:
    return {"type": "text", "text": text}


_Key: TypeAlias = tuple[bytes, int, TokenCounter, str]

_EXTRACTS: Final = Recent[_Key, str](256)
"""By the digest of the whole text, so that no megabytes of a session that is over are kept for its few lines."""


def _shorten(text: str, limit: int, counter: TokenCounter, query: str) -> str:
    """`compress.shorten`, remembered: a message shown shortened is shown so in every prompt of its session."""
    key = (_digest(text), limit, counter, query)
    known = _EXTRACTS.get(key)
    if known is None:
        known = compress.shorten(text, limit, counter, query=query)
        _EXTRACTS.put(key, known)
    return known


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _first_words(text: str) -> str:
    """What stands for the title of a text that has none."""
    return " ".join(text[:200].split()[:8])
