"""ConversationIndex: which messages of a long conversation bear on a question.

A message is scored by the question's words in it and around it (`neighbourhood`), and by the
likeness of vectors where there are any. What the question says about who spoke and when then
weighs the messages, and so does what they are: one that asks holds less than one that tells.

The constants here and in `neighbourhood` were chosen on five of the ten conversations of LoCoMo:
996 questions, recall of the evidence averaged over prompts of 500, 1,000, 2,000 and 4,000 tokens,
89.7 points with all of them (91.9 with MiniLM vectors). Each is from the middle of a plateau:
of 120 random settings between half and double of all ten the worst is 1.9 points below and the
median 0.6, and choosing them on four conversations instead costs the fifth 0.3. What each adds
is said in its own line; none of the five categories of questions pays for another by more than
the 0.6 points that adversarial ones, which name the wrong speaker, pay for OTHER_SPEAKER.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contextkit.rank.columns import Columns, column, deflated, inflated
from contextkit.rank.exchanges import Exchanges, Talk
from contextkit.rank.fuse import fuse, standardised
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.neighbourhood import Rooms, lexical_scores, spread
from contextkit.rank.sealed import opened, seal
from contextkit.rank.sizes import sizes, sizes_of
from contextkit.rank.speakers import Speakers
from contextkit.rank.subwords import FOREIGN, are_foreign, index_terms, needed_terms, query_terms
from contextkit.rank.terms import is_identifier, weight_of
from contextkit.rank.time_words import in_english, names_time
from contextkit.rank.times import asks_when, nearness, periods, tells_when
from contextkit.readable import readable
from contextkit.transcript import line
from contextkit.types import Message, TokenCounter

FLOOR: Final = 0.1
"""What a message scores that shares no word with the question, before it is weighed by who spoke, when and how.

It decides what fills a window that the question does not: 0.2 to 0.4 points at every budget.
"""

OTHER_SPEAKER: Final = 0.75
"""Weight of messages by others, where the question names some of the speakers (+1.0; multi-hop +3.7)."""

BYSTANDER: Final = 0.5
"""The same, where many talk, for messages of exchanges in which none of those named takes part.

+1.2 in the channels that the constants of `exchanges` were chosen on, +0.4 in the ones held out. Less gains up to 0.3
more there, where nobody ever talks of others; in life they do.
"""

ASKING: Final = 0.8
"""Weight of a message that ends in a question (+0.5)."""

TELLS_WHEN: Final = 1.5
"""Weight of a message that names a time, where the question asks for one (+0.3; temporal +1.1)."""

IN_PERIOD: Final = 1.5
"""What a message of the very time the question speaks of gains, as a part of its score.

+1.0; +10 at 500 tokens for the one question in eight that names a time. From 1 to 4 it is all the same.
"""

EARLY_DAYS: Final = 7.0
LATE_DAYS: Final = 14.0
"""Days over which that gain fades before the time spoken of, and after it: things are told once they happened."""

PAUSE: Final = timedelta(hours=4)
"""Silence that ends a session: neighbours on its two sides have less to do with each other (+0.2)."""

MANY: Final = 3
"""Speakers, by their names, from whom on a talk is taken for several exchanges at once."""

_ENDS_ASKING: Final = re.compile(r"[?？؟][\s\"'”’)\]]*(?:\[[^\]]*\]\s*)?$")
_TAIL: Final = 1000
"""Characters at the end of a message in which its last question mark is looked for; a caption may follow it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KIND: Final = b"ckcv4"
_HEAD_KIND: Final = b"ckch3"
_FORMER_HEAD: Final = b"ckch2"
"""Of heads with the sizes of messages to the token, which are still read."""
_HEAD: Final = struct.Struct("<II")
_COUNT: Final = struct.Struct("<I")
_ASKS: Final = 1
_TELLS: Final = 2
_RESULT: Final = 4
_ROW: Final = struct.Struct("<qqIIB")
_ROWS: Final = np.dtype([("seq", "<i8"), ("time", "<i8"), ("tokens", "<u4"), ("speaker", "<u4"), ("traits", "u1")])
"""What is kept of a message beside its terms; `time` is in seconds since 1970, `_UNKNOWN` where it is not known."""

_AS_GAPS: Final = ("seq", "time")
_TABLE: Final = {name: _ROWS[name] for name in ("seq", "time", "tokens", "speaker", "traits")}
_SAID: Final = {name: kind for name, kind in _TABLE.items() if name != "tokens"}

_UNKNOWN: Final = -(2**62)
_ALIKE: Final = np.ones(1, np.float32)
"""Weighs all messages the same, in one number for all of them."""

_DAY: Final = 86_400


class ConversationIndex:
    """Grows with a conversation and scores all of it for a question.

    One writer at a time; the owner holds a lock where threads share an index that grows.
    """

    def __init__(self) -> None:
        self._lexical = LexicalIndex()
        self._rows = bytearray()
        self._names = Speakers()
        self._exchanges = Exchanges()
        self._view = _View.of(b"")
        self._rooms = Rooms.of(self._view.begins)

    def __len__(self) -> int:
        """Messages in the index; they are numbered 0, 1, 2 … in the order they were added."""
        return len(self._lexical)

    @property
    def seqs(self) -> NDArray[np.int64]:
        """The sequence number of every message."""
        return self._now().seqs

    @property
    def tokens(self) -> NDArray[np.int64]:
        """About what every message costs as a line of a transcript."""
        return self._now().tokens

    def add(self, messages: Iterable[Message], counter: TokenCounter) -> None:
        """Take messages in, in the order of the conversation; each is analysed once.

        A message's size is what its store counted, for it only decides how many are looked at.
        """
        rows, analysed = bytearray(), list[list[str]]()
        for number, message in enumerate(messages, len(self) + 1):
            said = readable(message)
            found = index_terms(said)
            asks = _ENDS_ASKING.search(said[-_TAIL:]) is not None
            traits = _ASKS * asks + _TELLS * (tells_when(found) or _tells_when_abroad(said, found))
            traits += _RESULT * (message.role == "tool")
            speaker = self._names.number(_name(message))
            seq = number if message.seq is None else message.seq
            rows += _ROW.pack(seq, _time(message.created_at), _size(message, counter), speaker, traits)
            analysed.append(found)
        self._lexical.add_all(analysed)
        self._rows += rows

    def scores(self, query: str, *, now: datetime, similarity: ArrayLike | None = None) -> Scores:
        """How much every message bears on the question: about `FLOOR` for not at all, no upper bound.

        `now` is what `yesterday` is reckoned from, in the zone that it is told in. `similarity` gives, where there
        are vectors, the cosine of the question and every message (NaN for a message without a vector).
        """
        view, rooms = self._now(), self._neighbours()
        sought = self._about(query_terms(query, foreign=are_foreign(self._lexical)))
        relevance = lexical_scores(self._lexical, sought, rooms)
        if similarity is not None:
            relevance = fuse(relevance, _shared(np.asarray(similarity, np.float32), rooms))
        speaking = self._speaking(self._names.named(query), view, rooms)
        scores = (relevance + np.float32(FLOOR)) * speaking * view.telling * _timely(query, now, view)
        self._renew(scores, sought, view)
        return scores

    def _renew(self, scores: Scores, sought: Mapping[str, float], view: _View) -> None:
        """Let the newest result that has a number or code sought score as much as the best of those that have it."""
        for term in filter(is_identifier, sought):
            rows, _ = self._lexical.postings(term)
            told = rows[view.results[rows]]
            if len(told):
                scores[told.max()] = scores[told].max()

    def topic(self, query: str) -> Collection[str]:
        """The terms that a question may be scored by."""
        return self._about(query_terms(query, foreign=True)).keys() | (needed_terms(query) & {FOREIGN})

    def _about(self, sought: Mapping[str, float]) -> Mapping[str, float]:
        """The topic of what is sought, of which the names of the speakers are no part."""
        topic = self._names.topic(sought)
        return {term: weight * weight_of(term) for term, weight in topic.items()}

    def _speaking(self, named: set[int], view: _View, rooms: Rooms) -> Scores:
        """1 for messages by those the question names, less for others; the same for all where it singles nobody out."""
        if not 0 < len(named) < len(self._names):
            return _ALIKE
        weights = np.full(len(self._names), OTHER_SPEAKER, np.float32)
        weights[list(named)] = 1
        spoken, exchanges = weights[view.speakers], rooms.exchanges
        if exchanges is None:
            return spoken
        with_named = np.zeros(len(spoken), bool)
        with_named[exchanges[spoken == 1]] = True
        return np.where(with_named[exchanges], spoken, np.float32(BYSTANDER))

    def extend(self, others: Iterable[ConversationIndex]) -> None:
        """Append every message of the others, which continue this conversation in turn."""
        taken = list(others)
        self._lexical.extend(other._lexical for other in taken)
        for other in taken:
            numbers = np.array([self._names.number(name) for name in other._names], np.uint32)
            rows = np.frombuffer(bytearray(other._rows), _ROWS)
            rows["speaker"] = numbers[rows["speaker"]]
            self._rows += rows.tobytes()

    def fill(self, parts: Iterable[tuple[int, LexicalIndex]]) -> None:
        """Take in parts of the index of messages that this one has, each from a row of this one's on."""
        self._lexical.fill(parts)

    def to_bytes(self, start: int = 0, stop: int | None = None) -> bytes:
        """The messages from number `start` to before `stop`, as `from_bytes` reads them; segments join by `extend`."""
        return seal(_KIND, self._table(start, stop) + self._lexical.to_bytes(start, stop))

    @classmethod
    def from_bytes(cls, data: bytes) -> ConversationIndex:
        """The index `to_bytes` wrote. Raises `StoreCorrupt` where these are not the bytes that were written."""
        index, columns = cls._of_table(opened(_KIND, data))
        index._lexical = LexicalIndex.from_bytes(columns.rest)
        return index

    def to_parts(self, parts: int) -> tuple[bytes, list[bytes]]:
        """All of it, divided: a head, as `from_head` reads it, and so many parts to `fill` that with."""
        return self._head(parts), self._lexical.to_parts(parts)

    def to_drawers(self, count: int) -> tuple[bytes, list[bytes]]:
        """The same, with its parts in drawers."""
        return self._head(count), self._lexical.to_drawers(count)

    def _head(self, parts: int) -> bytes:
        names, rows, lengths = json.dumps(list(self._names)).encode(), self._row_columns(), self._lexical.lengths
        columns = deflated([*(rows[name] for name in _SAID), lengths])
        beginning = _COUNT.pack(parts) + _HEAD.pack(len(names), len(lengths)) + names
        return seal(_HEAD_KIND, beginning + columns + sizes(rows["tokens"], lengths))

    @staticmethod
    def is_head(data: bytes) -> bool:
        """True for the head of an index that is stored in parts."""
        return data.startswith((_HEAD_KIND, _FORMER_HEAD))

    @classmethod
    def from_head(cls, data: bytes) -> tuple[ConversationIndex, int]:
        """The index without what its messages say, and how many parts that has. Raises `StoreCorrupt`.

        What messages cost is told to two tokens.
        """
        if data.startswith(_FORMER_HEAD):
            return cls._from_former_head(data)
        payload = opened(_HEAD_KIND, data)
        (parts,) = _COUNT.unpack_from(payload)
        names, count = _HEAD.unpack_from(payload, _COUNT.size)
        first = _COUNT.size + _HEAD.size + names
        *said, (lengths, rest) = inflated(payload[first:], count, [*_SAID.values(), np.uint32])
        columns = {name: values for name, (values, _) in zip(_SAID, said, strict=True)}
        index = cls()
        index._take_rows(payload[first - names : first], {**columns, "tokens": sizes_of(rest, lengths)})
        index._lexical = LexicalIndex.without_terms(lengths)
        return index, parts

    @classmethod
    def _from_former_head(cls, data: bytes) -> tuple[ConversationIndex, int]:
        payload = opened(_FORMER_HEAD, data)
        (parts,) = _COUNT.unpack_from(payload)
        index, columns = cls._of_table(payload[_COUNT.size :])
        index._lexical = LexicalIndex.without_terms(columns.next(len(index._rows) // _ROW.size))
        return index, parts

    def _table(self, start: int = 0, stop: int | None = None) -> bytes:
        """What is known of the messages beside their terms."""
        names, columns = json.dumps(list(self._names)).encode(), self._row_columns(start, stop)
        beginning = _HEAD.pack(len(names), len(columns["seq"]))
        return b"".join((beginning, names, *(column(columns[name]) for name in _TABLE)))

    @classmethod
    def _of_table(cls, payload: bytes) -> tuple[ConversationIndex, Columns]:
        """An index of what `_table` wrote, and what follows that."""
        names, count = _HEAD.unpack_from(payload)
        first = _HEAD.size + names
        columns = Columns(payload, first)
        index, found = cls(), {name: columns.next(count, kind) for name, kind in _TABLE.items()}
        index._take_rows(payload[_HEAD.size : first], found)
        return index, columns

    def _row_columns(self, start: int = 0, stop: int | None = None) -> Mapping[str, NDArray[Any]]:
        """What is known of the messages beside their terms, numbers and times as their distances."""
        rows = np.frombuffer(bytes(self._rows), _ROWS)[start:stop]
        gaps = {name: np.diff(rows[name], prepend=0) for name in _AS_GAPS}
        return {name: gaps[name] if name in gaps else rows[name] for name in _TABLE}

    def _take_rows(self, names: bytes, columns: Mapping[str, NDArray[Any]]) -> None:
        """Have these messages, of speakers of these names, in JSON."""
        rows = np.zeros(len(columns["seq"]), _ROWS)
        for name, values in columns.items():
            rows[name] = np.cumsum(values) if name in _AS_GAPS else values
        self._names = Speakers(json.loads(names))
        self._rows = bytearray(rows.tobytes())

    def _now(self) -> _View:
        """The columns as they stand now, made anew only where messages were added."""
        if len(self._view.seqs) != len(self):
            self._view = _View.of(bytes(self._rows))
        return self._view

    def _neighbours(self) -> Rooms:
        """The neighbours of every message: of its session where two talk, of its exchange where more do."""
        if len(self._rooms.after) != len(self):
            view = self._now()
            named = np.array([*map(bool, self._names)])
            if np.count_nonzero(np.bincount(view.speakers, minlength=len(named)).astype(bool) & named) < MANY:
                self._rooms = Rooms.of(view.begins)
            else:
                bound = ~named[view.speakers] | (np.diff(view.seqs, prepend=-1) == 0)
                talk = Talk.of(view.speakers, view.begins, bound)
                self._rooms = Rooms.of_exchanges(self._exchanges.of(talk))
        return self._rooms


@dataclass(frozen=True, slots=True)
class _View:
    """What scoring reads, one number per message."""

    seqs: NDArray[np.int64]
    tokens: NDArray[np.int64]
    times: NDArray[np.float64]
    speakers: NDArray[np.uint32]
    telling: Scores
    tells_when: NDArray[np.bool_]
    results: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    years: range

    @classmethod
    def of(cls, data: bytes) -> _View:
        rows = np.frombuffer(data, _ROWS)
        times = np.where(rows["time"] == _UNKNOWN, np.nan, rows["time"] / _DAY)
        begins = np.abs(np.diff(times, prepend=times[:1])) > PAUSE / timedelta(days=1)
        begins[:1] = True
        return cls(
            seqs=rows["seq"].copy(),
            tokens=rows["tokens"].astype(np.int64),
            times=times,
            speakers=rows["speaker"].copy(),
            telling=np.where(rows["traits"] & _ASKS, np.float32(ASKING), np.float32(1)),
            tells_when=(rows["traits"] & _TELLS) > 0,
            results=(rows["traits"] & _RESULT) > 0,
            begins=begins,
            years=_years(times[~np.isnan(times)]),
        )


def _shared(similarity: Scores, rooms: Rooms) -> Scores:
    """Likeness shared between neighbours; a message without a vector is taken for an average one."""
    known = np.flatnonzero(~np.isnan(similarity)).astype(np.uint32)
    return rooms.by_message(spread(rooms.places_of(known), standardised(similarity[known]), rooms))


def _tells_when_abroad(said: str, found: Collection[str]) -> bool:
    return (not said.isascii() or FOREIGN in found) and names_time(said)


def _timely(query: str, now: datetime, view: _View) -> Scores:
    """What the question's own time expressions make of every message; the same of all where it has none."""
    query = in_english(query)
    weights = np.where(view.tells_when, np.float32(TELLS_WHEN), np.float32(1)) if asks_when(query) else _ALIKE
    spoken_of = periods(query, now, view.years)
    if not spoken_of:
        return weights
    ahead = (now.utcoffset() or timedelta()) / timedelta(days=1)  # an hour less or more where clocks were changed
    near = nearness(spoken_of, view.times + ahead, before=EARLY_DAYS, after=LATE_DAYS)
    return (weights * (1 + IN_PERIOD * np.nan_to_num(near))).astype(np.float32)


def _years(times: NDArray[np.float64]) -> range:
    """The years in which anything was said."""
    if not len(times):
        return range(0)
    first, last = (_EPOCH + timedelta(days=float(moment)) for moment in (times.min(), times.max()))
    return range(first.year, last.year + 1)


def _size(message: Message, counter: TokenCounter) -> int:
    return counter.text(line(message)) if message.tokens is None else message.tokens


def _name(message: Message) -> str:
    """The speaker's own name; a tool's is not one."""
    return message.name if message.name and message.role in ("user", "assistant") else ""


def _time(moment: datetime | None) -> int:
    return _UNKNOWN if moment is None else (moment - _EPOCH) // timedelta(seconds=1)
