"""Conversations from files: JSON Lines, one message per line, in OpenAI's shape or another that is understood.

Of the Responses API a line is one item, and lines that follow each other and were said at once become one message.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from contextkit.errors import ContextKitError, InvalidMessage, shortened
from contextkit.messages import as_messages
from contextkit.messages.responses import at_once
from contextkit.types import Message

STDIN: Final = Path("-")

_ONE_PER_LINE: Final = 'Write one JSON object per line, such as {"role": "user", "content": "Hello"}.'


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a file holds: the system prompt that it opens with ("" without one), and the messages after it."""

    system: str
    messages: tuple[Message, ...]


def read_conversation(path: Path) -> Conversation:
    """A conversation from a file, or from standard input for `-`.

    Every message has an id: its own, or one made of its line's number and content, so that
    reading the same file twice gives the same ids. Empty lines are skipped. Raises
    `InvalidMessage` with file, line and value for the first line that is no message.
    """
    name = "<stdin>" if path == STDIN else str(path)
    messages = list(_messages(name, _lines(path, name)))
    _check_ids(name, messages)
    opening = _opening(messages)
    return Conversation(
        system="\n\n".join(message.text for _, message in messages[:opening]),
        messages=tuple(message for _, message in messages[opening:]),
    )


def _lines(path: Path, name: str) -> Iterator[bytes]:
    try:
        if path == STDIN:
            yield from sys.stdin.buffer
            return
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise InvalidMessage(
            f"{name!r} cannot be read: {error.strerror}.", "Check the path of the conversation.", value=name
        ) from error


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: its number, its bytes, what they say, and the messages that it is by itself."""

    number: int
    text: bytes
    said: dict[str, Any]
    messages: list[Message]


def _messages(name: str, lines: Iterable[bytes]) -> Iterator[tuple[int, Message]]:
    for run in at_once(_parsed(name, lines), lambda line: line.said):
        first = run[0]
        messages = first.messages if len(run) == 1 else _understood(name, first.number, [line.said for line in run])
        yield from ((first.number, message) for message in _with_ids(messages, first.number, first.text))


def _parsed(name: str, lines: Iterable[bytes]) -> Iterator[_Line]:
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            said = _object(name, number, text)
            yield _Line(number, text, said, _understood(name, number, [said]))


def _understood(name: str, number: int, said: Sequence[dict[str, Any]]) -> list[Message]:
    try:
        return as_messages(said)
    except ContextKitError as error:
        raise InvalidMessage(f"{name}:{number}: {error.problem}", error.remedy, value=said[0]) from error


def _object(name: str, number: int, line: bytes) -> dict[str, Any]:
    said = _read(f"{name}:{number}:", line)
    if isinstance(said, dict):
        return said
    raise InvalidMessage(f"{name}:{number}: {shortened(said)} is not a message.", _ONE_PER_LINE, value=line[:80])


def _read(where: str, line: bytes) -> object:
    try:
        said: object = json.loads(line.decode())  # of bytes, it would guess another encoding
        return said
    except UnicodeDecodeError as error:
        bad = line[error.start : error.start + 1]
        raise InvalidMessage(
            f"{where} the byte {bad!r} at column {error.start + 1} is not UTF-8.", "Save the file as UTF-8.", value=bad
        ) from error
    except json.JSONDecodeError as error:
        shown = shortened(line.decode().strip())
        raise InvalidMessage(
            f"{where} {shown} is not JSON: {error.msg} at column {error.colno}.", _ONE_PER_LINE, value=shown
        ) from error
    except (RecursionError, ValueError) as error:  # nested or long beyond what Python's own reader takes
        raise InvalidMessage(f"{where} the line cannot be read: {error}.", _ONE_PER_LINE, value=line[:80]) from error


def _with_ids(messages: list[Message], number: int, line: bytes) -> Iterator[Message]:
    """The line's messages, each with an id: one that says nothing of other lines, whose number may not change."""
    digest = sha256(line.strip()).hexdigest()[:16]
    for part, message in enumerate(messages):
        made = f"line-{number}-{digest}" + (f"-{part}" if part else "")
        yield message if message.id and not part else replace(message, id=made)


def _check_ids(name: str, messages: Iterable[tuple[int, Message]]) -> None:
    """A store keeps one message per id, so two of one file must not share theirs."""
    seen: dict[str, int] = {}
    for number, message in messages:
        first = seen.setdefault(message.id or "", number)
        if first != number:
            raise InvalidMessage(
                f"{name}:{number}: the id {shortened(message.id)} is that of line {first} already.",
                "Give each message its own id, or none.",
                value=message.id,
            )


def _opening(messages: list[tuple[int, Message]]) -> int:
    """How many system messages the conversation opens with."""
    return next((at for at, (_, message) in enumerate(messages) if message.role != "system"), len(messages))
