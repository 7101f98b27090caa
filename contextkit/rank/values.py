"""Values in a question: a date, a place, a sum of money, a path; and what schemas call them.

A question rarely says "city" or "date": it says "Berkeley" and "next Saturday". A tool's schema
says the opposite. `kinds` finds the values of a question by their form and gives the words by
which a schema would ask for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DATE: Final = re.compile(
    rf"\b(?:\d{{4}}[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}"
    rf"|{_MONTH}\.?\s+\d{{1,2}}|\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}|\d{{1,2}}(?:st|nd|rd|th)"
    rf"|{_WEEKDAY}|today|tomorrow|yesterday|tonight|(?:this|next|last)\s+week|weekend"
    r"|(?:in|since|of|for|from|during|year)\s+(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"\b(?:\d{1,2}(?::\d{2}){1,2}|\d{1,2}\s*[ap]\.?m|noon|midnight)\b", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Aa]round)\s+(?:the\s+)?[A-Z][a-z]+|\b[A-Z][a-z]+,\s*[A-Z]{2}\b|\b[A-Z][a-z]+,\s+[A-Z][a-z]+"
)
_MONEY: Final = re.compile(r"[$€£¥]\s*\d|\d\s*(?:dollars?|usd|euros?|eur|pounds|bucks)\b", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+-]@\w[\w-]*\.\w")
_URL: Final = re.compile(r"\bhttps?://")
_PATH: Final = re.compile(
    r"(?<![A-Za-z])[A-Za-z]:[\\/]|(?<![\w/:])/[\w.-]+/|\w\.(?:py|txt|csv|json|pdf|exe|log|png|jpe?g|xml|docx?)\b"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: the form it has in a question, and the words schemas use for it."""

    form: re.Pattern[str]
    words: tuple[str, ...]


KINDS: Final = (
    Kind(_DATE, ("date",)),
    Kind(_TIME, ("time",)),
    Kind(_PLACE, ("city", "location")),
    Kind(_MONEY, ("amount", "price")),
    Kind(_EMAIL, ("email",)),
    Kind(_URL, ("url",)),
    Kind(_PATH, ("file", "path")),
)
"""The kinds with a form of their own in English text. Numbers and names are in every question and tell nothing.

Read as words of the query they find 0.8 points more of the leaderboard's tools (see
`contextkit.rank.tools`), nearly all of it by dates and places; the others are rare there.
"""


def kinds(query: str) -> list[Kind]:
    """The kinds of value a question holds, in the order of `KINDS`."""
    return [kind for kind in KINDS if kind.form.search(query)]
