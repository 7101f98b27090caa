"""Rolling summaries: what left the window, in a few lines that only ever read what is new.

`roll` takes the summary so far and the turns just evicted. With a summarizer (a model) it asks
that; where the answer is missing, too long, or reads like an error or a refusal, the sentences
most worth remembering are taken instead and a notice says why, so that a failure is never stored
as a summary and the one there was is never lost.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any, Final, Protocol

from contextkit.compress.mishap import reads_as
from contextkit.compress.orders import BINDING_WORTH, at_work, order_worth
from contextkit.compress.pieces import Outline, Piece, Ranking
from contextkit.compress.plan import newest_plan
from contextkit.compress.prose import sentences
from contextkit.compress.salience import salience
from contextkit.compress.search import richest
from contextkit.compress.text import shorten
from contextkit.errors import InvalidInput, StoreCorrupt, shortened
from contextkit.rank.terms import terms
from contextkit.readable import readable
from contextkit.transcript import heading
from contextkit.types import Message, TokenCounter

EXTRACT: Final = "extract"
"""The maker of a summary of sentences taken from the conversation."""


@dataclass(frozen=True, slots=True)
class Made:
    """One step of a summary's lineage: the messages from seq `first` to `last` were condensed by `made_by`."""

    first: int
    last: int
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the messages from seq `first` to `last` said, in brief.

    `made_by` is "extract" or the name of the model that wrote the text as it stands. `lineage`
    says what it was made from: who condensed which messages, oldest first (neighbouring steps
    of one maker are one). An empty summary covers 0 to 0. `plan` is the newest plan that an agent
    told in them by calling a tool, shortened where it is long.
    """

    text: str = ""
    plan: str = ""
    first: int = 0
    last: int = 0
    made_by: str = EXTRACT
    lineage: tuple[Made, ...] = ()

    def to_json(self) -> str:
        """The summary as JSON text, for a store."""
        lineage = [[made.first, made.last, made.made_by] for made in self.lineage]
        fields = {"text": self.text, "plan": self.plan, "first": self.first, "last": self.last, "made_by": self.made_by}
        return json.dumps({**fields, "lineage": lineage}, separators=(",", ":"))

    @property
    def shown(self) -> str:
        """The summary as it stands in a prompt, with the plan."""
        return "\n".join(filter(None, [self.text, self.plan and f"{_PLAN}{self.plan}"]))

    @classmethod
    def from_json(cls, stored: str) -> Summary:
        """The summary that `to_json` wrote; raises `StoreCorrupt` for anything else."""
        try:
            return _from_fields(json.loads(stored))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise StoreCorrupt(
                f"{shortened(stored)} is not a stored summary ({error!r}).",
                "Delete it; a new one is made from the messages.",
            ) from error


def _from_fields(fields: dict[str, Any]) -> Summary:
    lineage = tuple(Made(int(first), int(last), str(made_by)) for first, last, made_by in fields["lineage"])
    text, made_by, plan = fields["text"], fields["made_by"], fields.get("plan", "")
    if not isinstance(text, str) or not isinstance(made_by, str) or not isinstance(plan, str):
        raise TypeError("text, plan and made_by must be strings")
    return Summary(
        text=text, plan=plan, first=int(fields["first"]), last=int(fields["last"]), made_by=made_by, lineage=lineage
    )


class Summarizer(Protocol):
    """Writes a summary of at most `limit` tokens from the previous one ("" at first) and the turns since.

    It may raise. A `name`, where it has one, is recorded as the summary's maker.
    """

    def __call__(self, previous: str, turns: Sequence[Message], limit: int) -> str: ...


def roll(
    previous: Summary | None,
    evicted: Sequence[Message],
    limit: int,
    counter: TokenCounter,
    *,
    summarizer: Summarizer | None = None,
) -> tuple[Summary, str | None]:
    """The summary brought up to date with the turns just evicted, and a notice where the summarizer failed.

    Messages that the previous summary covers already are not read again. The text counts at most
    `limit` tokens. Raises `InvalidInput` for a limit below 1 and for a message without `seq`.
    """
    if limit < 1:
        raise InvalidInput(f"A summary of {limit} tokens says nothing.", "Pass a limit of 1 or more.", value=limit)
    before = previous or Summary()
    turns = [message for message in evicted if _seq(message) > before.last]
    if not turns:
        return before, None
    before = replace(before, plan=_planned(turns, limit // PLAN_SHARE, counter) or before.plan)
    limit = max(1, limit - counter.text(f"\n{_PLAN}{before.plan}")) if before.plan else limit
    if summarizer is None:
        return _extended(before, turns, _extract(before.text, turns, limit, counter), EXTRACT), None
    text, problem = _asked(summarizer, before.text, turns, limit, counter)
    if problem is None:
        return _extended(before, turns, text, _name_of(summarizer)), None
    summary = _extended(before, turns, _extract(before.text, turns, limit, counter), EXTRACT)
    return summary, f"{_name_of(summarizer)} {problem}; the summary was extracted from the messages instead."


PLAN_SHARE: Final = 3
"""One part in so many of a summary is the most that the plan takes."""

_PLAN: Final = "the plan as it was last written then: "


def _planned(turns: Sequence[Message], limit: int, counter: TokenCounter) -> str:
    """The newest plan that the turns tell, on one line; empty where they tell none."""
    call = newest_plan(turns)
    room = limit - counter.text(f"\n{_PLAN}")
    if call is None or room < 1:
        return ""
    return " ".join(shorten(call.arguments, room, counter).split())


def _seq(message: Message) -> int:
    if message.seq is None:
        raise InvalidInput(
            "A message to be summarised has no sequence number.",
            "Pass messages as a store returned them.",
            value=message.id,
        )
    return message.seq


def _extended(before: Summary, turns: Sequence[Message], text: str, made_by: str) -> Summary:
    seqs = [_seq(message) for message in turns]
    first, last = min(seqs), max(seqs)
    made = Made(first, last, made_by)
    lineage = before.lineage
    if lineage and lineage[-1].made_by == made_by:
        made = Made(lineage[-1].first, last, made_by)
        lineage = lineage[:-1]
    return replace(before, text=text, first=before.first or first, last=last, made_by=made_by, lineage=(*lineage, made))


def _name_of(summarizer: Summarizer) -> str:
    name = getattr(summarizer, "name", None) or getattr(summarizer, "__name__", None)
    return name if isinstance(name, str) else type(summarizer).__name__


def _asked(
    summarizer: Summarizer, previous: str, turns: Sequence[Message], limit: int, counter: TokenCounter
) -> tuple[str, str | None]:
    """The summarizer's text, and what is wrong with it."""
    try:
        text = summarizer(previous, turns, limit)
    except Exception as error:  # whatever a model's client raises must cost the summary its polish, not the build
        return "", f"raised {shortened(f'{type(error).__name__}: {error}', 160)}"
    if not isinstance(text, str) or not _WORD.search(text):
        return "", "returned nothing"
    text = text.strip()
    tokens = counter.text(text)
    if tokens > limit:
        return "", f"returned {tokens:,} tokens where {limit:,} are allowed"
    mishap = reads_as(text)
    return text, mishap and f"returned what looks like {mishap} ({shortened(text, 60)})"


_WORD: Final = re.compile(r"[^\W_]")


_READ: Final = 20_000
"""Characters read of one message: a person's longest turns, and the beginning of a machine's."""

_LONGEST: Final = 400
"""Characters of the longest sentence taken as one."""

_STAYED: Final = 0.5
"""What a line already in the summary is worth beyond its sentence: it was chosen over others before. Not so much
that a full summary takes in nothing new."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence with who said it, the day it was said on (empty where it is not known), and what it is worth."""

    text: str
    day: str
    worth: float


def _extract(previous: str, turns: Sequence[Message], limit: int, counter: TokenCounter) -> str:
    """The lines most worth remembering of the summary so far and of the turns, in order, each under its day."""
    working = at_work(turns)
    lines = [*_stood(previous, working)]
    known = {line.text for line in lines}
    lines += [line for line in _sayings(turns, working) if line.text not in known]
    if working and lines:  # what the session began with is the task
        lines[0] = replace(lines[0], worth=lines[0].worth + BINDING_WORTH)
    ranking = Ranking(_outline(lines))
    count = ranking.upto(limit * _LONG_TOKEN)
    best = richest(ranking.draft, ranking.sizes.__getitem__, count, limit, counter)
    return best[1].strip() if best else ""


_LONG_TOKEN: Final = 8
"""Bytes per token that are more than a conversation ever has."""


def _outline(lines: Sequence[_Line]) -> Outline:
    """The lines as pieces of a text, and the days above them: no line is shown without its own."""
    written: list[str] = []
    pieces: list[Piece] = []
    start, day, needs = 0, "", tuple[int, ...]()
    for line in lines:
        if line.day != day:
            day, needs = line.day, (len(pieces),)
            written.append(f"{day or _UNDATED}\n")
            pieces.append(Piece(start, start + len(written[-1])))
            start = pieces[-1].end
        written.append(f"{line.text}\n")
        about = tuple(dict.fromkeys(terms(line.text)))
        pieces.append(Piece(start, start + len(written[-1]), about, line.worth, needs))
        start = pieces[-1].end
    shared = Counter(term for piece in pieces for term in piece.terms)
    weights = {term: _RARE_TERM * log(len(lines) / count) for term, count in shared.items()}
    return Outline("".join(written), pieces, weights, lambda *_: "")


_RARE_TERM: Final = 0.1
"""What each term not yet in the summary adds to a line's worth, times how rare it is, so that it speaks of many things,
and of those that not everybody says all the time."""

_UNDATED: Final = "Day unknown"
_DAY: Final = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4,}")


def _stood(previous: str, working: bool) -> Iterator[_Line]:
    """The lines of a summary; a paragraph a model wrote, sentence by sentence."""
    day = ""
    for start, end in sentences(previous, (0, len(previous)), _LONGEST):
        line = " ".join(previous[start:end].split())
        if line == _UNDATED or _DAY.fullmatch(line):
            day = line.removeprefix(_UNDATED)
        elif line:
            yield _Line(line, day, _worth(line.partition(": ")[2] or line, _role_in(line), working) + _STAYED)


def _role_in(line: str) -> str:
    return "user" if line.startswith("user: ") else "assistant"


def _sayings(turns: Sequence[Message], working: bool) -> Iterator[_Line]:
    """What users and assistants said, a sentence a line, with who said it; where tools are at work, as orders."""
    for message in turns:
        if message.role not in ("user", "assistant"):
            continue
        text, day = readable(message)[:_READ], heading(message)
        said = [" ".join(text[start:end].split()) for start, end in sentences(text, (0, len(text)), _LONGEST)]
        for sentence in said:
            if len(sentence) > 2:
                worth = _worth(sentence, message.role, working, len(said))
                yield _Line(f"{message.name or message.role}: {sentence}", day, worth)


def _worth(sentence: str, role: str, working: bool, sentences: int = 1) -> float:
    """What a sentence is worth, in a message of so many; what a user says where tools are at work, as an order too."""
    ordered = order_worth(sentence, sentences) if working and role == "user" else 0.0
    return salience(sentence, role) + ordered
