"""Fence: text that others wrote, marked as data, and unable to climb out of its mark.

Each ranked section stands between `<documents>` and `</documents>`, after its name; a section of a
name of its own between `<context-name>` and `</context-name>`. Text inside that imitates such a
tag, opening or closing, loses its angle bracket; nothing else in it is touched.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

RESERVED: Final = ("documents", "memories", "overflow", "preferences", "recall", "summary")
"""Sections fenced by their bare names. With the prefix of all others these are the only fences
there are, in any strategy: text that is harmless in one is harmless in every other."""

PREFIX: Final = "context-"

BLOCK_NAME: Final = "context"
"""The `name` of the messages that hold blocks: they are ours, not the user's."""

_FORGED: Final = re.compile(rf"<(?=[^\w<>]*(?:{'|'.join(RESERVED)}|{PREFIX})\b)", re.IGNORECASE)

_TAG: Final = rf"(?P<tag>{'|'.join(RESERVED)}|{PREFIX}[\w-]+)>"
_OPENING: Final = re.compile(f"<{_TAG}", re.IGNORECASE)
_CLOSING: Final = re.compile(rf"</{_TAG}\s*", re.IGNORECASE)


def open_fence(section: str) -> str:
    """The line that opens a section's block."""
    return f"<{_tag(section)}>\n"


def close_fence(section: str) -> str:
    """The line that closes it. Without a newline: it ends a message or is followed by one."""
    return f"</{_tag(section)}>"


def defused(text: str) -> str:
    """The text with every forged fence made harmless: its `<` becomes `&lt;`."""
    return _FORGED.sub("&lt;", text) if "<" in text else text


def unfenced(text: str) -> str:
    """The text without the fenced blocks in it: what is left is its author's own, not what a prompt was given."""
    if "<" not in text:
        return text
    own: list[str] = []
    end = 0
    for start, stop in _blocks(text):
        own.append(text[end:start])
        end = stop
    return "".join([*own, text[end:]])


def is_fenced(text: str) -> bool:
    """Whether a text is fenced blocks and nothing else."""
    end = 0
    if _OPENING.match(text):
        for start, stop in _blocks(text):
            if start > end:
                break
            end = stop
    return 0 < end == len(text)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where fenced blocks begin and end, with the white space after them.

    The closing tags are looked up, not looked for: a text may open a thousand fences and close none.
    """
    closings: dict[str, list[re.Match[str]]] = {}
    for closing in _CLOSING.finditer(text):
        closings.setdefault(closing["tag"].lower(), []).append(closing)
    end = 0
    for opening in _OPENING.finditer(text):
        same = closings.get(opening["tag"].lower(), ())
        first = bisect_left(same, opening.end(), key=re.Match.start)
        if opening.start() >= end and first < len(same):
            end = same[first].end()
            yield opening.start(), end


def _tag(section: str) -> str:
    return section if section in RESERVED else PREFIX + section
