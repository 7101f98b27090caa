"""Fence: text that others wrote, marked as data, and unable to climb out of its mark.

Each ranked section stands between `<section>` and `</section>`. Text inside that imitates such a
tag, opening or closing, loses its angle bracket; nothing else in it is touched.
"""

from __future__ import annotations

import re
from functools import lru_cache

RESERVED = ("documents", "memories", "overflow", "preferences", "recall", "summary")
"""Section names that are always fenced, so that text from one strategy is safe in another."""


def open_fence(section: str) -> str:
    """The line that opens a section's block."""
    return f"<{section}>\n"


def close_fence(section: str) -> str:
    """The line that closes it. Without a newline: it ends a message or is followed by one."""
    return f"</{section}>"


def defused(text: str, sections: tuple[str, ...] = RESERVED) -> str:
    """The text with every forged fence made harmless: its `<` becomes `&lt;`."""
    return _forged(sections).sub("&lt;", text) if "<" in text else text


@lru_cache(maxsize=64)
def _forged(sections: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted({*RESERVED, *sections})))
    return re.compile(rf"<(?=\s*/?\s*(?:{names})\b)", re.IGNORECASE)
