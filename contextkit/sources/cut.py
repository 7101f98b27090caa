"""Where a long document is cut into the stretches by which it is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contextkit.compress.quoting import reads_in_parts
from contextkit.document import Document
from contextkit.rank.corpus import Matches
from contextkit.rank.stretches import stretches
from contextkit.types import Span, Stretch


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a document is cut, and whether each of the stretches reads by itself."""

    spans: Sequence[Span]
    in_parts: bool

    @classmethod
    def of(cls, document: Document) -> Cut:
        spans = stretches(document.text)
        return cls(spans, reads_in_parts(document.text, spans))

    def searched(self, document: Document) -> list[str]:
        """What is searched of the document: each stretch of its text under its title."""
        return [_searched(replace(document, text=document.text[start:end])) for start, end in self.spans]

    def best(self, matches: Matches, place: int, score: float) -> tuple[Stretch, ...]:
        """The stretches that match, best first, where the document is one of several and scores so; none of a text no
        part of which reads by itself."""
        found = matches.best(place) if self.in_parts else []
        return tuple(Stretch(*self.spans[number], score * part / found[0][1]) for number, part in found)


def _searched(document: Document) -> str:
    return "\n".join(filter(None, (document.title, document.part, document.text)))
