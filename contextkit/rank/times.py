"""Time expressions: which days a question speaks of.

`periods` finds what an English text says about time, absolute ("7 May 2023", "in July",
"summer 2021", "the week before 3 August") or relative to a moment ("yesterday", "last week",
"two months ago"), or open on one side ("since June"), as half-open spans of days. `nearness` says
how close given moments are to them. Nothing is guessed: an expression that is not understood is
not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.spans import LOOKED_BACK, Named, Period, spans
from contextkit.rank.terms import terms

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
"""The months' English names, January first."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of each season on the northern half of the earth, where most English is written."""

_NUMBERS: Final = {
    **dict.fromkeys(("a", "an", "one"), 1),
    **dict.fromkeys(("two", "couple"), 2),
    **dict.fromkeys(("three", "few"), 3),
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_QUARTERS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_UNIT_DAYS: Final = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}

_MONTHS_IN_TEXT: Final = frozenset((*MONTHS, *(name.capitalize() for name in MONTHS))) - {"may", "march"}
"""What is a month without a day or year beside it: `Jan` and `Dec` are people, `may` and `march` verbs."""

_MONTH: Final = "(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + r"|sept)\b\.?"
_DAY: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_LAST: Final = r"(?P<last>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR: Final = r"(?:,?\s*(?:of\s+)?(?P<year>(?:19|20)\d\d)\b)"
_COUNT: Final = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)})"
_UNIT: Final = r"(?P<unit>day|week|fortnight|month|year)s?"
_NAMED: Final = rf"(?P<named>week|weekend|month|quarter|year|{'|'.join(WEEKDAYS)}|{'|'.join(_SEASONS)})"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b{pattern}", re.IGNORECASE)


_ISO: Final = _compiled(r"(?P<year>(?:19|20)\d\d)[-/](?P<number>[01]?\d)[-/](?P<day>[0-3]?\d)\b")
_NUMERIC: Final = _compiled(
    r"(?:(?P<number>1[0-2]|0?[1-9])/(?P<day>1[3-9]|2\d|3[01])|(?P<day_first>1[3-9]|2\d|3[01])/(?P<month_last>1[0-2]|0?[1-9]))"
    r"/(?P<year>(?:19|20)\d\d)\b"
)
"""A day in numbers, whichever stands first: only one of them can be the month."""

_DAY_MONTH: Final = _compiled(rf"{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}?")
_MONTH_DAY: Final = _compiled(
    rf"(?P<between>(?<=between ))?{_MONTH}\s+{_DAY}"
    rf"(?:(?:\s+(?:to|through|until|till?|(?(between)and|to))\s+|\s?[-–]\s?){_LAST})?\b(?!\d|:){_YEAR}?"
)
_MONTH_ONLY: Final = _compiled(rf"{_MONTH}{_YEAR}?")
_QUARTER: Final = _compiled(
    rf"(?:Q(?P<quarter>[1-4])\b{_YEAR}?|(?P<nth>first|second|third|fourth|last)\s+quarter\s*(?:of\s+)?(?P<of>(?:19|20)\d\d)\b)"
)
_SEASON: Final = _compiled(rf"(?P<season>{'|'.join(_SEASONS)}){_YEAR}")
_YEAR_ONLY: Final = _compiled(r"(?P<year>(?:19|20)\d\d)\b(?![-/:.]\d|%)")
_NEAR_DAY: Final = _compiled(
    r"(?P<near>day before yesterday|yesterday|last night|today|tonight|this (?:morning|afternoon|evening)|tomorrow)\b"
)
_NAMED_SPAN: Final = _compiled(rf"(?P<which>last|past|previous|this|next)\s+{_NAMED}\b")
_SINCE_DAY: Final = _compiled(rf"(?<=since )(?P<weekday>{'|'.join(WEEKDAYS)})\b")
_ON_DAY: Final = _compiled(rf"(?<=\bon )(?P<weekday>{'|'.join(WEEKDAYS)})\b")
_PAST: Final = _compiled(
    r"(?:did|was|were|had|(?!need|feed|indeed|speed)[a-z]{2,}ed|said|told|heard|met|saw|went|came|got|gave|took|made|sent"
    r"|spoke|wrote|bought|ate|left)\b"
)
"""What tells that a day lies behind: without it, "on Monday" may be any, or the next one."""

_AGO: Final = _compiled(rf"{_COUNT}\s+(?:of\s+)?{_UNIT}\s+ago\b")
_WITHIN: Final = _compiled(rf"(?:last|past|previous)\s+{_COUNT}\s+{_UNIT}\b")

_OFFSET: Final = re.compile(
    rf"(?:{_COUNT}\s+)?(?P<unit>day|week|weekend|fortnight|month|year|{'|'.join(WEEKDAYS)})s?\s+(?P<side>before|after)\s+$",
    re.IGNORECASE,
)
"""What may stand before a date and move it: `two weeks before`, `the Sunday after`."""


def periods(text: str, now: datetime, years: range) -> tuple[Period, ...]:
    """The periods a text names, in its order.

    Relative expressions are reckoned from `now`. A day or month without its year stands for
    that day or month in each of the `years`: which one is meant, the rest of the question has to
    say. With "since", "until", "before" and "after" it is the last one that has begun.
    """
    named = [_moved(text, one) for one in _found(text, now.date(), years)]
    return tuple(spans(text, named, now.date()))


def nearness(
    spoken_of: Iterable[Period], days: NDArray[np.float64], *, before: float, after: float
) -> NDArray[np.float64]:
    """How near each moment is to the nearest period: 1 within it, fading outside.

    `days` counts days since 1 January 1970. `before` and `after` are the days over which the
    nearness fades by e before the period starts and after it has ended.
    """
    nearest = np.zeros(len(days))
    for period in set(spoken_of):
        early = np.maximum(_ordinal(period.start) - days, 0) / before
        late = np.maximum(days - _ordinal(period.end), 0) / after
        np.maximum(nearest, np.exp(-early - late), out=nearest)
    return nearest


def _ordinal(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _found(text: str, today: date, years: range) -> list[Named]:
    """What is named where in the text, in its order."""
    taken = bytearray(len(text))
    found: list[Named] = []
    for pattern, absolute in _ABSOLUTE:
        found += [Named(*match.span(), [*absolute(match, years)]) for match in _untaken(pattern, text, taken)]
    for pattern, relative in _RELATIVE:
        found += [Named(*match.span(), [*relative(match, today)]) for match in _untaken(pattern, text, taken)]
    return sorted((one for one in found if one.periods), key=lambda one: one.start)


def _untaken(pattern: re.Pattern[str], text: str, taken: bytearray) -> Iterator[re.Match[str]]:
    """Matches where nothing has been read yet; they are marked as read."""
    for match in pattern.finditer(text):
        if not any(taken[match.start() : match.end()]):
            taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
            yield match


def month_number(name: str) -> int:
    """The number of a month, 1 to 12, by its English name or the beginning of that."""
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(name.lower()[:3]))


def _years_of(match: re.Match[str], years: range) -> Iterable[int]:
    return (int(match["year"]),) if match["year"] else years


def _one_day(year: int, month: int, day: int) -> Iterator[Period]:
    """The day, or nothing where the calendar has no such day."""
    try:
        start = date(year, month, day)
    except ValueError:
        return
    yield Period(start, start + timedelta(days=1))


def _months(year: int, first: int, count: int) -> Period:
    after = first - 1 + count
    return Period(date(year, first, 1), date(year + after // 12, after % 12 + 1, 1))


def _read_iso(match: re.Match[str], years: range) -> Iterator[Period]:
    for year in _years_of(match, years):
        yield from _one_day(year, int(match["number"]), int(match["day"]))


def _read_numeric(match: re.Match[str], _: range) -> Iterator[Period]:
    number, day = match["number"] or match["month_last"], match["day"] or match["day_first"]
    yield from _one_day(int(match["year"]), int(number), int(day))


def _read_day(match: re.Match[str], years: range) -> Iterator[Period]:
    for year in _years_of(match, years):
        yield from _one_day(year, month_number(match["month"]), int(match["day"]))


def _read_days(match: re.Match[str], years: range) -> Iterator[Period]:
    """`May 5`, `May 5-9`."""
    month = month_number(match["month"])
    for year in _years_of(match, years):
        for first in _one_day(year, month, int(match["day"])):
            last = [*_one_day(year, month, int(match["last"]))] if match["last"] else [first]
            yield Period(first.start, max(first.end, *(one.end for one in last)))


def _read_quarter(match: re.Match[str], years: range) -> Iterator[Period]:
    number = int(match["quarter"] or _QUARTERS[match["nth"].lower()])
    for year in (int(match["of"]),) if match["of"] else _years_of(match, years):
        yield _months(year, 3 * number - 2, 3)


def _read_month(match: re.Match[str], years: range) -> Iterator[Period]:
    if not match["year"] and match["month"] not in _MONTHS_IN_TEXT:
        return
    for year in _years_of(match, years):
        yield _months(year, month_number(match["month"]), 1)


def _read_season(match: re.Match[str], years: range) -> Iterator[Period]:
    for year in _years_of(match, years):
        yield _months(year, _SEASONS[match["season"].lower()], 3)


def _read_year(match: re.Match[str], years: range) -> Iterator[Period]:
    for year in _years_of(match, years):
        yield _months(year, 1, 12)


def _read_near_day(match: re.Match[str], today: date) -> Iterator[Period]:
    ahead = {"day before yesterday": -2, "yesterday": -1, "last night": -1, "tomorrow": 1}
    start = today + timedelta(days=ahead.get(match["near"].lower(), 0))
    yield Period(start, start + timedelta(days=1))


def _read_named(match: re.Match[str], today: date) -> Iterator[Period]:
    """`last week`, `this summer`, `next Friday`: the whole one before, around or after today."""
    step = {"this": 0, "next": 1}.get(match["which"].lower(), -1)
    named = match["named"].lower()
    if named == "year":
        yield _months(today.year + step, 1, 12)
    elif named == "month":
        index = today.year * 12 + today.month - 1 + step
        yield _months(index // 12, index % 12 + 1, 1)
    elif named == "quarter":
        index = today.year * 4 + (today.month - 1) // 3 + step
        yield _months(index // 4, index % 4 * 3 + 1, 3)
    elif named in _SEASONS:
        yield _season(named, step, today)
    else:
        yield _in_week(named, step, today)


def _read_on_day(match: re.Match[str], today: date) -> Iterator[Period]:
    """`What did we say on Monday?`: the last one."""
    if _PAST.search(match.string, 0, match.start()):
        yield from _read_since_day(match, today)


def _read_since_day(match: re.Match[str], today: date) -> Iterator[Period]:
    """`since Monday`: the last one."""
    behind = (today.weekday() - WEEKDAYS.index(match["weekday"].lower()) - 1) % 7 + 1
    start = today - timedelta(days=behind)
    yield Period(start, start + timedelta(days=1))


def _season(named: str, step: int, today: date) -> Period:
    """This year's; the last one is over or has begun, the next one has yet to begin."""
    own = _months(today.year, _SEASONS[named], 3)
    if step < 0 and own.start > today:
        return _months(today.year - 1, _SEASONS[named], 3)
    if step > 0 and own.start <= today:
        return _months(today.year + 1, _SEASONS[named], 3)
    return own


def _in_week(named: str, step: int, today: date) -> Period:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
    if named == "week":
        return Period(monday, monday + timedelta(days=7))
    if named == "weekend":
        return Period(monday + timedelta(days=5), monday + timedelta(days=7))
    start = monday + timedelta(days=WEEKDAYS.index(named))
    return Period(start, start + timedelta(days=1))


def _read_ago(match: re.Match[str], today: date) -> Iterator[Period]:
    """`two months ago`: as blurred as its unit is long."""
    unit = _UNIT_DAYS[match["unit"].lower()]
    middle = today - timedelta(days=unit * _number(match["count"]))
    yield Period(middle - timedelta(days=unit // 2), middle + timedelta(days=unit // 2 + 1))


def _read_within(match: re.Match[str], today: date) -> Iterator[Period]:
    days = _UNIT_DAYS[match["unit"].lower()] * _number(match["count"])
    yield Period(today - timedelta(days=days), today + timedelta(days=1))


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _moved(text: str, named: Named) -> Named:
    """What is named, or what the words before it place next to it."""
    match = _OFFSET.search(text[max(0, named.start - LOOKED_BACK) : named.start])
    if match is None:
        return named
    unit = match["unit"].lower()
    length = timedelta(days=_UNIT_DAYS.get(unit, 7) * _number(match["count"] or "one"))
    if match["side"].lower() == "before":
        beside = [Period(period.start - length, period.start) for period in named.periods]
    else:
        beside = [Period(period.end, period.end + length) for period in named.periods]
    return replace(named, start=named.start - len(match[0]), periods=beside)


_ABSOLUTE: Final = (
    (_ISO, _read_iso),
    (_NUMERIC, _read_numeric),
    (_DAY_MONTH, _read_day),
    (_MONTH_DAY, _read_days),
    (_MONTH_ONLY, _read_month),
    (_QUARTER, _read_quarter),
    (_SEASON, _read_season),
    (_YEAR_ONLY, _read_year),
)
"""Most particular first: what one has read, a later one does not read again."""

_RELATIVE: Final = (
    (_NEAR_DAY, _read_near_day),
    (_NAMED_SPAN, _read_named),
    (_SINCE_DAY, _read_since_day),
    (_ON_DAY, _read_on_day),
    (_AGO, _read_ago),
    (_WITHIN, _read_within),
)

_ASKS_WHEN: Final = _compiled(
    r"(?:when|how long|how (?:recently|soon|often)"
    r"|(?:what|which) (?:date|day|weekday|month|year|week|season|time))\b"
)
_WHEN_WORDS: Final = """
yesterday today tomorrow tonight recently since ago last next day week weekend month year morning afternoon evening
"""
_WHEN_TERMS: Final = frozenset(terms(" ".join((_WHEN_WORDS, *MONTHS, *WEEKDAYS, *_SEASONS)))) - {"may"}


def asks_when(text: str) -> bool:
    """Whether a question asks for a time."""
    return _ASKS_WHEN.search(text) is not None


def tells_when(found: Iterable[str]) -> bool:
    """Whether a message, given by its terms, names a time, be it only `last week`."""
    return not _WHEN_TERMS.isdisjoint(found)
