"""Questions about the demo whose answers are known, and where those stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "early", "correction", "tool result", "needle", "multi-step", "document", "injection", "language"
]
"""What makes a question hard.

`early`: the answer lies in the first sessions. `correction`: an older, wrong answer is there too.
`tool result`: only a tool said it. `needle`: it is one line of the 200 KB result. `multi-step`:
several places are needed. `document`: the history does not know it. `injection`: a document lies
about it. `language`: neither question nor answer is in English.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing an answer needs. Each of the `holders` alone says it, in all of these `words`.

    Holders are ids of messages, documents and memories.
    """

    holders: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, its answer, and everything the answer needs: each piece of evidence, once."""

    id: str
    kind: Kind
    query: str
    answer: str
    evidence: tuple[Evidence, ...]

    def answerable(self, prompt: str) -> bool:
        """Whether the words of every piece of evidence stand in the prompt."""
        return all(word in prompt for piece in self.evidence for word in piece.words)
