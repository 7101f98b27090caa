"""Text without words: large where it is stored, for it hardly shrinks, and yet soon counted and indexed."""

from __future__ import annotations

import random
from typing import Final

SIGNS: Final = b"!#$%&'()*+,-./:;<=>?@[]^_`{|}~ \n"
"""Thirty-two, so that a character compresses to five bits at best."""

_OF_BYTES: Final = bytes(SIGNS[byte % len(SIGNS)] for byte in range(256))


def noise(characters: int, seed: int = 0) -> str:
    """So many random characters, the same ones each time."""
    return random.Random(seed).randbytes(characters).translate(_OF_BYTES).decode()
