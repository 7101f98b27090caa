"""Days in place of "tomorrow": time expressions rewritten so that they still say when, years later.

English is read by `contextkit.rank.times`, with what a statement uses beyond a question: weekdays alone,
"in two weeks", "this morning", days without their year. Of Vietnamese and Chinese the few words that name a near day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from contextkit.rank.spans import Period
from contextkit.rank.times import MONTHS, WEEKDAYS, month_number, periods

_MONTH: Final = (
    "(?:"
    + "|".join((*(month.capitalize() for month in MONTHS), *MONTHS))
    + "|Sept?|Oct|Nov|Dec|Jan|Feb|Mar|Apr|Jun|Jul|Aug)"
)
_WEEKDAY: Final = "(?P<weekday>" + "|".join(day.capitalize() for day in WEEKDAYS) + "|" + "|".join(WEEKDAYS) + ")"
_COUNT: Final = r"(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_UNITS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
_NUMBERS: Final = dict(
    zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(1, 11), strict=True)
)

_NEAR: Final = re.compile(
    r"\b(?:on )?(?P<said>(?:the )?day before yesterday|(?:the )?day after tomorrow|yesterday|today"
    r"|tomorrow|tonight|last night|this (?:morning|afternoon|evening))(?P<part> (?:morning"
    r"|afternoon|evening|night))?\b(?!')",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?<!the )\b(?:on |in |for )?(?P<which>last|past|this|next) (?P<named>week|weekend|month|year"
    rf"|spring|summer|autumn|fall|winter|{'|'.join(WEEKDAYS)})(?P<part> (?:morning|afternoon"
    r"|evening|night))?\b",
    re.IGNORECASE,
)
_AGO: Final = re.compile(rf"\b(?:about |around |some )?{_COUNT} (?P<unit>day|week|month|year)s? ago\b", re.IGNORECASE)
_IN: Final = re.compile(
    rf"\bin (?:about |around )?{_COUNT} (?P<unit>day|week|month|year)s?(?: time| from now)?\b", re.IGNORECASE
)
_PLAIN_DAY: Final = re.compile(
    rf"(?<!every )(?<!each )(?<!the )(?<!last )(?<!next )(?<!this )\b(?:(?P<on>[Oo]n) )?{_WEEKDAY}"
    r"(?P<part> (?:morning|afternoon|evening|night))?\b(?!s)(?!,? (?:the )?\d)"
)
_TO: Final = r" (?:to|until|till|through) "
_FROM_DAY: Final = re.compile(rf"\b(?:from )?{_WEEKDAY}{_TO}$")
_TO_DAY: Final = re.compile(rf"{_TO}{_WEEKDAY}\b")
_ONCE: Final = re.compile(r"\b(?:am|is|are|was|were|been|will|going)\b")
"""What tells of some days, and not of those of every week: "I am away from Monday to Friday"."""

_NTH: Final = re.compile(
    r"\b(?P<lead>on|by|until|till|to) the (?P<day>[0-3]?\d)(?:st|nd|rd|th)\b(?= (?:at|in the|for"
    r"|and|with)\b|[,.;!?)]|$)"
)
_DAY_MONTH: Final = re.compile(
    r"\b(?:the )?(?P<day>[0-3]?\d)(?:st|nd|rd"
    rf"|th)?(?: of)? (?P<month>{_MONTH})\b\.?(?:,? (?P<year>(?:19|20)\d\d)\b)?"
)
_MONTH_DAY: Final = re.compile(
    rf"\b(?P<month>{_MONTH})\b\.? (?:the )?(?P<day>[0-3]?\d)(?:st|nd|rd"
    r"|th)?\b(?![\d:])(?:,? (?P<year>(?:19|20)\d\d)\b)?"
)
_IN_MONTH: Final = re.compile(
    r"\b(?P<lead>in|since|until|by|last|next"
    rf"|this) (?P<month>{_MONTH})\b(?! \d)(?:,? (?P<year>(?:19|20)\d\d))?"
)

_DOUBLY: Final = re.compile(
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (?:the )?(?=\d{1,2} [A-Z][a-z]+ \d{4})", re.IGNORECASE
)
"""A weekday before a date that says it already."""

_BEFORE: Final = re.compile(
    r"\b(?:by|until|till|since|before|after|from|to|for|of|than|is|was|between|around|with)\s$", re.IGNORECASE
)
"""Words that need a bare day after them, not "on" and a day."""

_LED: Final = re.compile(r"^(?:on|in) ", re.IGNORECASE)

SAID_DATE: Final = re.compile(
    r"\b\d{1,2} (?:"
    + "|".join(month.capitalize() for month in MONTHS)
    + r")\b|\b(?:"
    + "|".join(month.capitalize() for month in MONTHS)
    + r") \d{4}\b|\b(?:19|20)\d\d\b|\b\d{1,2}(?::\d\d)? ?(?:am|pm)\b|\b\d{1,2}:\d\d\b",
    re.IGNORECASE,
)
"""What a resolved text names a day or an hour by."""


Past: TypeAlias = Callable[[str, int], bool]
"""Tells whether what stands at a place of a text has happened."""

Reader: TypeAlias = Callable[[re.Match[str], date, bool], str | None]
"""Tells the days that an expression means, said on a day, of what is past or not; None where it cannot."""


def resolved(text: str, said_at: datetime, *, past: Past, yearly: bool = False) -> str:
    """The text with every relative time expression replaced by the days it meant when it was said.

    Where `past` says that the text tells of what has happened, "on Friday" is the last one;
    elsewhere it is the next; `yearly` that a date without a year is meant in every year. What is
    not understood is left as it stands.
    """
    today = said_at.date()
    for pattern, told in _READERS_OF_YEARLY if yearly else _READERS:
        text = pattern.sub(_replaced(told, text, today, past), text)
    return _DOUBLY.sub("", text)


def _replaced(told: Reader, text: str, today: date, past: Past) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        days = told(match, today, past(text, match.start()))
        if days is None:
            return match[0]
        bare = _BEFORE.search(text[: match.start()]) and not _LED.match(match[0])
        return _LED.sub("", days) if bare else days

    return replaced


def spoken(day: date) -> str:
    """A day in words: 3 May 2026."""
    return f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def _near(match: re.Match[str], today: date, _: bool) -> str:
    said = match["said"].lower().removeprefix("the ")
    ahead = {"day before yesterday": -2, "yesterday": -1, "last night": -1, "tomorrow": 1, "day after tomorrow": 2}
    part = (
        said.partition(" ")[2]
        if said.startswith("this ")
        else "evening"
        if "night" in said
        else (match["part"] or "").strip()
    )
    day = spoken(today + timedelta(days=ahead.get(said, 0)))
    return f"on the {part} of {day}" if part else f"on {day}"


def _named(match: re.Match[str], today: date, past: bool) -> str | None:
    which, named = match["which"].lower(), match["named"].lower()
    found = periods(f"{which} {named}", datetime.combine(today, datetime.min.time()), range(0))
    if not found:
        return None
    told = _told(found[0], named)
    if named in WEEKDAYS and which == "this" and not past and found[0].start < today:
        told = f"on {spoken(found[0].start + timedelta(days=7))}"
    return told + (f" in the{match['part']}" if match["part"] else "")


def _told(period: Period, named: str) -> str:
    start = period.start
    if named == "week":
        return f"in the week of {spoken(start)}"
    if named == "weekend":
        return f"on the weekend of {spoken(start)}"
    if named == "month":
        return f"in {MONTHS[start.month - 1].capitalize()} {start.year}"
    if named == "year":
        return f"in {start.year}"
    return f"on {spoken(start)}" if named in WEEKDAYS else f"in {named} {start.year}"


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.get(word.lower(), 1)


def _ago(match: re.Match[str], today: date, _: bool) -> str:
    return _moved(today, -_number(match["count"]), match["unit"].lower())


def _ahead(match: re.Match[str], today: date, past: bool) -> str | None:
    return None if past else _moved(today, _number(match["count"]), match["unit"].lower())


def _moved(today: date, count: int, unit: str) -> str:
    """As blurred as its unit is long."""
    if unit == "year":
        return f"in {today.year + count}"
    if unit == "month":
        index = today.year * 12 + today.month - 1 + count
        return f"in {MONTHS[index % 12].capitalize()} {index // 12}"
    day = spoken(today + timedelta(days=count * _UNITS[unit]))
    return f"on {day}" if unit == "day" else f"around {day}"


def _plain_day(match: re.Match[str], today: date, past: bool) -> str | None:
    """`on Friday`: the last or the next one. Without `on` it may be a name or a habit, so it must be capitalised."""
    if not match["on"] and (match["weekday"].islower() or match.start() == 0):
        return None
    first = _FROM_DAY.search(match.string[: match.start()])
    if (first or _TO_DAY.match(match.string, match.end())) and not _ONCE.search(match.string):
        return None
    day = _weekday(match, _weekday(first, today, past), False) if first else _weekday(match, today, past)
    return f"on {spoken(day)}" + (f" in the{match['part']}" if match["part"] else "")


def _weekday(match: re.Match[str], today: date, past: bool) -> date:
    """The last or the next day of that name."""
    step = (WEEKDAYS.index(match["weekday"].lower()) - today.weekday()) % 7 or 7
    return today + timedelta(days=step - 7 if past and step < 7 else -7 if past else step)


def _calendar_day(match: re.Match[str], today: date, past: bool) -> str | None:
    month, day = month_number(match["month"]), int(match["day"])
    years = [int(match["year"])] if match["year"] else range(today.year - 4, today.year + 5)
    days = [found for year in years if (found := _day(year, month, day))]
    if not match["year"]:
        days = [one for one in days if one <= today][-1:] if past else [one for one in days if one >= today][:1]
    return spoken(days[0]) if days else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _calendar_month(match: re.Match[str], today: date, past: bool) -> str | None:
    lead, number = match["lead"].lower(), month_number(match["month"])
    if match["year"]:
        return None
    if lead in ("last", "since") or (lead in ("in", "until", "by") and past):
        year = today.year - (number > today.month or (lead == "last" and number == today.month))
    else:
        year = today.year + (number < today.month or (lead == "next" and number == today.month))
    lead = "in" if lead in ("last", "next", "this") else lead
    return f"{lead} {MONTHS[number - 1].capitalize()} {year}"


def _nth(match: re.Match[str], today: date, past: bool) -> str | None:
    """`on the 12th`: of the month that is nearest on that side of today."""
    index = today.year * 12 + today.month - 1
    found = (_day((index + n) // 12, (index + n) % 12 + 1, int(match["day"])) for n in range(-2, 3))
    days = [day for day in found if day]
    near = [day for day in days if day <= today][-1:] if past else [day for day in days if day >= today][:1]
    return f"{match['lead']} {spoken(near[0])}" if near else None


def _every_year(match: re.Match[str], today: date, past: bool) -> str | None:
    if match["year"]:
        return _calendar_day(match, today, past)
    day, month = int(match["day"]), month_number(match["month"])
    return f"{day} {MONTHS[month - 1].capitalize()}" if _day(2000, month, day) else None


def _yearless(told: Reader) -> Reader:
    """As that reader tells it, for every year; what is but a year stays as it stands."""

    def yearless(match: re.Match[str], today: date, past: bool) -> str:
        days = told(match, today, past) or match[0]
        return match[0] if re.fullmatch(r"in \d{4}", days) else re.sub(r" \d{4}$", "", days)

    return yearless


_READERS: Final = (
    (_NEAR, _near),
    (_NAMED, _named),
    (_AGO, _ago),
    (_IN, _ahead),
    (_DAY_MONTH, _calendar_day),
    (_MONTH_DAY, _calendar_day),
    (_IN_MONTH, _calendar_month),
    (_NTH, _nth),
    (_PLAIN_DAY, _plain_day),
)
_READERS_OF_YEARLY: Final = (
    (_NEAR, _yearless(_near)),
    (_NAMED, _yearless(_named)),
    (_DAY_MONTH, _every_year),
    (_MONTH_DAY, _every_year),
    (_PLAIN_DAY, _yearless(_plain_day)),
)

_NEAR_DAYS: Final = {
    "hôm kia": -2,
    "hôm qua": -1,
    "hôm nay": 0,
    "ngày mai": 1,
    "ngày kia": 2,
    "前天": -2,
    "昨天": -1,
    "昨晚": -1,
    "今天": 0,
    "今晚": 0,
    "明天": 1,
    "明晚": 1,
    "后天": 2,
}
_NEAR_DAY: Final = re.compile("|".join(_NEAR_DAYS), re.IGNORECASE)


def resolved_abroad(text: str, said_at: datetime) -> str:
    """The near days of a Vietnamese or Chinese text, named by their dates."""

    def named(match: re.Match[str]) -> str:
        day = said_at.date() + timedelta(days=_NEAR_DAYS[match[0].lower()])
        return (
            f"ngày {day.day}/{day.month}/{day.year}"
            if match[0].isascii() or " " in match[0]
            else f"{day.year}年{day.month}月{day.day}日"
        )

    return _NEAR_DAY.sub(named, text)
