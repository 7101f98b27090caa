"""What a query asks about, and where a text bears on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Final

from contextkit.rank.terms import terms

QUERY_WORTH: Final = 6.0
"""What the terms of the query are worth together, the unit being a sentence about the text's main subject."""

_NEVER: Final = re.compile(r"(?!)")


class Asked:
    """The terms of a query, and a quick look for them: most stretches of a text have none."""

    def __init__(self, query: str) -> None:
        self.terms = frozenset(terms(query))
        self._hint = _hint(query, self.terms)

    def found(self, text: str) -> tuple[str, ...]:
        """The query's terms in a text, each once, in the order in which it has them."""
        if not self.terms or (text.isascii() and not self._hint.search(text.lower())):
            return ()
        return tuple(dict.fromkeys(term for term in terms(text) if term in self.terms))


def _hint(query: str, wanted: frozenset[str]) -> re.Pattern[str]:
    """Matches wherever a term may stand; a stem may differ from its word in the last letter ("policy", "polici")."""
    words = {word.lower() for word in re.findall(r"\w+", query) if word.isascii()}
    starts = {term[: max(_SURE, len(term) - 1)] for term in wanted if term.isascii()}
    hints = {hint for hint in words | starts if any(term[:1] == hint[:1] for term in wanted)}
    hints = {hint for hint in hints if len(hint) > 1} or hints
    return re.compile("|".join(map(re.escape, sorted(hints)))) if hints else _NEVER


_SURE: Final = 3
"""First letters of a word that its stem shares."""


def weights(found: Sequence[Sequence[str]]) -> dict[str, float]:
    """Query terms weighed by how rare they are among the pieces that have them; together `QUERY_WORTH`."""
    count = Counter(term for each in found for term in each)
    rarity = {term: log(1 + len(found) / times) for term, times in count.items()}
    total = sum(rarity.values())
    return {term: QUERY_WORTH * rarity[term] / total for term in sorted(rarity)}
