"""Spelling: word of results whose letters JSON spells as numbers, which cost several times what they say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contextkit.escapes import plain_json
from contextkit.types import Message, Notice

LEAST: Final = 300
"""Letters spelled so in one prompt of which a report speaks: some 1,000 tokens."""

EACH: Final = 3
"""Tokens that each costs more than it would: 2.5 to 4.6 by o200k_base, in two sentences each of Vietnamese, Chinese,
Japanese, Korean, Russian, Arabic and German."""


def spelling(messages: Iterable[Message]) -> list[Notice]:
    """What a prompt pays for letters that its tools' results spell as `\\u1ead`, where that is much."""
    letters = sum(_spelled(message.text) for message in messages if message.role == "tool")
    if letters < LEAST:
        return []
    text = (
        f"Tools answered in JSON that spells {letters:,} letters as \\uXXXX, about {EACH * letters:,} tokens more than "
        "the letters take. Write them out: json.dumps(…, ensure_ascii=False)."
    )
    return [Notice("letters spelled", text)]


def _spelled(text: str) -> int:
    plain = plain_json(text)
    return 0 if plain is text else text.count("\\u") - plain.count("\\u")
