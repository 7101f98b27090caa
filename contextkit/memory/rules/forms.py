"""How a form of statement is written: a regular expression with a few words of its own, such as «who»."""

from __future__ import annotations

import re
from typing import Final

from contextkit.memory.rules.finding import Naming, Rule
from contextkit.memory.rules.words import OCCUPATIONS, RELATIONS, SINGLE
from contextkit.memory.strategy_parts import RuleKind

RELATION: Final = "|".join(sorted((re.escape(word) for word in RELATIONS), key=len, reverse=True))
KIN: Final = "|".join(
    sorted(RELATIONS - {"doctor", "dentist", "therapist", "teacher", "lawyer", "assistant"}, key=len, reverse=True)
)
OCCUPATION: Final = "|".join(sorted(OCCUPATIONS, key=len, reverse=True))
SINGLE_THING: Final = "|".join(sorted(SINGLE, key=len, reverse=True))
_MONTH: Final = "January|February|March|April|May|June|July|August|September|October|November|December"

_MACROS: Final = {
    "«who»": rf"(?P<who>I|[Mm]y (?:{RELATION}|(?:\w+ )?(?:{OCCUPATION}))(?:,? [A-Z]\w+,?)?"
    rf"|[A-Z][\w'-]+(?: [A-Z][\w'-]+)?|[Hh]e|[Ss]he)",
    "«adv»": r"(?:(?:also|now|currently|still|just|recently|actually|finally|already|always|usually|originally"
    r"|officially"
    r"|really|absolutely|mostly|mainly|only|both|particularly|especially|quite|generally|truly"
    r"|definitely|personally"
    r"|have|has|had) )*",
    "«value»": r"(?P<value>[^,;.!?()\"]+?)«end»",
    "«end»": r"(?=$|[,;.!?()]| (?:and|but|because|since|so|with|which|where|who|that|when|while|now|these days"
    r"|at the moment"
    r"|right now|currently|though|after|before|until|anymore|any more|again|instead|too|as well|for "
    r"(?:the|now|about|over|a|\d"
    rf"|two|three|four|five|six|seven|eight|nine|ten|many|some|most)|in \d{{4}}|in (?:{_MONTH})|on \d"
    r"|around \d|last|permanently"
    r"|at the|as (?:an?|the)|full[- ]time|part[- ]time|not)\b)",
    "«name»": r"[A-Z][\w'’.-]*(?: (?:[A-Z][\w'’.-]*|de|da|van|von|der|bin|al))*",
    "«possessed»": rf"(?P<what>(?:{RELATION}))",
    "«date»": rf"(?P<date>(?:(?:\d{{1,2}}|the \w+) (?:{_MONTH})|(?:{_MONTH}) \d|(?:the )?(?:morning|afternoon"
    r"|evening|night|week|weekend)"
    rf" of \d|\d{{4}}-\d\d|(?:{_MONTH})\b|\d{{1,2}}(?::\d\d)? ?(?:am|pm|o'clock)|\d{{1,2}}:\d\d|(?:19"
    r"|20)\d\d\b|noon|midnight).*)",
    "«np»": r"(?P<what>(?!(?:way|only|best|first|last|next|question|problem|point|idea|plan"
    r"|thing)\b)[a-z][\w'-]*(?: (?!is\b|was\b|are\b|has\b|got\b|on\b|at\b)[\w'&-]+){0,5}?)",
}


def form(
    kind: RuleKind,
    pattern: str,
    subject: Naming = "",
    *,
    value: Naming = "{value}",
    text: str = "",
    importance: float = 0.6,
    ends: bool = False,
) -> Rule:
    for _ in range(2):  # a macro may use another
        for macro, meaning in _MACROS.items():
            pattern = pattern.replace(macro, meaning)
    return Rule(
        kind=kind,
        pattern=re.compile(pattern),
        subject=subject,
        value=value,
        text=text,
        importance=importance,
        ends=ends,
    )
