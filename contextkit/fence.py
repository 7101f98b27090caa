"""Fence: text that others wrote, marked as data, and unable to climb out of its mark.

Each ranked section stands between `<documents>` and `</documents>`, after its name; a section of a
name of its own between `<context-name>` and `</context-name>`. Text inside that imitates such a
tag, opening or closing, loses its angle bracket; nothing else in it is touched.
"""

from __future__ import annotations

import re

RESERVED = ("documents", "memories", "overflow", "preferences", "recall", "summary")
"""Sections fenced by their bare names. With the prefix of all others these are the only fences
there are, in any strategy: text that is harmless in one is harmless in every other."""

PREFIX = "context-"

BLOCK_NAME = "context"
"""The `name` of the messages that hold blocks: they are ours, not the user's."""

_FORGED = re.compile(rf"<(?=[^\w<>]*(?:{'|'.join(RESERVED)}|{PREFIX})\b)", re.IGNORECASE)

_BLOCK = re.compile(rf"<(?P<tag>{'|'.join(RESERVED)}|{PREFIX}[\w-]+)>.*?</(?P=tag)>\s*", re.IGNORECASE | re.DOTALL)


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
    return _BLOCK.sub("", text) if "<" in text else text


def is_fenced(text: str) -> bool:
    """Whether a text is fenced blocks and nothing else."""
    end = 0
    while block := _BLOCK.match(text, end):
        end = block.end()
    return 0 < end == len(text)


def _tag(section: str) -> str:
    return section if section in RESERVED else PREFIX + section
