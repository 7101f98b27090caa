"""What a query asks about, and where a text bears on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from math import log
from typing import Final

from contextkit.escapes import written_out
from contextkit.rank.irregular import IRREGULAR
from contextkit.rank.languages import is_foreign_text
from contextkit.rank.spans import Period
from contextkit.rank.subwords import index_terms, is_beginning, query_terms
from contextkit.rank.terms import terms
from contextkit.rank.time_words import in_english
from contextkit.rank.times import MONTHS, periods

QUERY_WORTH: Final = 6.0
"""What the terms of the query are worth together, beside lines that are worth 1 to 5 for what they are."""

_NEVER: Final = re.compile(r"(?!)")


class Asked:
    """The terms of a query, and a quick look for them: most words of a text are none of these.

    A text in another language than English has them in other forms, too (see `rank.subwords`).
    """

    def __init__(self, query: str) -> None:
        self.terms = frozenset(query_terms(query, foreign=True))
        self._any_language = any(map(is_beginning, self.terms))
        self._dates = _dates(query)
        self._hint = _hint(self.terms)

    def found(self, text: str) -> tuple[str, ...]:
        """The query's terms in a text, each once, in the order in which it has them."""
        text = written_out(text)
        if not self._dates and text.isascii() and not self._hint.search(text.lower()):
            return ()  # as of most pieces of a text
        return tuple(dict.fromkeys((*self._found_words(text), *self._found_dates(text))))

    def _found_dates(self, text: str) -> list[str]:
        """The months that the query names of which a text has a date as data writes it."""
        return [month for month, written in self._dates.items() if any(one.search(text) for one in written)]

    def _found_words(self, text: str) -> Iterable[str]:
        likely = " ".join(self._likely(text)) if text.isascii() else text
        if not likely:
            return ()
        found = index_terms(likely, foreign=self._any_language and is_foreign_text(text))
        return (term for term in found if term in self.terms)

    def _likely(self, text: str) -> Iterator[str]:
        """The words in which a term may be; of a screenshot in base64, a hundredth."""
        if self._hint.search(text.lower()):
            yield from (word for word in _WORD.findall(text) if self._hint.search(word.lower()))


_ANY_YEAR: Final = 2000
"""Stands for the year where a query names none; a leap year, so that it has all days."""


@lru_cache(256)
def _dates(query: str) -> dict[str, list[re.Pattern[str]]]:
    """By the term of the month, how data writes the months and days that a query names: `2025-11-03`.

    Remembered: a build shortens many texts for one query.
    """
    found: dict[str, list[re.Pattern[str]]] = {}
    for named in periods(in_english(query), _LONG_AGO, range(_ANY_YEAR, _ANY_YEAR + 1)):
        for start, day in _written(named):
            year = r"(?:19|20)\d\d" if start.year == _ANY_YEAR else str(start.year)
            (term,) = terms(MONTHS[start.month - 1])
            found.setdefault(term, []).append(re.compile(rf"(?<!\d){year}-{start.month:02}-{day}(?!\d)"))
    return found


def _written(named: Period) -> Iterator[tuple[date, str]]:
    """A day, or the months of less than a year, each by its first day; and how their days are written."""
    start, days = named.start, (named.end - named.start).days
    if start.year < _ANY_YEAR:
        return
    if days == 1:
        yield start, f"{start.day:02}"
    elif start.day == named.end.day == 1 and days < _YEAR:
        while start < named.end:
            yield start, r"[0-3]\d"
            start = (start + timedelta(days=31)).replace(day=1)


_YEAR: Final = 365


_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What "yesterday" is reckoned from, as it is not known here: it is left out."""

_WORD: Final = re.compile(r"[\w']+")


def _hint(wanted: frozenset[str]) -> re.Pattern[str]:
    """Matches every word that may have one of the terms, and some others."""
    hints = {_start(term) for term in wanted if term.isascii()}.union(*(_irregular().get(term, ()) for term in wanted))
    return re.compile("|".join(sorted(hints))) if hints else _NEVER


def _start(term: str) -> str:
    """What a term's words begin with: a stem may differ from them in its last letter ("policy", "polici")."""
    if is_beginning(term):
        return re.escape(term[1:])
    if len(term) > 1:
        return re.escape(term[: max(_SURE, len(term) - 1)])
    return rf"(?<![a-z\d]){re.escape(term)}(?![a-z\d])"


_SURE: Final = 2
"""First letters of a word that its stem shares ("using" is "use", "flying" is "fli")."""


@cache
def _irregular() -> dict[str, list[str]]:
    """By term, the words that do not begin as it does: of "freez" it is "froze" and "frozen"."""
    forms: dict[str, list[str]] = {}
    for word in IRREGULAR:
        for term in terms(word):
            forms.setdefault(term, []).append(word)
    return forms


@dataclass(frozen=True, slots=True)
class Bearing:
    """How pieces of a text bear on a query: the terms that each is `about`, the `weights` of these, and what each is
    worth `direct`ly for them."""

    about: Sequence[tuple[str, ...]]
    weights: dict[str, float]
    direct: Sequence[float]


def bearing(bodies: Iterable[str], query: str) -> Bearing:
    """How these pieces of a text bear on the query."""
    wanted = Asked(query)
    about = [wanted.found(body) for body in bodies]
    known = weights(about)
    return Bearing(about, known, [sum(known.get(term, 0.0) for term in each) for each in about])


def weights(found: Sequence[Sequence[str]], worth: float = QUERY_WORTH) -> dict[str, float]:
    """Query terms weighed by how rare they are among the pieces that have them; together so much `worth`."""
    count = Counter(term for each in found for term in each)
    rarity = {term: log(1 + len(found) / times) for term, times in count.items()}
    total = sum(rarity.values())
    return {term: worth * rarity[term] / total for term in sorted(rarity)}
