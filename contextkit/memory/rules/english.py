"""The forms in which people state things in English, and what surrounds them; first come, first served."""

from __future__ import annotations

import re
from typing import Final

from contextkit.memory.rules.english_others import OTHERS
from contextkit.memory.rules.english_plans import PLANS
from contextkit.memory.rules.english_self import SELF
from contextkit.memory.rules.english_tastes import TASTES
from contextkit.memory.rules.forms import OCCUPATION, RELATION
from contextkit.memory.rules.words import LANGUAGES

RULES: Final = (*SELF, *TASTES, *OTHERS, *PLANS)

APPOSED: Final = re.compile(
    rf"\b[Mm]y (?P<what>{RELATION}|(?:\w+ )?(?:{OCCUPATION})),? (?P<value>(?:(?:Mrs?|Ms|Dr|Prof)\.? )?[A-Z][a-zà-ÿ]+)\b"
)
"""A name beside a relation, in whatever clause: "my sister Lena"."""

_ANSWER: Final = (
    rf"(?:answer|reply|respond|speak|write|talk)(?: to me| me| back| only| always)* in (?P<value>{LANGUAGES})\b"
)
ANSWER_LANGUAGE: Final = re.compile(_ANSWER, re.IGNORECASE)
STANDING: Final = re.compile(
    r"^(?:please |from now on,? |in (?:the )?future,? |going forward,? |(?:and"
    r"|also),? )*(?P<wish>(?:always|never|do not ever)\b(?! (?:mind|ever mind|glad|happy|welcome"
    rf"|nice|good|here|fun|a)\b).+|(?:only )?{_ANSWER.replace('?P<value>', '?:')}.*|(?:whenever"
    r"|every time)\b.+,.+|(?:keep|make) (?:your|all|the|my) (?:answers|replies|responses"
    r"|explanations|summaries)\b.+)",
    re.IGNORECASE,
)
CALLED: Final = re.compile(
    r"(?:(?:[Yy]ou can|[Aa]lways|[Jj]ust) )*[Cc]all me (?P<value>[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)*)"
)
_FROM_NOW: Final = r"\b(?:from now on|in (?:the )?future|going forward|from here on)\b"
FROM_NOW_ON: Final = re.compile(_FROM_NOW, re.IGNORECASE)

NO_LONGER: Final = re.compile(
    r"^(?P<who>.*?\b)(?:(?P<aux>do|does|am|is|are) not (?P<rest>.+?) any ?(?:more|longer)\b"
    r"|no longer (?P<verb>.+)|(?P<be>am|is|are) no longer (?P<state>.+))"
)

TRANSIENT: Final = re.compile(
    r"^(?:I|[Ww]e) (?:am |are |have |was |do |need |want |would |can |will |just |so |really |very |super |also )*"
    r"(?:a question"
    r"|questions|help|you to|looking for|trying to|wondering|to know|to ask|asking|here|not know"
    r"|sure|sorry|glad|happy to|thankful|grateful|afraid|see|understand|agree|appreciate|excited"
    r"|curious|confused|stuck|back|done|ready|fine|good|okay|ok|know|not understand|need help"
    r"|need you|(?:always )?here for|always here|doing (?:my best|well|fine|good|great|ok)"
    r"|like to know|not sure|not have time|mean|forgot|remember|be (?:back|right)"
    r"|let you know|thank|feel|feeling|getting an? (?:error|exception|warning)|an? (?:bug|error|issue"
    r"|problem|list|file|table|function|class|csv|CSV)|tired|bored|hungry|busy|running late)\b"
)
"""What holds only for the moment, and what is said to keep a conversation going."""

ASKED: Final = (
    (
        re.compile(
            r"\b(?:what is|what's|may i have|can i have|tell me) your (?:full )?name\b"
            r"|\bwho am i (?:talking|speaking) (?:to|with)\b",
            re.IGNORECASE,
        ),
        "My name is {answer}",
    ),
    (
        re.compile(r"\bwhat (?:should|can|may|do) i call you\b|\bhow should i (?:call|address) you\b", re.IGNORECASE),
        "Call me {answer}",
    ),
    (
        re.compile(
            r"\bwhere (?:do|are) you (?:live|living|based)\b|\bwhich city (?:do you live|are you)\b", re.IGNORECASE
        ),
        "I live in {answer}",
    ),
    (re.compile(r"\bwhere are you from\b|\bwhere do you come from\b", re.IGNORECASE), "I am from {answer}"),
    (
        re.compile(r"\bwhere do you work\b|\bwho do you work for\b|\bwhich company\b", re.IGNORECASE),
        "I work at {answer}",
    ),
    (
        re.compile(r"\bwhat do you do(?: for (?:a living|work))?\b|\bwhat is your (?:job|occupation)\b", re.IGNORECASE),
        "I work as {answer}",
    ),
    (re.compile(r"\bhow old are you\b", re.IGNORECASE), "I am {answer} years old"),
    (
        re.compile(
            r"\b(?:what|which|when)(?: is| are|'s) your (?P<what>(?:favou?rite "
            r"|preferred )?[a-z]+(?: number| address| zone)?)\b",
            re.IGNORECASE,
        ),
        "My {what} is {answer}",
    ),
)
"""Questions whose short answers state something."""
