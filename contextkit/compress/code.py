"""Code, shortened by choosing lines.

The shape of a file survives first: imports, signatures, the first line of what documents them.
Bodies are kept where they bear on the query, and left out elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.compress.asked import Asked, weights
from contextkit.compress.lines import lines, lines_left_out, spread
from contextkit.compress.pieces import Outline, Piece
from contextkit.compress.sample import Span

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
    found = list(lines(text, spans, longest))
    bodies = [text[start:end] for start, end in found]
    wanted = Asked(query)
    about = [wanted.found(text[start:end]) for start, end in found]
    asked = weights(about)
    direct = [sum(asked.get(term, 0.0) for term in each) for each in about]
    lent = spread(direct, *_AROUND)
    own = _own_worth(bodies)
    pieces = [
        Piece(start, end, about[n], own[n] + lent[n] if bodies[n].strip() else 0.0)
        for n, (start, end) in enumerate(found)
    ]
    return Outline(text, pieces, asked, lines_left_out)


def _own_worth(bodies: Sequence[str]) -> list[float]:
    """Worth of each line for what it is; a signature over several lines is worth the same on each."""
    worth: list[float] = []
    open_brackets = 0
    signature = 0.0
    for line, after in zip(bodies, _follows_signature(bodies), strict=True):
        if open_brackets > 0:
            worth.append(signature)
        elif _SIGNATURE.match(line):
            signature = _SIGNATURE_WORTH * _DEEPER ** (_indent(line) / 4)
            worth.append(signature)
        else:
            worth.append(_plain_worth(line, after))
            continue
        open_brackets = max(0, open_brackets + sum(map(line.count, "([")) - sum(map(line.count, ")]")))
    return worth


def _follows_signature(bodies: Sequence[str]) -> Iterator[bool]:
    """Whether the line before ends as a signature does, so that what documents it may follow."""
    ended = True
    for line in bodies:
        yield ended
        ended = line.rstrip().endswith((":", "{")) if line.strip() else ended


def _plain_worth(line: str, after_signature: bool) -> float:
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
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
