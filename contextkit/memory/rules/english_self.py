"""Who somebody is: name, age, home, work, health. Most particular first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contextkit.memory.rules.forms import OCCUPATION, any_of, form
from contextkit.memory.rules.subjects import home_of, origin_of
from contextkit.memory.rules.words import LANGUAGES, NATIONALITIES, NO_NAMES, OCCUPATION_ENDINGS


def _allergic(groups: Mapping[str, str]) -> str:
    return "not allergic" if " not " in groups["clause"] else "allergic"


_UNLIKE_OCCUPATIONS: Final = (
    r"(?:an?|the|my|our|your|of|to|with|for|no|not|big|huge|bit|such|good|great|better|decent|bad|worse|terrible"
    r"|horrible|awful|lousy|keen|avid|only|fellow|former|future|ex|aspiring|wannabe|failed|amateur)\b"
)
"""What stands before an occupation that is somebody else's, or that somebody has not, or only praises themselves by."""

_WORKS_AS_AT: Final = (
    r"^«who» «adv»«works» «adv»as (?:an? |the )?(?P<value>[\w -]+?) (?:at"
    r"|for) (?P<employer>(?!(?:home|night|the moment|a|an|the past|over|about"
    r"|\d)\b)[^,;.!?()]+?)«end»"
)
"""Two facts in one clause, each of which may end without the other."""

_IS_AT: Final = (
    rf"^«who» «adv»(?:am|is) (?P<a>(?:an?|the) |)(?!(?:\w+ ){{0,2}}student\b)"
    rf"(?P<value>(?:(?!{_UNLIKE_OCCUPATIONS})[\w-]+ ){{0,3}}?(?:{OCCUPATION}"
    rf"|\w*(?:{'|'.join(OCCUPATION_ENDINGS)}))) (?:working )?(?:at|for"
    r"|with) (?P<employer>(?:the )?[A-Z][^,;.!?()]*?)"
    r"(?:«end»|(?= in [A-Z]))"
)

SELF: Final = (
    form(
        "profile",
        r"^[Mm]y (?:full )?name is (?P<value>«name»)",
        "name of {who}",
        text="{Who_s} name is {value}.",
        importance=0.9,
    ),
    form(
        "profile",
        rf"^I am (?:called )?(?P<value>(?!(?:{NATIONALITIES}|{any_of(NO_NAMES)})\b|\w+'s |\w+-[a-z])«name»)(?=$|[,;.!]"
        r"| (?:from|and|by the way)\b)",
        "name of {who}",
        text="{Who_s} name is {value}.",
        importance=0.9,
    ),
    form(
        "profile",
        r"^(?:(?:[Yy]ou can|[Pp]lease|just|[Ee]veryone|[Ee]verybody|[Pp]eople|[Ff]riends|[Tt]hey"
        r"|[Mm]y friends) )*(?:[Dd]o not call me [A-Z]\w+,? (?:but "
        r"|please )?)?[Cc]alls? me (?P<value>«name»)",
        "preferred name of {who}",
        text="{Who} wants to be called {value}.",
        importance=0.9,
    ),
    form(
        "profile",
        r"^I (?:go by|prefer to be called) (?P<value>«name»)",
        "preferred name of {who}",
        text="{Who} wants to be called {value}.",
        importance=0.9,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:am|is|turned) «adv»(?P<value>[1-9]\d{0,2})(?: years old)?(?=$|[,;!]|\.(?!\d)| (?:now|years"
        r"|and|on|in(?! \d)|last|this)\b)",
        "age of {who}",
    ),
    form(
        "profile",
        r"^(?:«who»|[Mm]y) (?:was|is) born (?:on|in) (?P<value>.+?)(?=$| and )",
        "birth of {who}",
        importance=0.7,
    ),
    form(
        "profile",
        r"^«beside»«who» «adv»(?:live|lives|(?:am|is|been) living|am based|is based|reside|resides) «adv»(?:in|at"
        r"|on(?= [A-Z\d])) (?:(?:an?|my|our|the) [\w' ]+? in )?(?!(?:an?|my|our|peace|fear|hope|denial"
        r"|poverty|luxury|the (?![A-Z]))\b)«place»",
        home_of,
        importance=0.8,
    ),
    form(
        "profile",
        r"^«beside»«who» (?:have|has) «adv»lived in (?!(?:an?|my|our|the (?![A-Z]))\b)«place» (?:for|since)\b",
        home_of,
        importance=0.8,
    ),
    form(
        "profile",
        r"^«who» (?:have|has) «adv»worked (?:at|for) (?!(?:an?|my|our|the (?![A-Z]))\b)«place» (?:for|since)\b",
        "employer of {who}",
        importance=0.8,
    ),
    form(
        "profile",
        r"^«beside»«who» «adv»(?:moved|relocated) «adv»(?:back |over "
        r"|out )?(?:here )?(?:from [\w ]+? )?to (?!(?:an?|my|our|the|another)\b)«place»",
        home_of,
        importance=0.8,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:am|is|come|comes) «adv»from (?!(?:an?|my|our|this|that|now|here|there"
        r"|the (?![A-Z]))\b)«place»",
        origin_of,
        importance=0.7,
    ),
    form("profile", r"^«who» «adv»grew up in «place»", "childhood home of {who}"),
    form(
        "profile",
        _WORKS_AS_AT,
        "occupation of {who}",
        text="{Who} works as {a_value}.",
        importance=0.8,
    ),
    form(
        "profile",
        rf"{_WORKS_AS_AT}(?P<tail>.*)",
        "employer of {who}",
        value="{employer}",
        text="{Who} works at {employer} {tail}",
        importance=0.8,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:«works»|started(?: working| an? (?:new )?job)?|starts?|(?:got|found) an? (?:new )?job|ha(?:s"
        r"|ve) a job|(?:accept|t)(?:ed|ook) a job) «adv»(?:as (?:an? |the )?[\w -]+? )?(?:at|for"
        r"|by) (?!(?:home|night|nights|the moment|a while|least|free|fun|money|myself|an?|my|our"
        r"|the (?:past|last|moment|gym)|over|about|\d+|five|six|seven|eight|nine|ten|noon)\b)«place»",
        "employer of {who}",
        importance=0.8,
    ),
    form("profile", r"^«who» «adv»left «name» for (?P<value>«name»)", "employer of {who}", importance=0.8),
    form("profile", r"^«who» «adv»joined (?P<value>«name») as\b", "employer of {who}", importance=0.8),
    form("profile", _IS_AT, "occupation of {who}", text="{Who} is {a} {value}.", importance=0.8),
    form(
        "profile",
        rf"{_IS_AT}(?P<tail>.*)",
        "employer of {who}",
        value="{employer}",
        text="{Who} works at {employer} {tail}",
        importance=0.8,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:«works» «adv»(?:[\w-]+ )?as|am|is|became|got promoted to|was promoted to) «adv»(?:as )?(?:an? "
        rf"|the )?(?P<value>(?:(?!{_UNLIKE_OCCUPATIONS})[\w-]+ ){{0,3}}?"
        rf"(?:{OCCUPATION}|\w*(?:{'|'.join(OCCUPATION_ENDINGS)})))(?=$|[,;.!]| (?:working|at|for|in|and|by|now|with"
        r"|who|since|but|here|from|of|specialising|specializing)\b)",
        "occupation of {who}",
        importance=0.8,
    ),
    form("profile", r"^«who» «adv»(?:work|works) as (?:an? )?«value»", "occupation of {who}", importance=0.8),
    form(
        "profile",
        r"^«who» «adv»(?:study|studies|am studying|is studying|major in"
        r"|am majoring in) (?!(?:for|at|in|on|with|hard|abroad|how|it|this|that)\b)«value»",
        "studies of {who}",
        importance=0.7,
    ),
    form(
        "profile",
        r"^«beside»«who» «adv»(?:am|are|is|got|became) «adv»(?P<value>single|married|engaged|divorced|widowed"
        r"|separated)(?=$|[,;.!]| (?:now|again|since|on|in (?:\d+|[A-Z]\w+)|last|and|but|to [A-Z]\w*)\b)",
        "marital status of {who}",
        importance=0.7,
    ),
    form(
        "relation",
        r"^I (?:am|got) (?:married|engaged) to (?:my \w+ )?(?P<value>«name»)",
        "spouse of {who}",
        importance=0.7,
    ),
    form(
        "preference",
        r"^«who» «adv»(?:am|is|been|became|went|turned) «adv»(?:an? )?(?:strict "
        r"|lifelong )?(?P<value>vegetarian|vegan|pescatarian|flexitarian)\b",
        "diet of {who}",
        importance=0.8,
    ),
    form(
        "preference",
        r"^«who» «adv»(?:am|is|been|became|went|turned) «adv»(?P<value>halal|kosher|gluten[- ]free|(?:lactose|gluten)"
        r"[- ]intolerant)\b",
        "{value} diet of {who}",  # a vegan may be so, too
        importance=0.8,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:am|is) (?:not )?«adv»(?:\w+ly |very )?allergic to «value»",
        "allergy of {who} to {value}",
        value=_allergic,
        importance=0.95,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:have|has) an? (?:\w+ )?(?P<value>[\w ]+?) allergy",
        "allergy of {who} to {value}",
        value=_allergic,
        importance=0.95,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:am|is) (?P<value>(?:\w+ )?(?:deaf|blind|diabetic|asthmatic|epileptic"
        r"|colou?r-?blind|left-handed|pregnant|autistic|dyslexic|an(?:a)?emic)\b.*)",
        importance=0.9,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:have|has|suffer from|suffers from"
        r"|was diagnosed with) (?P<value>(?:type \d )?(?:diabetes|asthma|epilepsy|migraines?"
        r"|celiac disease|coeliac disease|adhd|ADHD|arthritis|anxiety|depression|high blood pressure"
        r"|insomnia|anaemia|anemia))",
        importance=0.9,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:speak|speaks|am learning|is learning|am fluent in"
        rf"|is fluent in) (?:\w+ )?(?:{LANGUAGES})\b",
    ),
)
