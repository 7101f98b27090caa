"""Diffs, shortened by choosing lines: which files were changed, then what was, where it bears on the query first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

from contextkit.compress.asked import bearing
from contextkit.compress.lines import lines, lines_left_out, spread
from contextkit.compress.pieces import Outline, Piece
from contextkit.types import Span

_Role: TypeAlias = Literal["said", "file", "fate", "named", "hunk", "changed", "kept"]
"""What a line is: said of the whole; of a file the line that names it first, what became of it, and its name again;
the head of a hunk, and in it what was changed and what was not."""

_WORTH: Final[dict[_Role, float]] = {
    "said": 2.0,
    "file": 3.0,
    "fate": 1.5,
    "named": 0.05,
    "hunk": 0.8,
    "changed": 0.6,
    "kept": 0.1,
}
_OF_HEAD: Final = 0.5
"""Share of what a file's name, or the head of a hunk, is worth for the query that each line changed there gets."""

_OF_LINES: Final[dict[_Role, float]] = {"file": 1.0, "hunk": 0.5}
"""Share of what the best line under a head is worth that the head gets: what was changed says little without where."""

_INSIDE: Final = ("said", "changed", "kept")
_AROUND: Final = (2, 2, 0.3)
"""Lines before and after one that bears on the query, and the share of its worth they get."""

_GIT: Final = "diff --git "
_HUNK: Final = re.compile(r"@@+ -\d")
_FATE: Final = re.compile(r"(?:new file|deleted file|rename |copy |Binary files |old mode|new mode)")
_NAMED: Final = re.compile(r"(?:--- |\+\+\+ |index |similarity |dissimilarity )")
_CHANGED: Final = re.compile(r"[-+].*\w")
_DIFF: Final = re.compile(r"^--- .*\n\+\+\+ .*\n@@ -\d", re.MULTILINE)


def is_diff(text: str) -> bool:
    """Whether there is a unified diff in a text, as git and `diff -u` write it."""
    return _DIFF.search(text) is not None


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The lines of the spans and what they are worth."""
    found = list(lines(text, spans, longest))
    bodies = [text[start:end] for start, end in found]
    roles = list(_roles(bodies))
    asked = bearing(("" if role == "named" else body for role, body in zip(roles, bodies, strict=True)), query)
    near = spread(asked.direct, *_AROUND)
    own = [
        _WORTH[role] + (near[n] if role in _INSIDE else 0.0) if bodies[n].strip() else 0.0
        for n, role in enumerate(roles)
    ]
    pieces = [Piece(*found[n], asked.about[n], worth) for n, worth in enumerate(_led(roles, own, asked.direct))]
    return Outline(text, pieces, asked.weights, lines_left_out)


def _led(roles: Sequence[_Role], own: Sequence[float], direct: Sequence[float]) -> list[float]:
    """What lines are worth by what stands above and below them: those changed under a head that bears on the query,
    and the head of lines that do."""
    worth = list(own)
    file = hunk = None
    for n, role in enumerate(roles):
        if role in ("file", "said"):
            file, hunk = (n if role == "file" else None), None
        elif role == "hunk":
            hunk = n
        heads = [head for head in (file, hunk) if head is not None and head != n]
        if role == "changed":
            worth[n] += max((_OF_HEAD * direct[head] for head in heads), default=0.0)
        for head in heads:
            worth[head] = max(worth[head], own[head] + _OF_LINES[roles[head]] * (worth[n] + direct[n]))
    return worth


def _roles(bodies: Sequence[str]) -> Iterator[_Role]:
    """What each line is. Within a hunk a line that was taken out may look like the name of a file."""
    inside: Literal["", "head", "hunk"] = ""
    by_git = False
    for line, after in zip(bodies, [*bodies[1:], ""], strict=True):
        if line.startswith(_GIT):
            inside, by_git = "head", True
            yield "file"
        elif line.startswith("--- ") and after.startswith("+++ "):
            yield "named" if inside == "head" and by_git else "file"
            inside = "head"
        elif _HUNK.match(line):
            inside = "hunk"
            yield "hunk"
        elif inside == "head":
            yield "named" if _NAMED.match(line) else "fate" if _FATE.match(line) else "kept"
        elif inside == "hunk":
            if line[:1] not in "+- \\@\n":
                inside, by_git = "", False
            yield "said" if not inside else "changed" if _CHANGED.match(line) else "kept"
        else:
            yield "said"
