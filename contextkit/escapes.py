r"""Escapes: letters that JSON, and other forms, spell as numbers, such as `\u1ead`.

Python's `json.dumps` spells every letter beyond ASCII so unless it is told otherwise, and many tools answer in what it
wrote. A model reads such a result, at four times the tokens, but no search in Vietnamese or Chinese finds a word of it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from html import unescape
from typing import Final

from contextkit.recent import Recent

_ESCAPE: Final = re.compile(r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\.", re.DOTALL)
"""An escape of a JSON text: of a letter, or, beyond the first 65,536, of both halves of one; or another, whose second
character begins none: in `\\\\u1ead` that is a backslash."""

_ANY: Final = re.compile(
    r"(?<!\\)\\++u(?:[dD][89abAB][\da-fA-F]{2}\\++u[dD][c-fC-F][\da-fA-F]{2}|[\da-fA-F]{4})"
    r"|&#(?:\d{3,7}|[xX][\da-fA-F]{2,6});|(?:\\x[89a-fA-F][\da-fA-F])++"
    r"|(?P<mark>[%=])[c-fC-F][\da-fA-F](?:(?P=mark)[89abAB][\da-fA-F])++"
)
"""A letter however it is spelled: as JSON does, perhaps within a string of another JSON; as markup does; or by the
bytes that UTF-8 has for it, as Python, an address or a mail spells these."""

_MARKS: Final = ("\\u", "&#", "\\x", "%C", "%D", "%E", "=C", "=D", "=E")
"""What stands in texts that have any."""

_BYTE: Final = re.compile(r"(?:\\x|[%=])")

_SPELLED: Final = 6
"""Characters of the escape of a letter; of others there are two."""

_SYNTAX: Final = frozenset('"\\<>')
"""What stays an escape: what has a meaning in JSON, or would in a prompt, whose fences it might imitate."""

_SHAPELESS: Final = ("C", "Zl", "Zp")
"""Categories of what cannot be seen, or ends a line."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""The only characters without a shape that words and emoji are written with."""

_REMEMBERED: Final = 2_000_000
"""Characters of texts kept as they read, which come with every build."""


def written_out(text: str) -> str:
    """Any text with the letters in it that are spelled, as JSON, markup, addresses, mails or Python do; for who looks
    for words in it."""
    return _ANY.sub(_any_letter, text) if any(map(text.__contains__, _MARKS)) else text


def plain_json(text: str) -> str:
    """JSON, or lines of it, with its letters written out: it means the same. All other text is as it was: in code, a
    letter may be spelled on purpose."""
    if "\\u" not in text:
        return text
    known = _read.get(text)
    if known is None:
        known = _ESCAPE.sub(_letter, text) if _is_json(text) or all(map(_is_json, _lines(text))) else text
        _read.put(text, known)
    return known


_read: Final = Recent[str, str](_REMEMBERED, len)


def _letter(escape: re.Match[str]) -> str:
    return escape[0] if len(escape[0]) < _SPELLED else _spelled(escape[0])


@lru_cache(10_000)
def _any_spelled(spelled: str) -> str:
    """The letters that are spelled; what spells them, where one is no more than ASCII, or has a meaning of its own."""
    if spelled[0] == "&":
        letters = unescape(spelled)
    elif "u" in spelled:
        letters = json.loads(f'"{_BACKSLASHES.sub(_BACKSLASH, spelled)}"')
    else:
        letters = _decoded(bytes.fromhex(_BYTE.sub("", spelled)), otherwise="latin-1" if spelled[0] == "\\" else "")
    return spelled if letters.isascii() or any(map(_has_meaning, letters)) else letters


def _decoded(data: bytes, *, otherwise: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(otherwise) if otherwise else ""


def _any_letter(spelled: re.Match[str]) -> str:
    return _any_spelled(spelled[0])


_BACKSLASHES: Final = re.compile(r"\\+")
_BACKSLASH: Final = r"\\"


@lru_cache(10_000)
def _spelled(escape: str) -> str:
    """The letter of an escape; the escape, where it has no shape, or a meaning of its own."""
    letter: str = json.loads(f'"{escape}"')
    return escape if _has_meaning(letter) else letter


def _has_meaning(letter: str) -> bool:
    """Whether a letter means something else than itself, or cannot be seen."""
    return letter in _SYNTAX or (unicodedata.category(letter).startswith(_SHAPELESS) and letter not in _JOINERS)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
