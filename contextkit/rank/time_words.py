"""Time words: what a question in another language than English says about time, said in English.

`contextkit.rank.times` reads English. Days, weeks and months that lie near, dates, and the question for a time are
said in few ways in any language, and so they are translated, and nothing else is: of "Tuần trước tôi đã ăn gì?" the
first two words. What is not in the tables (see `tongues`) is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import chain
from typing import Final, TypeAlias

from contextkit.rank.languages import function_words, has_english
from contextkit.rank.terms import folded, words
from contextkit.rank.times import MONTHS, WEEKDAYS
from contextkit.rank.tongues import SCRIPTS, TONGUES, Tongue

_LONGEST: Final = 2_000
"""Characters of a question that are translated; a longer one is mostly something pasted."""

_NEAR: Final = ("the day before yesterday", "yesterday", "last night", "today", "tomorrow")
_UNITS: Final = ("day", "week", "month", "year")
_NAMED: Final = ("weekend", *WEEKDAYS, "spring", "summer", "autumn", "winter")

_DIGITS: Final = re.compile(r"(?<![\d./])([0-3]?\d)[./]([01]?\d)[./]((?:19|20)\d\d)(?![\d./])")
"""A date in numbers: but for American English it begins with the day."""

_TIME: Final = "\x02[^\x02\x03]*\x03"
"""A time that is said in English already, as it is marked until all is."""

_YEAR: Final = re.compile(rf"{_TIME}|(?<![\d./-])(?:19|20)\d\d(?:-\d\d-\d\d)?(?![\d./-])")
_FIRST, _LAST = "\x02\x03"
_UNMARKED: Final = {2: " ", 3: " "}

_Said: TypeAlias = Callable[[re.Match[str]], str]


@lru_cache(256)
def in_english(question: str) -> str:
    """The question with what it says about time in English; as it is, where it is English or a very long text."""
    tongues = _tongues(question) if len(question) <= _LONGEST else ()
    if not tongues:
        return question
    said = _DIGITS.sub(lambda date: f"{date[3]}-{date[2]:0>2}-{date[1]:0>2}", _plain(question))
    for pattern, english in chain.from_iterable(map(_rules, tongues)):
        said = pattern.sub(english, said)
    said = _YEAR.sub(_marked_year, said)
    for pattern, english in chain.from_iterable(map(_spans, tongues)):
        said = pattern.sub(english, said)
    return said.translate(_UNMARKED)


def names_time(text: str) -> bool:
    """Whether a message in another language than English names a time, be it only `tuần trước`."""
    plain = _plain(text[:_LONGEST])
    return any(_telling(name).search(plain) for name in _tongues(text[:_LONGEST]))


def _plain(text: str) -> str:
    return folded(text).replace("đ", "d").replace("’", "'")


def _tongues(text: str) -> Sequence[str]:
    """The names of the languages that a text may be in, likely ones first; none where it is English."""
    told = next((name for name, letters in SCRIPTS.items() if letters.search(text)), None)
    if told is not None:
        return (told,)
    found = words(text)
    if has_english(found):
        return ()
    counted = function_words(found)
    likely = {name: counted.get(name, 0) for name in TONGUES if name not in SCRIPTS or name == "vietnamese"}
    most = max(likely.values())
    return sorted((name for name in likely if likely[name] >= most - 1), key=lambda name: -likely[name])


@cache
def _rules(name: str) -> Sequence[tuple[re.Pattern[str], _Said]]:
    """What a language says about time, and how to say it in English: what is more particular comes first, since what
    one rule has read, a later one does not find any more."""
    tongue = TONGUES[name]
    before, yesterday, night, *others = zip(tongue.near, _NEAR, strict=True)
    times: list[tuple[str, _Said]] = [
        *((phrase, partial(_ago, tongue)) for phrase in tongue.ago),
        *((phrase, partial(_within, tongue)) for phrase in tongue.within),
        *((phrase, partial(_date, tongue)) for phrase in tongue.date),
        *((phrase, partial(_phrase, english)) for phrase, english in tongue.more.items()),
        *((phrase, partial(_phrase, english)) for phrase, english in (before, night, yesterday, *others)),
        *((phrase, partial(_which, tongue, "last")) for phrase in tongue.last),
        *((phrase, partial(_which, tongue, "this")) for phrase in tongue.this),
        *((phrase, partial(_which, tongue, "next")) for phrase in tongue.next),
        *((phrase, partial(_month, tongue)) for phrase in tongue.month),
    ]
    asking: list[tuple[str, _Said]] = [(phrase, partial(_phrase, " when ")) for phrase in tongue.when]
    return [
        (_compiled(tongue, phrase), said)
        for phrase, said in [(one, partial(_marked, by)) for one, by in times] + asking
    ]


@cache
def _spans(name: str) -> Sequence[tuple[re.Pattern[str], _Said]]:
    """What it says of times that were read: that something is since then, or until then."""
    tongue = TONGUES[name]
    phrases = [(phrase, english) for english, alike in tongue.spans.items() for phrase in alike]
    return [(_compiled(tongue, phrase), partial(_span_of, english)) for phrase, english in phrases]


def _marked(said: _Said, found: re.Match[str]) -> str:
    """What is said in English, marked as a time."""
    return f"\x02{said(found).strip()}\x03"


def _marked_year(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("\x02") else f"\x02{found[0]}\x03"


def _span_of(english: str, found: re.Match[str]) -> str:
    return f" {english} {found[0][found[0].index(_FIRST) : found[0].rindex(_LAST) + 1]}"


@cache
def _telling(name: str) -> re.Pattern[str]:
    """Matches what names a time in a language."""
    tongue = TONGUES[name]
    phrases = (*tongue.ago, *tongue.within, *tongue.date, *tongue.last, *tongue.this, *tongue.next, *tongue.month)
    all_of_it = (*(_GROUP.sub("(?:", _filled(tongue, phrase)) for phrase in phrases), *tongue.near, *tongue.named[1:8])
    return re.compile(_whole(tongue, "|".join(all_of_it)))


_GROUP: Final = re.compile(r"\(\?P<\w+>")


def _compiled(tongue: Tongue, phrase: str) -> re.Pattern[str]:
    return re.compile(_whole(tongue, _filled(tongue, phrase)))


def _whole(tongue: Tongue, phrase: str) -> str:
    """No part of a word, where words are set apart."""
    return rf"(?<!\w)(?:{phrase})(?!\w)" if tongue.spaced else phrase


def _filled(tongue: Tongue, phrase: str) -> str:
    """A phrase with what may stand in its slots."""
    slots = {
        "unit": _any(tongue.units),
        "named": _any((*tongue.named, *tongue.units)),
        "count": rf"\d{{1,3}}|{_any(tongue.numbers)}",
        **dict.fromkeys(("first", "day", "last"), r"[0-3]?\d"),
        "month": _any(tongue.months) if tongue.months else rf"[01]?\d|{_any(tongue.numbers)}",
        "year": r"(?:19|20)\d\d",
        "before": _any([rf"(?<=\b{word} )" for word in tongue.before]),
    }
    for slot, alternatives in slots.items():
        phrase = phrase.replace(f"<{slot}>", f"(?P<{slot}>{alternatives})")
    return phrase.replace("<time>", _TIME)


def _any(alternatives: Sequence[str]) -> str:
    """Any of them: the longer before what it may begin with."""
    return "|".join(sorted((one for each in alternatives for one in _apart(each)), key=len, reverse=True))


def _apart(alternatives: str) -> list[str]:
    """What stands between the bars that are in no brackets."""
    return re.split(r"\|(?![^()]*\))", alternatives)


def _phrase(english: str, found: re.Match[str]) -> str:
    return found.expand(english)


def _ago(tongue: Tongue, found: re.Match[str]) -> str:
    return f"{_span(tongue, found)} ago"


def _within(tongue: Tongue, found: re.Match[str]) -> str:
    return f"last {_span(tongue, found)}"


def _span(tongue: Tongue, found: re.Match[str]) -> str:
    return f"{_count(tongue, found)} {_UNITS[_place(found['unit'], tongue.units)]}s"


def _which(tongue: Tongue, which: str, found: re.Match[str]) -> str:
    names = (*_NAMED[: len(tongue.named)], *_UNITS)
    return f"{which} {names[_place(found['named'], (*tongue.named, *tongue.units))]}"


def _date(tongue: Tongue, found: re.Match[str]) -> str:
    days = [found.groupdict().get(day) for day in ("first", "day", "last")]
    return f"{'-'.join(filter(None, days))} {_month(tongue, found)}"


def _month(tongue: Tongue, found: re.Match[str]) -> str:
    said = found["month"]
    number = int(said) if said.isdigit() else 1 + _place(said, tongue.months or tongue.numbers)
    name = MONTHS[number - 1].capitalize() if 0 < number <= len(MONTHS) else ""
    return f"{name} {found['year'] or ''}"


def _count(tongue: Tongue, found: re.Match[str]) -> int:
    said: Mapping[str, str | None] = found.groupdict()
    count = said.get("count") or "1"
    return int(count) if count.isdigit() else 1 + _place(count, tongue.numbers)


def _place(said: str, alternatives: Sequence[str]) -> int:
    """The first of these expressions that what was said is."""
    return next(n for n, alternative in enumerate(alternatives) if re.fullmatch(alternative, said))
