"""How a form of statement is written: a regular expression with a few words of its own, such as «who»."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from contextkit.memory.rules.finding import Naming, Rule
from contextkit.memory.rules.words import OCCUPATIONS, PETS, RELATIONS, SINGLE
from contextkit.memory.strategy_parts import RuleKind


def any_of(words: Iterable[str]) -> str:
    """An alternation of words, the longest first, so that none hides another."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_TOLD_APART: Final = {
    *("name", "full name", "first name", "last name", "surname", "nickname", "preferred name", "job", "job title"),
    *("occupation", "profession", "role", "position", "title", "diet", "goal", "main goal", "major", "degree"),
    *("blood type", "native language", "mother tongue", "nationality", "religion", "star sign", "pronouns"),
    *("hometown", "home town", "thesis topic", "specialty", "birthday", "anniversary", "wedding anniversary"),
}
"""What has a form of its own, since not every word can be its value."""

RELATION: Final = any_of(RELATIONS)
KIN: Final = any_of(RELATIONS - {"doctor", "dentist", "therapist", "teacher", "lawyer", "assistant"})
PET: Final = any_of(PETS)
OCCUPATION: Final = any_of(OCCUPATIONS)
SINGLE_THING: Final = any_of(word for word in SINGLE if word not in _TOLD_APART)
_MONTH: Final = "January|February|March|April|May|June|July|August|September|October|November|December"

_MACROS: Final = {
    "«beside»": r"(?:(?![Nn]either\b)[\w' -]{2,40}? and (?=I\b))?",
    "«who»": r"(?P<who>I|[Ww]e|[Mm]y [a-z][\w-]*(?: [a-z][\w-]*)??(?:,? [A-Z]\w+,?)?"
    r"|[A-Z][\w'-]+(?: [A-Z][\w'-]+)?|[Hh]e|[Ss]he)",
    "«works»": r"(?:works?|(?:am|is|been) working|(?:am|is) employed)",
    "«adv»": r"(?:(?:also|now|currently|still|just|recently|actually|finally|already|always|usually"
    r"|originally|officially|really|absolutely|mostly|mainly|only|both|particularly|especially"
    r"|quite|generally|truly|definitely|personally|have|has|had) )*",
    "«value»": r"(?P<value>[^,;.!?()\"]+?)«end»",
    "«end»": r"(?=$|[,;.!?()]| (?:and|but|because|since|so|with|which|where|who|that|when|while|now"
    r"|these days|at the moment|right now|currently|though|after|before|until|anymore|any more"
    r"|again|instead|originally|too|either|except|as well"
    r"|for (?:the|now|about|over|a|\d+|two|three|four|five|six|seven|eight"
    rf"|nine|ten|many|some|most)|in \d{{4}}|in (?:{_MONTH})|on \d+|around \d+|until \d+|last"
    r"|in the (?:week|morning|afternoon|evening)|on the (?:weekend|morning|afternoon|evening)"
    r"|in (?:spring|summer|autumn|fall|winter)|permanently"
    r"|at the|as (?:an?|the|of)|full[- ]time|part[- ]time|not)\b)",
    "«place»": r"(?P<value>(?:[^,;.!?()\":]|«dot»)+?)(?!«dot»)(?:«end»|(?= (?:from|near|nearby|close|next|right"
    r"|just|together|alone|thanks|like|except|despite|during|every|all year|half|part of|most of|either|rn"
    r"|on (?:weekdays|weekends)|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)\b| [-–—] |:))",
    "«dot»": r"(?:(?<=\bSt|\bMt|\bFt)\.|(?<=\b[A-Z])\.(?=[A-Z]))",
    "«rest»": r"(?P<value>.+?)«over»",
    "«over»": r"(?=$|,? (?:but|because|although|though|so|and (?:I|it|he|she|they|we|mine|my|our))\b"
    r"|, (?:and|call|text|please|which|not|mostly|followed)\b| and always\b"
    r"| (?:now|right now|these days|nowadays|at the moment|at present|currently)$)",
    "«name»": r"[A-Z][\w'’.-]*(?: (?:[A-Z][\w'’.-]*|de|da|van|von|der|bin|al))*",
    "«possessed»": rf"(?P<what>(?:{RELATION}))",
    "«thing»": r"(?:(?:an?|the|my|our|his|her|their|this|that) )?(?P<thing>[\w'&-]+(?: (?!«from»)[\w'&-]+){0,4}?)"
    r"(?=$|[,;:.!?()]| «from»)",
    "«from»": r"(?:an?|about|after|again|almost|altogether|and|any|anymore|as|at|because|before|but|by|called"
    r"|completely|currently|daily|due|during|each|ended|every|for|from|has|in|is|last|lately|most|named|now|of|on|once|or|over|recently"
    r"|right|since|so|that|these|this|to|too|twice|until|was|weekly|when|while|with|yesterday)\b",
    "«wholly»": r"(?=$|[,;:.!?()]| (?:after (?!\d)|again|altogether|as|because|completely|due|for good|forever"
    rf"|in (?:\d+|the week|{_MONTH})|last|on (?:\d+|the weekend)|recently|since|so|this|when|yesterday)\b)",
    "«date»": rf"(?P<date>(?:(?:\d{{1,2}}|the \w+) (?:{_MONTH})|(?:{_MONTH}) \d|(?:the )?(?:morning|afternoon"
    rf"|evening|night|week|weekend) of \d|\d{{4}}-\d\d|(?:{_MONTH})\b|\d{{1,2}}(?::\d\d)? ?(?:am|pm"
    r"|o'clock)|\d{1,2}:\d\d|(?:19|20)\d\d\b(?! (?:[a-z]{3,}s|euro|eur|usd|kcal|km)\b)|noon|midnight).*?)"
    r"(?=$|,? (?:but|because|and (?:an?|my|our|the|another|then|I|we))\b)",
    "«np»": r"(?P<what>(?!(?:way|only|best|first|last|next|question|problem|point|idea|plan"
    r"|thing)\b)[a-z][\w'-]*(?: (?!is\b|was\b|are\b|has\b|got\b|on\b"
    r"|at\b(?! [A-Z]))[\w'&-]+){0,5}?)",
}
"""`«value»` ends where the clause goes on, `«place»` also where it tells how somebody lives or works there, and
`«rest»`, which may hold commas and prepositions, where another thought begins. `«thing»` is what is had or done,
without its article and without when, where and for whom; `«wholly»` follows it where nothing narrows it down."""


def form(
    kind: RuleKind,
    pattern: str,
    subject: Naming = "",
    *,
    value: Naming = "{value}",
    text: str = "",
    importance: float = 0.6,
    ends: bool = False,
    also: tuple[Naming, ...] = (),
) -> Rule:
    for _ in range(2):  # a macro may use another
        for macro, meaning in _MACROS.items():
            pattern = pattern.replace(macro, meaning)
    return Rule(
        kind=kind,
        pattern=pattern,
        subject=subject,
        value=value,
        text=text,
        importance=importance,
        ends=ends,
        also=also,
    )
