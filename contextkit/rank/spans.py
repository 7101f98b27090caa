"""Spans: from when until when a text says that something was, given the times that it names.

"Since June" is all the time from then on, "before June" all until then, "between March and May" what lies from the one
to the end of the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)

LOOKED_BACK: Final = 64
"""Characters before a time that are read, too: a log that somebody pasted names thousands of times."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of whole days: from `start`, up to and without `end`."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names from `start` up to `end`: a period, or, without a year, that of each year that may be meant."""

    start: int
    end: int
    periods: Sequence[Period]


_PART: Final = r"(?:the\s+)?(?:(?:very\s+)?(?:beginning|start|middle|end)\s+of\s+)?(?:the\s+)?(?:year\s+)?"
_OPEN: Final = re.compile(
    rf"\b(?:(?P<since>since|starting(?:\s+(?:from|in|on|with))?|beginning\s+(?:in|on|with))"
    rf"|(?P<until>until|till?|up\s+(?:to|until))|(?P<near>(?:right|just|soon|shortly|immediately)\s+(?:before|after))"
    rf"|(?P<before>before|prior\s+to|earlier\s+than)|(?P<after>after|later\s+than))\s+{_PART}$",
    re.IGNORECASE,
)
_FROM: Final = re.compile(rf"\b(?P<word>between|from|since|starting)\s+{_PART}$", re.IGNORECASE)
_TO: Final = re.compile(
    rf"[ \t,]*(?:(?P<and>and)\s+|(?:(?:up\s+)?(?:to|until|till?)|through)\s+|[-–—]\s*){_PART}", re.IGNORECASE
)
_FIRST_DAY: Final = re.compile(
    r"(?:\b(?:between|from|since)\s+(?:the\s+)?(?P<said>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:and|to|until|till?)\s+(?:the\s+)?"
    r"|(?<![\w.:/-])(?P<joined>[0-3]?\d)[-–])$",
    re.IGNORECASE,
)
"""What stands before "9 May" where several days of the month are meant: "from 5 to", "5-"."""


def spans(text: str, named: Sequence[Named], today: date) -> Iterator[Period]:
    """The periods that the text means by those that it names, in its order."""
    place = 0
    while place < len(named):
        one, before = named[place], text[max(0, named[place].start - LOOKED_BACK) : named[place].start]
        other = named[place + 1] if place + 1 < len(named) else None
        if other is not None and _reaches(before, text[one.end : other.start]):
            yield from _between(one.periods, other.periods)
            place += 2
            continue
        yield from _first_days(before, text[one.start], one.periods) or _opened(before, one.periods, today)
        place += 1


def _reaches(before: str, joined: str) -> bool:
    """Whether two times are the ends of one span, by what stands before them and between them."""
    to = _TO.fullmatch(joined)
    if to is None:
        return False
    begins = _FROM.search(before)
    return begins is not None and begins["word"].lower() == "between" if to["and"] else True


def _between(first: Sequence[Period], last: Sequence[Period]) -> Sequence[Period]:
    """From each last one that is given back to the nearest first one, or as they are where none lies before it."""
    ends = [end for end in last if any(start.start <= end.start for start in first)]
    if len(first) == 1:
        ends = ends[:1]
    starts = (max(start.start for start in first if start.start <= end.start) for end in ends)
    found = [Period(start, end.end) for start, end in zip(starts, ends, strict=True)]
    return found or [*first, *last]


def _first_days(before: str, begins: str, periods: Sequence[Period]) -> Sequence[Period]:
    """The days of a month up to the one that is named, where the text names the first by its number alone."""
    found = None if not begins.isdigit() else _FIRST_DAY.search(before)
    if found is None:
        return ()
    day = int(found["said"] or found["joined"])
    days = [one for one in periods if one.end - one.start == _DAY and 0 < day < one.start.day]
    return [Period(one.start.replace(day=day), one.end) for one in days]


def _opened(before: str, periods: Sequence[Period], today: date) -> Sequence[Period]:
    """The periods, or all the time since, until, before or after: of those of several years the last that has begun."""
    found = _OPEN.search(before)
    begun = [period for period in periods if period.start <= today]
    if found is None or found["near"] or not begun:
        return periods
    period = max(begun, key=lambda one: one.start)
    if found["since"]:
        return [Period(period.start, today + _DAY)]
    if found["after"]:
        return [Period(period.end, max(today, period.end) + _DAY)]
    return [Period(date.min, period.end if found["until"] else period.start)]
