"""Events that other clients wrote, read as messages: boto3, Amazon's own SDK, its session manager for Strands.

AgentCore's roles say less than ours. A TOOL part names no call, and no provider takes a result
without its call, so it is read as the assistant's, named "tool"; OTHER as the user's, named "other".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.stores.agentcore.events import Event
from contextkit.types import Message, Role

_EVENT: Final = re.compile(r"[0-9]+#[a-fA-F0-9]+")

_ROLES: Mapping[str, tuple[Role, str | None]] = {
    "USER": ("user", None),
    "ASSISTANT": ("assistant", None),
    "TOOL": ("assistant", "tool"),
    "OTHER": ("user", "other"),
}


PREFIX: Final = "agentcore:"
"""How the ids begin of messages that other clients wrote; the event's id and the message's place in it follow."""


def foreign_event(message_id: str) -> str | None:
    """The id of the event that a message of this id came from; None for an id of any other kind."""
    event_id = message_id.removeprefix(PREFIX).rpartition(":")[0]
    return event_id if message_id.startswith(PREFIX) and _EVENT.fullmatch(event_id) else None


def foreign_messages(event: Event) -> list[Message]:
    """What the event says, each message under an id of its own.

    Blobs that are no messages (checkpoints, files) are left out: they are not part of what was said.
    """
    said = [message for part in event.payload for message in _messages(part)]
    return [
        replace(message, id=f"{PREFIX}{event.id}:{number}", created_at=message.created_at or event.at, seq=None)
        for number, message in enumerate(said)
    ]


def _messages(part: Mapping[str, Any]) -> Iterator[Message]:
    if "conversational" in part:
        text = part["conversational"]["content"]["text"]
        role, name = _ROLES.get(part["conversational"]["role"], ("user", None))
        yield from _strands(text) or [Message(role=role, content=text, name=name)]
    elif isinstance(part.get("blob"), str):
        yield from _large(part["blob"])


def _large(blob: str) -> list[Message]:
    """A message of Strands' that was too long for a conversational part: a JSON pair of its text and its role."""
    pair = _json(blob)
    return _strands(pair[0]) if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) else []


def _strands(text: str) -> list[Message]:
    """The message that Strands' session manager wrote as JSON; nothing for any other text."""
    found = _json(text) if text.startswith("{") else None
    if not isinstance(found, dict) or "message_id" not in found or not isinstance(found.get("message"), dict):
        return []
    try:
        return as_messages([found["message"]])
    except InvalidMessage:
        return []


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
