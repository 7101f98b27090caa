"""Statements that are whole only with what was said before: short answers, and corrections in a few words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from contextkit.memory.rules.english import ASKED
from contextkit.memory.rules.finding import Finding
from contextkit.memory.rules.scene import Scene
from contextkit.memory.rules.statement import Statement

FIRST_PERSON: Final = re.compile(r"\b(?:I|[Mm]y|[Ww]e|[Oo]ur|me|us|mine)\b")

_BUT: Final = re.compile(r"\bnot (?P<old>[^,;]+?)(?:,? but|, (?:it|that) is) (?P<new>.+)$")
_NOT_THAT: Final = re.compile(r"^not (?P<old>[^,;]+), (?P<new>[^,;]+)$")
_BARE_VERB: Final = re.compile(r"^I do $")
_MEANT: Final = re.compile(
    r"^(?P<lead>(?:it|that) (?:is|was|should be|should have been)(?: actually)?|i mean[t]?"
    r"|make (?:that|it)|should be|(?:the )?(?:right|correct|real) (?:one|name|date|day|time|answer"
    r"|number|address) is)?\s*(?P<new>[^,;]{1,40}?)(?:,? (?:not|instead of"
    r"|rather than) (?P<old>[^,;]{1,40}))?$",
    re.IGNORECASE,
)
_VERB: Final = re.compile(r"\b(?:am|is|are|was|were|has|have|had|does|do|will|can|lives?|works?|likes?|loves?|moved)\b")
"""What makes a statement of its own of what might be a value."""

_DAY_ALONE: Final = re.compile(r"^(?:on )?(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?$")


def answered(statement: Statement) -> Statement | None:
    """A short answer as the statement it makes of the question before it."""
    if not statement.asked or len(statement.text.split()) > 5 or FIRST_PERSON.search(statement.text):
        return None
    for question, answer in ASKED:
        if match := question.search(statement.asked):
            said = re.sub(r"^(?:it is|that is|in|at|on|as an?) ", "", statement.text, flags=re.IGNORECASE)
            return replace(statement, text=answer.format(answer=said, **match.groupdict()), asked="")
    return None


def corrected(statement: Statement, scene: Scene) -> tuple[Statement, Finding | None] | None:
    """An earlier statement with its value replaced, and what it said: "I meant Porto", "it is the 14th, not the 12th".

    After a question only what was asked is mended, save where the old value is told.
    """
    if (swap := _BUT.search(statement.text)) and (before := statement.text[: swap.start()]):
        clause = f"{before}{swap['new']}"
        if FIRST_PERSON.match(clause) and not _BARE_VERB.match(before):
            return replace(statement, text=" ".join(clause.split())), None
        statement = replace(statement, text=f"it is {swap['new']}, not {swap['old']}")
    elif statement.corrects and (swap := _NOT_THAT.match(statement.text)):
        statement = replace(statement, text=f"it is {swap['new']}, not {swap['old']}")
    match = _MEANT.match(statement.text)
    if match is None or not (match["old"] or match["lead"] or statement.corrects):
        return None
    if FIRST_PERSON.search(match["new"]) or _VERB.search(match["new"]):
        return None
    for earlier, finding in reversed(scene.recent):
        if statement.asked and not match["old"] and finding.said not in statement.asked:
            continue
        if earlier.speaker == statement.speaker and (other := _replaced(earlier.text, finding.said, match, statement)):
            return replace(statement, text=other, corrects=False), finding
    return None


def _replaced(clause: str, value: str, match: re.Match[str], statement: Statement) -> str | None:
    """The earlier clause with the new value for the old, where both are of one shape."""
    new, old = match["new"].strip(), (match["old"] or "").strip()
    if not value or value not in clause:
        return None
    day = _DAY_ALONE.match(new)
    if day:
        if not re.match(r"\d{1,2} [A-Z]", value):
            return None
        return clause.replace(value, re.sub(r"^\d{1,2}", day["day"], value), 1)
    if old and _bare(old) not in value.lower():
        return None
    meant = statement.corrects or (match["lead"] or "").lower().startswith(("i mean", "make", "should", "the"))
    if not old and not (meant and _shape(new) == _shape(value)):
        return None
    if old and _bare(old) != _bare(value):
        place = value.lower().index(_bare(old))
        new = value[:place] + _unled(new) + value[place + len(_bare(old)) :]
    return clause.replace(value, _unled(new), 1)


def _unled(text: str) -> str:
    return re.sub(r"^(?:in|at|on|for) ", "", text)


def _bare(text: str) -> str:
    return re.sub(r"^(?:in|at|on|for|the|a|an) ", "", text.lower()).strip()


def _shape(text: str) -> tuple[bool, bool]:
    text = _unled(text)
    return text[:1].isupper(), any(letter.isdigit() for letter in text)
