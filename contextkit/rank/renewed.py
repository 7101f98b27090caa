"""Renewed: results of tools that a newer result tells anew.

An order is looked up again and again, and what was found first is outdated by what was found last. By its words an old
result bears on a question as much as the newest: so what it scores goes over to that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

RENEWED: Final = 0.5
"""Weight of a result that a newer one tells anew: it still says how things were."""

SAME: Final = 0.85
"""Part of a result's distinct words that the newer one has. Answers of one service about two things share their keys
and what is the same in all, some 0.6 of them; two answers about one thing all but a state, a date and a few numbers."""

FEWEST: Final = 20
"""Distinct words of a result below which they do not tell what it is about; one so short may stand beside others."""

LONGEST: Final = 100_000
"""Characters of a result that is compared."""


def renewed(results: Sequence[str], scores: Sequence[float]) -> list[float]:
    """What results score, oldest first, once those that are told anew have handed it on to the newest that does."""
    words = [frozenset(_WORD.findall(text)) if len(text) <= LONGEST else frozenset() for text in results]
    found = list(scores)
    for older in range(len(found)):
        newest = next(
            (newer for newer in reversed(range(older + 1, len(found))) if _tells(words[newer], words[older])), 0
        )
        if newest:
            found[newest] = max(found[newest], found[older])
            found[older] *= RENEWED
    return found


def _tells(newer: frozenset[str], older: frozenset[str]) -> bool:
    least = len(older) * SAME
    return len(older) >= FEWEST and least <= len(newer) and len(older & newer) >= least


_WORD: Final = re.compile(r"\w+")
