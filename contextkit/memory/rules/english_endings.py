"""What is over. A clause may say so of several things, and of what nobody knew of."""

from __future__ import annotations

import re
from typing import Final

from contextkit.memory.rules.english_tastes import liking
from contextkit.memory.rules.forms import PET, RELATION, any_of, form
from contextkit.memory.rules.subjects import dated, home_of, state, studied, taste_of
from contextkit.memory.rules.words import NO_NAMES, PARTNERS, SINGLE_RELATIONS

OVER: Final = re.compile(
    r"\b(?:quit|left|leave|resigned|lost|fired|laid off|let go|retired|unemployed|broken? up|split(?: up)?|separated"
    r"|divorced?|widowed|together|ex|ex-\w+|used to|not|died|dead|passed|put|killed|sold|gave|give|given|got rid"
    r"|returned|traded|scrapped|donated|cancell?ed|unsubscribed|called off|boyfriend|girlfriend|fiancée?|switched"
    r"|changed|stolen|total?led|stopped|done|finished|completed|graduated|handed|submitted|published|launched|ran"
    r"|dropped|ended|over|gone|off|new)\b"
)
"""A word that every form below has, so that most clauses are read for none of them."""

NO_NEWS: Final = 0.0
"""Importance of a form that is no news where nothing is known that it ends: "I finished dinner"."""

QUIT_WHAT: Final = re.compile(r"^(?:I|[Ww]e) (?:\w+ )?quit$")
"""What is quit is told by the question before it, where there is one."""

_GONE: Final = state("belonging")
_DONE: Final = state("undertaking")
_HABIT: Final = state("habit")
_CLUB: Final = (
    "club|band|choir|team|group|gym|party|course|class|classes|lessons|school|church|society|association|union|program"
    "|programme|orchestra|league|board|committee|project"
)
_PARTNER: Final = tuple(f"name of {{who}}'s {one}" for one in sorted(PARTNERS))
_SPOUSE: Final = ("name of {who}'s wife", "name of {who}'s husband", "name of {who}'s spouse", "spouse of {who}")
_DIED: Final = (
    r"«adv»(?:died|dead|passed away|(?:was |been |be )*(?:put (?:down|to sleep)|killed))(?=$|[,;.]| «from»| peacefully)"
)
_NAMED_DIED: Final = rf"^(?P<value>(?!(?:{any_of(NO_NAMES)})\b)«name») (?:has |is |had to be )*{_DIED}"
_CALLED_OFF: Final = r"^(?:I|[Ww]e) «adv»called off (?:the|our|my) engagement\b"
_TWO: Final = (
    r"^(?:(?:[Mm]y|[Oo]ur) (?:\w+ )??(?P<value>«name»)? ?and I|(?P<other>«name») and I|I|[Ww]e)"
    r" «adv»(?:am |is |are |got |have been |have gotten )?«adv»"
)

ENDINGS: Final = (
    form(
        "profile",
        r"^«who» «adv»(?:quit|left|resigned from|lost|was (?:fired|laid off) from|got (?:fired"
        r"|laid off) from|retired from) (?:my job(?: at| with)?|(?:his|her) job(?: at)?"
        r"|work at) ?(?P<value>[A-Z][^,;.!?()]*?)?«end»",
        "employer of {who}",
        ends=True,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:quit|left|resigned from|retired from|(?:was|got) (?:fired|laid off|let go)"
        r" from) (?P<value>[A-Z][^,;.!?()]*?)"
        r"(?: for [A-Z].*| to (?:start|found|join|become|study|work|go|focus)\b.*|«end»)",
        "employer of {who}",
        ends=True,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:retired|got fired|was fired|was laid off|got laid off|am retired|is retired"
        r"|am unemployed|resigned)(?=$|[,;.]| (?:on|in|last|today|now)\b)",
        "employer of {who}",
        ends=True,
    ),
    form(
        "profile",
        r"^«who» «adv»quit(?=$|[,;.]| (?:on (?:\d+|the weekend)|in the week|today)\b)",
        "employer of {who}",
        ends=True,
    ),
    form(
        "relation",
        rf"{_TWO}(?:broke up|broken up|split up|split|separated|no longer together|not together)"
        r"(?: with (?:my \w+ )?(?P<with>«name»)?)?«wholly»",
        "name of {who}'s partner",
        value="{value}{other}{with}",
        ends=True,
        also=(*_PARTNER, *_SPOUSE, "partner of {who}"),
    ),
    form(
        "relation",
        rf"{_TWO}(?:divorced?|widowed)(?=$|[,;.]| (?:from|now|since|last|in|on|again)\b)",
        "name of {who}'s wife",
        value="{value}{other}",
        ends=True,
        also=_SPOUSE[1:],
    ),
    form(
        "relation",
        r"^«who» «adv»(?:have|has|got) an? (?:\w+ )?(?:boyfriend|girlfriend|fiancée?)\b",
        "marital status of {who}",
        value="single",
        ends=True,
        importance=NO_NEWS,
    ),
    form(
        "relation",
        _CALLED_OFF,
        "marital status of {who}",
        value="engaged",
        ends=True,
    ),
    form(
        "relation",
        _CALLED_OFF,
        "name of {who}'s fiancé",
        value="",
        ends=True,
        also=("name of {who}'s fiancée", "name of {who}'s fiance", "name of {who}'s fiancee"),
    ),
    form(
        "relation",
        r"^(?:[Mm]y|[Oo]ur) ex(?:[ -](?P<what>wife|husband|girlfriend|boyfriend|partner))?,? (?P<value>«name»)",
        "name of {who}'s {what}",
        ends=True,
    ),
    form(
        "relation",
        rf"^(?:[Mm]y|[Oo]ur) (?P<what>{RELATION}),? ?(?P<value>«name»)?,? (?:has |is |had to be )*{_DIED}",
        "name of {who}'s {what}",
        ends=True,
        also=(state("belonging", "{value} {what}"), state("belonging", "{what}"), "home city of {who}'s {what}"),
    ),
    form(
        "relation",
        _NAMED_DIED,
        state("belonging", "{value}"),
        value="",
        ends=True,
    ),
    form(
        "relation",
        _NAMED_DIED,
        "name of {who}'s wife",
        ends=True,
        also=(*_SPOUSE[1:3], *_PARTNER),
    ),
    form(
        "relation",
        rf"^(?:I|[Ww]e) (?:had to )?(?:put|gave|give) (?:(?:my|our) )?(?P<thing>(?:{PET})|(?:(?:{PET}) )?«name»)"
        r"(?:,? (?:to sleep|down|up for adoption|away)«wholly»"
        r"| to (?:an?|my|our|the|[A-Z])(?!.* for (?:\d|an?|the)\b))",
        _GONE,
        value="",
        ends=True,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:sold|gave away|got rid of|gotten rid of|returned|traded in|scrapped|donated"
        r"|cancelled|canceled|unsubscribed from) «thing»«wholly»",
        _GONE,
        value="",
        ends=True,
        also=("{thing} of {who}",),
    ),
    form("profile", r"^«who» «adv»(?:switched|changed) from «thing»(?= to\b)", _GONE, value="", ends=True),
    form(
        "profile",
        r"^(?:[Mm]y|[Oo]ur) «thing» (?:was|got|has been|is) (?:stolen|total?led|scrapped|sold)\b",
        _GONE,
        value="",
        ends=True,
        also=("{thing} of {who}",),
    ),
    form(
        "preference",
        r"^«who» «adv»(?:stopped|quit|gave up|given up|done) (?P<verb>[a-z]+ing)(?: (?:about|as|at|for|in|on|to|with))*"
        r" «thing»«wholly»",
        _HABIT,
        value="{verb}",
        ends=True,
        importance=NO_NEWS,
        also=(_DONE, _GONE),
    ),
    form(
        "preference",
        r"^«who» «adv»(?:finished|completed|graduated from|handed in|submitted|published|launched|ran) «thing»«wholly»",
        _DONE,
        value="",
        ends=True,
        importance=NO_NEWS,
        also=(studied,),
    ),
    form(
        "preference",
        r"^«who» «adv»(?:(?:quit|dropped out of|gave up|given up)(?: on)? «thing»"
        rf"|left (?:the|my|our) (?P<club>(?:\w+ ){{0,3}}?(?:{_CLUB})))«wholly»",
        state("belonging", "{thing}{club}"),
        value="",
        ends=True,
        importance=NO_NEWS,
        also=(state("habit", "{thing}{club}"), state("undertaking", "{thing}{club}"), studied),
    ),
    form("profile", r"^«who» «adv»(?P<thing>graduated|dropped out)«wholly»", studied, value="", ends=True),
    form(
        "preference",
        r"^(?:[Mm]y|[Oo]ur|[Tt]he) «thing» (?:has ended|ended|is (?:over|finished|done|gone))$",
        _HABIT,
        value="",
        ends=True,
        importance=NO_NEWS,
        also=(_DONE, _GONE),
    ),
    form(
        "relation",
        rf"^(?:I|[Ww]e) (?:have|got|have got) an? new (?P<what>{any_of(SINGLE_RELATIONS)})$",
        "name of {who}'s {what}",
        value="",
        ends=True,
    ),
    form("profile", r"^«who» «adv»used to live in «value»", home_of, ends=True),
    form("profile", r"^«who» (?:do|does) not live in (?P<value>«name»)$", home_of, ends=True),
    form("profile", r"^«who» «adv»used to work (?:at|for) «value»", "employer of {who}", ends=True),
    form("profile", r"^«who» (?:do|does) not work (?:at|for) (?P<value>«name»)$", "employer of {who}", ends=True),
    form(
        "preference",
        r"^«who» «adv»used to (?:like|love|enjoy|adore|hate|dislike) «value»",
        taste_of,
        value=liking,
        ends=True,
    ),
    form(
        "preference",
        r"^«who» «adv»(?:am|is) not (?:an? )?(?P<value>vegetarian|vegan|pescatarian)(?: any ?more|$)",
        "diet of {who}",
        ends=True,
    ),
    form(
        "plan",
        r"^(?:[Mm]y|[Oo]ur|[Tt]he) «np» is off$",
        dated,
        ends=True,
    ),
)
