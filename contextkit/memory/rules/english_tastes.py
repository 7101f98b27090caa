"""What somebody likes, prefers and usually does. Most particular first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from contextkit.memory.rules.forms import form
from contextkit.memory.rules.subjects import possession, spelled, taste_of

_LIKES: Final = (
    r"(?:like|love|enjoy|adore|hate|dislike|detest|despise|loathe)s?|(?:can|do"
    r"|does)(?: really)? not (?:really )?(?:like|love|enjoy|stand|bear|care for|eat|drink)|(?:am"
    r"|is) (?:not )?(?:really |also |so |very )?(?:a (?:big |huge )?fan of|into|fond of|keen on"
    r"|obsessed with|crazy about)"
)
_NOTHING: Final = (
    r"(?!(?:it|that|this|them|you|your|how|what|when|where|why|who|the (?:idea|way)|both|up|option \w"
    r"|to (?:know|ask|hear|see|get|have"
    r"|be able|thank|learn)|her|him|these|those|one|all|yours|neither"
    r"|the (?:former|latter)|the (?:first|second|third|last|next|other)|the \w+ (?:one|ones|option|version))\b)"
)


def liking(groups: Mapping[str, str]) -> str:
    """Somebody likes a thing or not, in whatever words."""
    against = re.search(r"\b(?:not|hate|dislike|detest|despise|loathe)", groups["clause"].partition(groups["value"])[0])
    return "disliked" if against else "liked"


def _preferred(groups: Mapping[str, str]) -> str:
    """Of "window seats on long flights" the preferred seats on long flights; of a single word nothing is known."""
    words, _, condition = re.sub(r"^(?:the|a|an|to|my) ", "", groups["value"].lower()).partition(" on ")
    if (
        " " not in words
        or re.search(r"\b(?:to|over|than|rather)\b|ing\b|^be ", words)
        or groups["value"].startswith("to ")
    ):
        return ""
    return f"preferred {words.split()[-1].rstrip('s')}{' on ' * bool(condition)}{condition} of {groups['who']}"


def _between(groups: Mapping[str, str]) -> str:
    one, other = sorted((spelled(groups["value"]), spelled(groups["other"])))
    return f"preference of {groups['who']} between {one} and {other}"


TASTES: Final = (
    form(
        "preference",
        r"^[Mm]y (?P<what>(?:\w+(?:-\w+)? )?(?:favourite|preferred) (?!(?:of|ones?)\b)[\w' -]+?) (?:is|are"
        r"|has always been)(?: now| still| actually| definitely)? (?!not\b)«rest»",
        possession,
        importance=0.8,
    ),
    form(
        "preference",
        r"^(?P<value>[A-Z\d][\w' -]*?) (?:is|are) (?:now |still |actually |definitely )?my (?:new "
        r"|all-time )?(?P<what>favourite [\w' -]+?)«over»",
        possession,
        importance=0.8,
    ),
    form(
        "preference",
        rf"^«who» «adv»prefers? {_NOTHING}(?P<value>(?!not\b)[^,;.!?()]+?) (?:to|over"
        r"|rather than) (?P<other>[^,;.!?()]+?)(?=$|[,;.!?()]| (?:when|in|on|for|because|now|these days)\b)",
        _between,
        importance=0.7,
    ),
    form(
        "preference",
        rf"^«who» «adv»(?:like|love|enjoy)s? {_NOTHING}(?P<value>[^,;.!?()]+?) (?:more"
        r"|better) than (?P<other>[^,;.!?()]+?)(?=$|[,;.!?()]| (?:when|in|on|for|because|now|these days)\b)",
        _between,
        importance=0.7,
    ),
    form("preference", rf"^«who» «adv»prefers? {_NOTHING}«value»", _preferred, importance=0.7),
    form("preference", rf"^I would (?:rather|prefer) {_NOTHING}«value»", importance=0.6),
    form(
        "preference",
        rf"^«who» «adv»(?:(?:started|began|came|come|grew|grown|learne?[dt]) to )?(?:{_LIKES}) {_NOTHING}«value»",
        taste_of,
        value=liking,
        importance=0.7,
    ),
    form(
        "preference",
        r"^«who» (?:am|is|have been|has been) «adv»(?:on|following|doing) (?:an? "
        r"|the )?(?P<value>(?!(?:an?|the) )[\w-]+) diet\b",
        "diet of {who}",
        importance=0.8,
    ),
    form(
        "preference",
        r"^«who» (?:have |has )?(?:gave|given) up (?!on\b|my\b)(?:eating |drinking |smoking |using )?«value»",
        taste_of,
        value="disliked",
        importance=0.7,
    ),
    form(
        "preference",
        r"^«who» (?:have |has )?(?:stopped|quit|gave up|given up) (?P<value>(?:eating|drinking|smoking"
        r"|using|watching|playing) ?.*?)«over»",
        importance=0.7,
    ),
    form(
        "preference",
        r"^«who» (?:usually|always|normally|never|often|rarely|typically|generally"
        r"|hardly ever) (?!(?:been|thought|knew|wanted|had|heard|seen)\b)(?P<value>\w+.*)$",
        importance=0.6,
    ),
    form(
        "preference",
        r"^«who» (?P<value>\w+ .*\b(?:every (?:day|morning|evening|night|week|weekend|month|year|spring"
        r"|summer|autumn|winter|\w+day)|once a|twice a|(?:two|three|four) times a|on (?:mon|tues|wednes"
        r"|thurs|fri|satur|sun)days|daily|weekly)\b.*)$",
        importance=0.6,
    ),
)
