"""Ids as AgentCore takes them: itself where it fits, else an encoding that no other id can have.

AgentCore allows few characters: letters, digits, `-` and `_` in a session's id, and `:` between
words in an actor's. An id that fits is left alone, so that sessions written by other clients are
found under their own names. Any other begins with `ctk--` (an id that begins so by itself is
encoded too), its bytes escaped; one that is too long ends in its SHA-256, behind an escape that
no byte has. An actor's `/` is always escaped: in a namespace it would reach into the records of
another actor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contextkit.stores import check_id

ENCODED: Final = "ctk--"
"""How an encoded id begins."""

MAX_ACTOR: Final = 255
MAX_SESSION: Final = 100
"""Characters of an actor's and of a session's id, as botocore's model of the service has them."""

_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What one kind of id may look like, and the character that escapes all others."""

    kind: str
    plain: re.Pattern[str]
    limit: int
    escape: str

    def encode(self, value: str) -> str:
        """The id as AgentCore takes it. Raises `InvalidId` for what is no id at all."""
        checked = check_id(self.kind, value)
        if len(checked) <= self.limit and self.plain.fullmatch(checked) and not checked.startswith(ENCODED):
            return checked
        return shortened_by_hash(ENCODED + escaped(checked, self.escape), checked, self.limit, self.escape)

    def decode(self, encoded: str) -> str | None:
        """The id that `encode` was given, or None where only its hash was kept."""
        if not encoded.startswith(ENCODED):
            return encoded
        body = encoded.removeprefix(ENCODED)
        if f"{self.escape}{_HASH}" in body:
            return None
        pattern = re.compile(f"((?:{self.escape}[0-9a-f]{{2}})+)")
        return pattern.sub(lambda match: bytes.fromhex(match[0].replace(self.escape, "")).decode(), body)


def escaped(value: str, escape: str) -> str:
    """The text with every byte escaped but for letters, digits, `-` and `_`; the escape character too."""
    allowed = _LETTERS - {escape}
    return "".join(
        char if char in allowed else "".join(f"{escape}{byte:02x}" for byte in char.encode()) for char in value
    )


def shortened_by_hash(encoded: str, value: str, limit: int, escape: str) -> str:
    """The encoded id, or where it is too long its beginning and the SHA-256 of the id itself."""
    if len(encoded) <= limit:
        return encoded
    ending = f"{escape}{_HASH}{sha256(value.encode()).hexdigest()}"
    return encoded[: limit - len(ending)].rstrip(escape) + ending


_HASH: Final = "h"
"""What follows the escape character before a hash. It is no hexadecimal digit."""

ACTORS: Final = Alphabet("actor id", re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*(?::[a-zA-Z0-9_-]+)*"), MAX_ACTOR, ":")
SESSIONS: Final = Alphabet("session id", re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*"), MAX_SESSION, "_")
