"""What English statements are about, in one spelling each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from contextkit.memory.rules.words import COUNTRIES, PRODUCTS, SINGLE
from contextkit.memory.subject import STATE
from contextkit.rank.terms import terms

_FOR_NOW: Final = re.compile(
    r"\b(?:based|lives?|living|resid\w+)\b.*\b(?:in the week of|on the weekend of|until \d"
    r"|for (?:an?|the|two|three|a few|\d+) (?:days?|weeks?|months?|weekend|summer|winter))\b"
)
"""Where somebody only stays for a while."""

_AS_A_CHILD: Final = re.compile(
    r"\bwhen (?:I|we) (?:was|were) (?:(?:an? )?(?:little|young|small|bab(?:y|ies)|child(?:ren)?|kids?|boys?|girls?"
    r"|teen\w*|toddlers?)|(?:[1-9]|1[0-7]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|(?:thir|four|fif|six|seven)teen)(?! (?:weeks|months)))\b"
    r"|\bas (?:an? )?(?:little |young |small )?(?:bab(?:y|ies)|child(?:ren)?|kids?|boy|girl|teen\w*|toddler)\b"
)
"""Where a family moved to once; whether it is there still, nobody says."""

_LONG_AGO: Final = re.compile(r"\b(?:moved|relocated)\b.* in (?:19|20)\d\d\b")
"""Where somebody moved in a year of which no month is told; another home may have come since."""

_MOVED_ON: Final = re.compile(r"(?:,|\band|\bbut)(?: (?:and|but))? (?:then|later|to|came|went|moved|returned|back)\b")
"""Where somebody who moved somewhere went next."""

_IN_PART: Final = re.compile(r"\b(?:(?:half|part|most) of the|during|on (?:weekdays|weekends))\b")
"""Where somebody lives who lives elsewhere, too."""

_MOVED: Final = re.compile(r"\b(?:moved|relocated)\b")
_LEAST_DIGITS: Final = 5
"""Digits that a telephone number has at least."""


_UNLIKE_PLACES: Final = re.compile(r"^\w*\d|^\w*[a-z]{2}[A-Z]|^[a-z][A-Z]")
"""Days and versions, and what is spelled as products are: GraphQL, gRPC. McAllen is a place."""


_OF_COMPANIES: Final = re.compile(
    r" (?:plan|tier|team|department|support|sales|edition|mode|version|branch|account|ltd|inc|gmbh)$", re.IGNORECASE
)
"""How the names of what customers and colleagues belong to end."""


def may_be_place(value: str) -> bool:
    """Whether a value may name a place: one that teams move to as well, a product or a day, does not."""
    first = re.split(r"[^\w]", value.lower())[0]
    return not (first in PRODUCTS or _UNLIKE_PLACES.match(value) or _OF_COMPANIES.search(value) or " or " in value)


_STREET: Final = re.compile(
    r"\b(?:Street|St|Avenue|Ave|Road|Rd|Lane|Drive|Boulevard|Blvd|Square|Court|Terrace|Crescent"
    r"|\w+(?:straat|laan|stra(?:ss|ß)e|weg|gata|gade))\b\.?(?: \d+[a-z]?)?$|^(?:Rue|Avenue|Calle|Via|Rua|Plaza) [A-Zd]"
)
"""How the name of a street, with or without a number, is told from that of a town: St. Louis is one."""


def is_place(groups: Mapping[str, str]) -> bool:
    """Whether the value is written like a place: with a capital, unless its writer uses none."""
    if not may_be_place(groups["value"]):
        return False
    lower = groups["value"][:1].islower() and groups["value"].lower() not in COUNTRIES
    if lower and _MOVED.search(groups["clause"]):
        return False  # to dark mode, to production
    return not lower or not re.search(r"[A-Z]", re.sub(r"\bI\b", "", groups["clause"]))


def origin_of(groups: Mapping[str, str]) -> str:
    """Where somebody comes from."""
    return f"origin of {groups['who']}" if is_place(groups) else ""


def home_of(groups: Mapping[str, str]) -> str:
    """Country and city are values of two subjects: somebody who lives in Porto also lives in Portugal."""
    clause, street = groups["clause"], _STREET.search(groups["value"])
    if not (street or is_place(groups)) or any(
        one.search(clause) for one in (_FOR_NOW, _IN_PART, _AS_A_CHILD, _LONG_AGO)
    ):
        return ""
    if _MOVED.search(clause) and _MOVED_ON.search(clause.partition(groups["value"])[2]):
        return ""
    if street:
        return f"address of {groups['who']}"
    country = groups["value"].lower().strip() in COUNTRIES
    return f"home {'country' if country else 'city'} of {groups['who']}"


def spelled(what: str) -> str:
    """One spelling of what a subject is about: colour, movie, all-time favourites and current numbers alike."""
    what = re.sub(r"^(?:new|current|actual|own|very|all[- ]time|absolute|main|personal|total) ", "", what.lower())
    return what.replace("favorite", "favourite").replace("color", "colour").replace("e-mail", "email")


SYNONYMS: Final = {
    "phone": "phone number",
    "mobile": "phone number",
    "mobile number": "phone number",
    "number": "phone number",
    "email address": "email",
    "home address": "address",
    "date of birth": "birthday",
    "birth date": "birthday",
    "full name": "name",
    "nickname": "preferred name",
    "job": "occupation",
    "job title": "occupation",
    "title": "occupation",
    "profession": "occupation",
    "company": "employer",
    "workplace": "employer",
    "home town": "origin",
    "hometown": "origin",
    "timezone": "time zone",
}
"""Other words for the subjects that further rules fill."""


def possession(groups: Mapping[str, str]) -> str:
    what = spelled(groups["what"] or groups.get("new", ""))
    told = SYNONYMS.get(what, what)
    if told == "phone number" and len(re.findall(r"\d", groups["value"])) < _LEAST_DIGITS:
        return ""  # "my phone is 5 years old"
    if told != "age" and groups["value"].endswith(" old"):
        return ""
    return f"{told} of {groups['who']}"


def taste_of(groups: Mapping[str, str]) -> str:
    """What somebody likes or does not: hiking, to hike and the hike are one."""
    value = re.sub(r"^(?:to |the |a |an |my )+|ing$", "", spelled(groups["value"]))
    return f"taste of {groups['who']} for {value}"


def subjects_of(what: str, who: str) -> tuple[str, ...]:
    """The subjects that "my …" may mean, for whoever asks to forget it."""
    plain = spelled(what)
    told = SYNONYMS.get(plain, plain)
    also = {"occupation": ("employer",), "address": ("home city",), "home": ("home city", "address")}.get(told, ())
    mine = tuple(f"{one} of {who}" for one in (told, *also))
    if told in SINGLE or told.startswith(("favourite", "preferred", "home")):
        return mine
    things = (state(kind)({"thing": plain, "who": who}) for kind in ("belonging", "habit", "undertaking"))
    return (*mine, f"date of {who}'s {plain}", f"taste of {who} for {plain}", f"name of {who}'s {plain}", *things)


def dated(groups: Mapping[str, str]) -> str:
    what = spelled(re.sub(r"^(?:an?|my|our|the|another) ", "", groups["what"]))
    what = re.sub(r" (?:date|deadline)$", lambda match: " deadline" * ("deadline" in match[0]), what)
    return f"date of {groups['owner']}'s {what}"


def chosen(groups: Mapping[str, str]) -> str:
    what = re.sub(r"^(?:the|my|our|a|an) ", "", groups.get("what", "").lower())
    return f"choice of {groups['owner']} for {what}" if what else ""


def state(
    kind: Literal["belonging", "undertaking", "habit"], thing: str = "{thing}"
) -> Callable[[Mapping[str, str]], str]:
    """Something that goes on, by what it is: a course that somebody takes, in whatever number and with any article."""

    def subject(groups: Mapping[str, str]) -> str:
        words = terms(thing.format_map(groups))
        return f"{' '.join(words)}{STATE}{kind} of {groups['who']}" if words else ""

    return subject


_STUDIES: Final = re.compile(
    r"\b(?:degree|studies|phd|doctorate|masters?|bachelors?|mba|school|university|college|uni|graduated|dropped out)$",
    re.IGNORECASE,
)


def studied(groups: Mapping[str, str]) -> str:
    """The studies of somebody who is through with them."""
    return f"studies of {groups['who']}" if _STUDIES.search(groups["thing"]) else ""
