"""Session search: where something stands that was said in a session, or moved out of its prompts.

An agent whose turn has outgrown the window knows that it saw a setting, but not in which of hundreds of results. So a
search without a handle goes through all of them. It takes the words as they stand: a word of the search is found where
the texts have it, or another ending of it, and those places come first where the rarest of its words stand together: in
JSON, in one record, of which what stands around each word is shown. Nothing of it is kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from contextkit.escapes import plain_json
from contextkit.ladder import READ_TOOL
from contextkit.rank.passages import are_apart, passages
from contextkit.rank.terms import STOPWORDS, UNSPACED, terms, weight_of
from contextkit.readable import with_calls
from contextkit.stores import OverflowStore, SessionStore
from contextkit.types import Message

AROUND: Final = 240
"""Characters shown on either side of the middle of a place."""

READ: Final = 500
"""Messages read at once."""

MOST_READ: Final = 10_000
"""Messages searched, the newest: a turn has hundreds."""

WHOLE: Final = 3
"""Characters up to which a word stands whole where it is found; so do numbers, or 1 would be in every other."""

LOOKED_INTO: Final = 200
"""Texts in which the best place is looked for, those with the rarest words of the search."""

CLOSE: Final = 24
"""Characters by which words have to stand closer together for one place to come before a newer one."""

ASKING: Final = 0.7
"""Worth of a place in a message that asks: mostly it has been asked before in the words of the search, and the answer
stands elsewhere."""

SPOTS: Final = 3
"""Words of a record around which something is shown, the rarest."""

BEFORE: Final = 40
"""Characters shown before a word of a record; the others follow it, as values do their names."""

NEAR_BEST: Final = 0.5
"""A place whose words are worth less than this part of the best one's is not shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where words of a search stand together: the handle of the text, and what stands there."""

    handle: str
    excerpt: str


def search_session(store: object, actor_id: str, session_id: str, search: str, limit: int) -> list[Place]:
    """The places where most of a search's words stand together, the closest first, the newest of those alike; up to
    `limit`.

    What stands the same in several texts is one place. What was found by earlier reads is not found again.
    """
    words = {word: _pattern(word) for word in _words(search)}
    texts = list(_texts(store, actor_id, session_id))
    having = [_had(text, words) for _, text in texts]
    found = Counter(word for had in having for word in had)
    worth = {word: log(1 + len(texts) / count) * weight_of(word) for word, count in found.items()}
    rated = [(sum(worth[word] for word in had), had, *text) for had, text in zip(having, texts, strict=True) if had]
    rated = sorted(rated, key=lambda each: -each[0])[:LOOKED_INTO]
    places = [(_best(text, {words[word]: worth[word] for word in had}), handle, text) for _, had, handle, text in rated]
    places.sort(key=lambda each: (-each[0].worth, each[0].span // CLOSE))
    found_at: dict[str, str] = {}
    for together, handle, text in places:
        if len(found_at) == limit or together.worth < NEAR_BEST * places[0][0].worth:
            break
        found_at.setdefault(_excerpt(text, together), handle)
    return [Place(handle, excerpt) for excerpt, handle in found_at.items()]


def _words(search: str) -> list[str]:
    """What is looked for: the beginnings that the forms of each word share, pairs of characters where no spaces are."""
    found: list[str] = []
    said = re.findall(r"\w+", search.casefold())
    for word in [word for word in said if word not in STOPWORDS] or said:
        if UNSPACED.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            found.append(_stem(word))
    return list(dict.fromkeys(found))


def _stem(word: str) -> str:
    """The beginning that a word's forms share; the word itself where that is not known."""
    stems = terms(word)
    return stems[0] if len(stems) == 1 and word.startswith(stems[0]) else word


def _pattern(word: str) -> re.Pattern[str]:
    """What finds a word in a text in lower case."""
    if word.isdigit() or (len(word) <= WHOLE and not UNSPACED.search(word)):
        return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return re.compile(re.escape(word))


def _had(text: str, words: Mapping[str, re.Pattern[str]]) -> list[str]:
    """The words that a text has."""
    folded = text.casefold()
    return [word for word, pattern in words.items() if word in folded and pattern.search(folded)]


def _texts(store: object, actor_id: str, session_id: str) -> Iterator[tuple[str, str]]:
    """What was said, the newest first, and what was moved out; each under its handle."""
    if isinstance(store, SessionStore):
        yield from ((f"m{message.seq}", with_calls(message)) for message in _said(store, actor_id, session_id))
    if isinstance(store, OverflowStore):
        yield from ((piece.handle, plain_json(piece.text)) for piece in store.overflow(actor_id, session_id))


def _said(store: SessionStore, actor_id: str, session_id: str) -> Iterator[Message]:
    messages: list[Message] = []
    before: int | None = None
    while len(messages) < MOST_READ:
        older = store.messages(actor_id, session_id, before=before, last=READ)
        messages[:0] = older
        if len(older) < READ:
            break
        before = older[0].seq
    return reversed(list(_without_reads(messages)))


def _without_reads(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages but for those that read something back: they say again what stands elsewhere, or ask for it."""
    reads: set[str] = set()
    for message in messages:
        called = {call.id for call in message.tool_calls if call.name == READ_TOOL}
        reads |= called
        if not called and message.tool_call_id not in reads:
            yield message


class _Together(NamedTuple):
    """Where words stand together: what they are worth, over how many characters they begin (0 in a record, however long
    that is), and the places around which something is shown: the middle of them, or where words of a record begin, each
    with its part of what they are worth."""

    worth: float
    span: int
    places: tuple[tuple[int, float], ...]
    in_record: bool = False


_Mark: TypeAlias = tuple[int, re.Pattern[str]]
"""Where a word begins in the casefolded text, and the word."""


def _best(text: str, worth: Mapping[re.Pattern[str], float]) -> _Together:
    """Where words of the most worth stand together in a text, and of such places the closest."""
    folded = text.casefold()
    marks = sorted(
        ((match.start(), word) for word in worth for match in word.finditer(folded)), key=lambda mark: mark[0]
    )
    best = _best_record(folded, marks, worth) if folded.startswith(("{", "[")) else _closest(marks, worth)
    return best._replace(worth=best.worth * ASKING) if _ASKS.search(text) else best


def _closest(marks: Sequence[_Mark], worth: Mapping[re.Pattern[str], float]) -> _Together:
    inside: Counter[re.Pattern[str]] = Counter()
    best, first = _Together(0.0, 0, ((0, 1.0),)), 0
    for at, word in marks:
        inside[word] += 1
        while at - marks[first][0] > AROUND or inside[marks[first][1]] > 1:
            inside[marks[first][1]] -= 1
            first += 1
        value = round(sum(worth[word] for word, count in inside.items() if count), 6)
        span = at - marks[first][0]
        if (value, -span) > (best.worth, -best.span):
            best = _Together(value, span, ((marks[first][0] + span // 2, 1.0),))
    return best


def _best_record(folded: str, marks: Sequence[_Mark], worth: Mapping[re.Pattern[str], float]) -> _Together:
    best, end = _Together(0.0, 0, ((0, 1.0),)), 0
    for record in passages(folded):
        begin, end = end, end + len(record)
        within = marks[bisect_left(marks, begin, key=_at) : bisect_left(marks, end, key=_at)]
        value = round(sum(worth[word] for word in {word for _, word in within}), 6)
        if value > best.worth:
            places = _spots(record, [(at - begin, word) for at, word in within], worth)
            best = _Together(value, 0, tuple((begin + at, part) for at, part in places), in_record=True)
    return best


def _spots(record: str, marks: Sequence[_Mark], worth: Mapping[re.Pattern[str], float]) -> Sequence[tuple[int, float]]:
    """Where the rarest words of a record stand, and what part each is of what these are worth: rather in the same
    object as those before than in another, as a name than as a value, and near than far."""
    places: list[int] = []

    def remoteness(at: int) -> tuple[int, bool, int]:
        apart = sum(are_apart(record, place, at) for place in places)
        return apart, not _NAMES.match(record, at), min((abs(at - place) for place in places), default=0)

    words = sorted({word for _, word in marks}, key=lambda word: (-worth[word], word.pattern))[:SPOTS]
    for word in words:
        places += [min((at for at, each in marks if each is word), key=remoteness)]
    whole = sum(worth[word] for word in words)
    return [(place, worth[word] / whole) for place, word in zip(places, words, strict=True)]


_NAMES: Final = re.compile(r'\w*"\s*:')
"""Follows where a word begins that ends the name of a value."""

_ASKS: Final = re.compile(r"[?？؟]\W*\Z")

_at = itemgetter(0)


def _excerpt(text: str, together: _Together) -> str:
    """What stands around the places, which were found in the casefolded text."""
    places = sorted((_unfolded(text, place), part) for place, part in together.places)
    if not together.in_record:
        return text[max(0, places[0][0] - AROUND) : places[0][0] + AROUND].strip()
    room = 2 * AROUND - len(_GAP) * (len(places) - 1)
    pieces: list[tuple[int, int]] = []
    for place, part in places:
        begin, size = max(0, place - BEFORE), int(room * part)
        if pieces and begin <= pieces[-1][1]:
            begin, end = pieces.pop()
            size += end - begin
        pieces.append((begin, begin + size))
    return _GAP.join(text[begin:end].strip() for begin, end in pieces)


_GAP: Final = " […] "


def _unfolded(text: str, place: int) -> int:
    """Where in a text a place of its casefolded form is: a few letters, such as ß, are several there."""
    if len(text.casefold()) == len(text):
        return place
    ends = accumulate(len(letter.casefold()) for letter in text)
    return next((at for at, end in enumerate(ends) if end > place), len(text))


def shown(places: Sequence[Place]) -> list[str]:
    """The places as a model reads them, each under its handle."""
    return [f"[{place.handle}] {place.excerpt}" for place in places]
