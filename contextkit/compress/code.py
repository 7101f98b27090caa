"""Code, shortened by choosing lines.

The shape of a file survives first: imports, signatures, the first line of what documents them.
Bodies are kept where they bear on the query, and left out elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from contextkit.compress.asked import bearing
from contextkit.compress.lines import lines, lines_left_out, spread
from contextkit.compress.pieces import Outline, Piece
from contextkit.types import Span

_IMPORT: Final = re.compile(
    r"\s*(?:import|from|#\s*include|use|using|package|require|extern crate|const .*=\s*require)\b"
)
_SIGNATURE: Final = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?|unsafe"
    r"|override|virtual|inline|sealed|data|open|suspend)\s+)*"
    r"(?:def|class|function|func|fun|fn|interface|struct|enum|trait|impl|module|namespace|record|protocol|object"
    r"|type|CREATE|create)\b"
    r"|\s*(?:public|private|protected|static)\s.*\(.*|\w[\w:<>*&\s]*\s[*&]?\w+\([^;]*\)\s*\{\s*$"
    r"|\s*(?:export\s+)?(?:const|let|var)\s+\w+\s*=\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*=>"
)
_DECORATOR: Final = re.compile(r"\s*(?:@\w|#\[)")
_DOC: Final = re.compile(r"\s*(?:[rRuUbB]?(?:\"\"\"|''')|/\*\*|///|//!)")
_COMMENT: Final = re.compile(r"\s*(?:#|//|\*|--|;)")
_LEAVES: Final = re.compile(r"\s*(?:return|raise|throw|yield)\b")

_SIGNATURE_WORTH: Final = 3.0
_DEEPER: Final = 0.75
"""What a signature one level of four spaces further in is worth, as a share."""

_IMPORT_WORTH: Final = 1.6
_TOP_LEVEL_WORTH: Final = 0.9
_DOC_WORTH: Final = 1.5
_DECORATOR_WORTH: Final = 1.0
_LEAVES_WORTH: Final = 0.3
_COMMENT_WORTH: Final = 0.1
_OTHER_WORTH: Final = 0.15
_AROUND: Final = (3, 6, 0.6)
"""Lines before and after one that bears on the query, and the share of its worth they get: its body, mostly after."""


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The lines of the spans and what they are worth."""
    found = list(_statements(text, lines(text, spans, longest)))
    bodies = [text[start:end] for start, end in found]
    asked = bearing(bodies, query)
    lent = list(map(max, spread(asked.direct, *_AROUND), _lent_to_bodies(bodies, asked.direct)))
    pieces: list[Piece] = []
    for n, after in enumerate(_follows_signature(bodies)):
        bonus = _own_worth(bodies[n], after) + lent[n] if bodies[n].strip() else 0.0
        pieces.append(Piece(*found[n], asked.about[n], bonus))
    return Outline(text, pieces, asked.weights, lines_left_out)


_LONGEST_SIGNATURE: Final = 20
"""Lines a signature may have; an open bracket beyond that is not a parameter list."""


def _statements(text: str, found: Iterable[Span]) -> Iterator[Span]:
    """The lines, a signature over several of them as one."""
    start, end, depth, count = 0, 0, 0, 0
    for line_start, line_end in found:
        line = text[line_start:line_end]
        if depth > 0 and line_start == end and count < _LONGEST_SIGNATURE:
            end, count, depth = line_end, count + 1, depth + _brackets(line)
            continue
        if start < end:
            yield start, end
        start, end, count = line_start, line_end, 1
        depth = _brackets(line) if _SIGNATURE.match(line) else 0
    if start < end:
        yield start, end


def _lent_to_bodies(bodies: Sequence[str], direct: Sequence[float]) -> list[float]:
    """What a signature that bears on the query lends to the lines of its body: the more, the nearer they are."""
    lent = [0.0] * len(bodies)
    for n, worth in enumerate(direct):
        if worth <= 0 or not _SIGNATURE.match(bodies[n]):
            continue
        outer = _indent(bodies[n])
        for step, line in enumerate(bodies[n + 1 : n + 1 + _BODY], 1):
            if line.strip() and _indent(line) <= outer and line.lstrip()[0] not in "{})":
                break
            lent[n + step] = max(lent[n + step], worth * _OF_BODY * (1 - step / (2 * _BODY)))
    return lent


_BODY: Final = 120
"""Lines of a body that a signature speaks for."""

_OF_BODY: Final = 0.9
"""Share of a signature's worth that the first lines of its body get; half of that, the last. From 0.6 to 0.9, 15 more
of a hundred lines of the bodies asked for survive, and five fewer of the other signatures."""


def _brackets(line: str) -> int:
    return line.count("(") + line.count("[") - line.count(")") - line.count("]")


def _follows_signature(bodies: Sequence[str]) -> Iterator[bool]:
    """Whether the line before ends as a signature does, so that what documents it may follow."""
    ended = True
    for line in bodies:
        yield ended
        ended = line.rstrip().endswith((":", "{")) if line.strip() else ended


def _own_worth(line: str, after_signature: bool) -> float:
    if _SIGNATURE.match(line):
        return float(_SIGNATURE_WORTH * _DEEPER ** (_indent(line) / 4))
    if _IMPORT.match(line):
        return _IMPORT_WORTH
    if _DOC.match(line):
        return _DOC_WORTH if after_signature or line.lstrip()[:1] == "/" else _OTHER_WORTH
    if _DECORATOR.match(line):
        return _DECORATOR_WORTH
    if _COMMENT.match(line):
        return _COMMENT_WORTH
    if _LEAVES.match(line):
        return _LEAVES_WORTH
    return _TOP_LEVEL_WORTH if line[:1].isalpha() else _OTHER_WORTH


def _indent(line: str) -> int:
    spaced = line.split("\n", 1)[0].expandtabs(4)
    return len(spaced) - len(spaced.lstrip())
