"""Messages as the parts of an event, and back.

What was said stands in `conversational` parts, in order, where the service's own strategies and
other clients read it: the text of user, assistant and tool messages, in pieces of 100,000
characters. One `blob` at the end, a JSON text, has all that such a part cannot hold: ids, exact
times, names, tool calls, blocks, metadata, and any text that JSON's readers might change. What
the system says is kept there alone, since no strategy should learn from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from contextkit.errors import InvalidMessage, StoreCorrupt
from contextkit.messages import dumps, loads
from contextkit.types import Message

MAX_PARTS: Final = 100
"""Parts of one event, by botocore's model of the service."""

MAX_PIECE: Final = 100_000
"""Characters of one conversational part, by the same model."""

MAX_BYTES: Final = 9_500_000
"""Bytes of one event's parts on the wire; AWS's quota is 10 MB, and the request around them is small."""

KEY: Final = "contextkit"
"""What marks the blob of an event as ours, and how its metadata begin."""

_FORMAT: Final = 1
_ROLES: Final = {"user": "USER", "assistant": "ASSISTANT", "tool": "TOOL"}
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that a JSON reader or a log may change on the way: controls and lone surrogates."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """One message as it will stand in an event: its pieces, and its entry in the blob."""

    parts: tuple[Mapping[str, Any], ...]
    entry: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes on the wire, as botocore writes JSON; the entry is a text in a text."""
        return sum(len(json.dumps(part)) + 2 for part in self.parts) + len(json.dumps(json.dumps(self.entry))) + 2


def check_size(message: Message) -> None:
    """Raise `InvalidMessage` for a message that no event can hold."""
    if len(dumps(message)) < MAX_BYTES // _GROWTH:
        return
    draft = _draft(message)
    if draft.size > MAX_BYTES - _ROOM or len(draft.parts) >= MAX_PARTS:
        raise InvalidMessage(
            f"A message of {len(message.text):,} characters takes {draft.size:,} bytes as an event; AgentCore takes "
            f"{MAX_BYTES:,} in at most {MAX_PARTS} parts.",
            "Send its content as a reference, or in several messages.",
            value=message.text[:80],
        )


_GROWTH: Final = 4
"""How many times longer than its JSON a message may become in an event: its text once, and its JSON with every
quote and backslash escaped twice. So most messages need no closer look."""

_ROOM: Final = 16_384
"""Bytes kept free for the id, the time and the numbers that a message gets when it is stored."""


def fitting(messages: Sequence[Message]) -> int:
    """How many of these messages, from the first, fit into one event; at least one."""
    size, parts = 0, 1
    for number, message in enumerate(messages):
        draft = _draft(message)
        size, parts = size + draft.size, parts + len(draft.parts)
        if number and (size > MAX_BYTES or parts > MAX_PARTS):
            return number
    return len(messages)


def to_payload(messages: Sequence[Message], place: tuple[str, str]) -> list[Mapping[str, Any]]:
    """The parts of one event that holds these messages. `place` are the actor's and session's ids, unencoded."""
    drafts = [_draft(message) for message in messages]
    blob = {KEY: _FORMAT, "place": place, "messages": [draft.entry for draft in drafts]}
    return [*(part for draft in drafts for part in draft.parts), {"blob": json.dumps(blob)}]


def from_payload(payload: Sequence[Mapping[str, Any]]) -> list[Message] | None:
    """The messages of an event that `to_payload` wrote, with their sequence numbers; None for any other's."""
    blob = _blob(payload)
    if blob is None:
        return None
    texts = (part["conversational"]["content"]["text"] for part in payload if "conversational" in part)
    try:
        return [_message(entry, texts) for entry in blob["messages"]]
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise StoreCorrupt(
            f"An event of contextkit's was changed since it was written ({error!r}).",
            "Delete the event, or restore it from a copy.",
        ) from error


def pieces(text: str, limit: int) -> Iterator[str]:
    """The text in pieces of at most `limit` characters, cut behind white space where there is some near the end."""
    start = 0
    while len(text) - start > limit:
        cut = next(
            (at for at in range(start + limit, start + limit - limit // 8, -1) if text[at - 1].isspace()),
            start + limit,
        )
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]


def readable(text: str) -> str:
    """The text with a space for each character that may not arrive as it was sent."""
    return _UNSAFE.sub(" ", text)


def is_safe(text: str) -> bool:
    """Whether the text arrives as it was sent."""
    return _UNSAFE.search(text) is None


def _draft(message: Message) -> _Draft:
    role, text = _ROLES.get(message.role), message.text
    shown = list(pieces(readable(text), MAX_PIECE)) if role is not None and text.strip() else []
    said = bool(shown) and isinstance(message.content, str) and is_safe(text)
    bare = replace(message, content="") if said else message
    return _Draft(
        tuple({"conversational": {"role": role, "content": {"text": piece}}} for piece in shown),
        {"seq": message.seq, "pieces": len(shown), "said": said, "message": json.loads(dumps(bare))},
    )


def _message(entry: Mapping[str, Any], texts: Iterator[str]) -> Message:
    text = "".join([next(texts) for _ in range(entry["pieces"])])
    message = loads(json.dumps(entry["message"]), seq=entry["seq"])
    return replace(message, content=text) if entry["said"] else message


def _blob(payload: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for part in reversed(payload):
        if isinstance(part.get("blob"), str) and part["blob"].startswith(f'{{"{KEY}":'):
            found: Mapping[str, Any] = json.loads(part["blob"])
            return found
    return None
