"""From "I" to a name: English statements in the first person, retold in the third."""

from __future__ import annotations

import re
from typing import Final

from contextkit.rank.irregular import IRREGULAR

_CONTRACTED: Final = {
    r"\b(?:I'm|i'm)\b": "I am",
    r"\b(?:I've|i've)\b": "I have",
    r"\b(?:I'll|i'll)\b": "I will",
    r"\b(?:I'd|i'd)\b(?= (?:been|had|gone|done|\w+ed\b))": "I had",
    r"\b(?:I'd|i'd)\b": "I would",
    r"\b([Ww]e)'re\b": r"\1 are",
    r"\b([Ww]e)'ve\b": r"\1 have",
    r"\b([Ww]e|[Tt]hey|[Ss]he|[Hh]e|[Ii]t|[Yy]ou)'ll\b": r"\1 will",
    r"\b([Yy]ou|[Tt]hey)'re\b": r"\1 are",
    r"\b([Yy]ou|[Tt]hey)'ve\b": r"\1 have",
    r"\b([Hh]e|[Ss]he|[Ii]t)'s\b(?= (?:been|got|had|gone|become|moved|started|joined))": r"\1 has",
    r"\b([Hh]e|[Ss]he|[Ii]t|[Tt]hat|[Tt]here|name|names|birthday|favou?rite)'s\b": r"\1 is",
    r"\b([Ll])et's\b": r"\1et us",
    r"\b[Cc]an't\b": "can not",
    r"\b([Ww])on't\b": r"\1ill not",
    r"\b([Dd]o|[Dd]oes|[Dd]id|[Ii]s|[Aa]re|[Ww]as|[Ww]ere|[Hh]as|[Hh]ave|[Hh]ad|[Cc]ould|[Ww]ould"
    r"|[Ss]hould)n't\b": r"\1 not",
}
_CARELESS: Final = {
    r"\b(?:im|Im)\b(?! not sure)": "I am",
    r"\b(?:ive|Ive)\b": "I have",
    r"\bi\b(?!\.)": "I",
    r"\b(?:[Cc]annot|cant)\b": "can not",
    r"\bdont\b": "do not",
    r"\bdidnt\b": "did not",
    r"\bdoesnt\b": "does not",
    r"\b(?:gonna)\b": "going to",
    r"\b(?:wanna)\b": "want to",
    r"\b([Ff])avorite": r"\1avourite",
}
_EXPANSIONS, _SPELLINGS = (
    tuple((re.compile(short), long) for short, long in each.items()) for each in (_CONTRACTED, _CARELESS)
)

_ADVERB: Final = (
    r"(?:(?:really|also|usually|always|never|often|just|currently|now|still|recently|absolutely"
    r"|actually|only|already|sometimes|finally|normally|generally|mostly|mainly|kind of|sort of"
    r"|both|especially|particularly|personally|rarely|hardly(?: ever)?|no longer|seldom|typically|truly"
    r"|definitely|officially|originally|quite|even|not) )*"
)
_MODALS: Final = frozenset(
    ["can", "could", "will", "would", "shall", "should", "may", "might", "must", "had", "did", "was", "used", "ought"]
)
_NO_VERBS: Final = re.compile(
    r"mice|geese|men|women|children|people|feet|teeth|wives|knives|leaves|better|best|worse|worst"
)
_PAST: Final = frozenset(form for form in IRREGULAR if not _NO_VERBS.fullmatch(form))
_PREFIX: Final = re.compile(r"^(?:out|over|under|mis|fore|with|re)(?=\w{3})")
"""What stands before a verb that is irregular with it, too: outgrew, overslept, rebuilt."""

_UNCHANGED: Final = frozenset(("read", "put", "cut", "set", "hit", "let", "quit", "hurt", "cost", "bet"))
"""Verbs whose past looks like their present; a story more often tells of the past."""

_I_VERB: Final = re.compile(rf"\bI (?P<adverbs>{_ADVERB})(?P<verb>[a-z]+)\b")
_AND_I: Final = re.compile(
    r"^(?P<others>(?!(?:I|[Yy]ou|[Ww]e|[Hh]e|[Ss]he|[Tt]hey|[Ii]t)\b)(?:[\w']+ ){1,4})and I (?P<verb>[a-z]+)\b"
)
"""Two who do something together: "my sister and I have" keeps its plural."""

_OWN: Final = re.compile(r"(\bI\b[^,;:]*?\b)[Mm]y\b")
_NOT_VERBS: Final = frozenset(["and", "or", "with", "from", "in", "at", "to", "for", "on", "of"])


_FIRST_PERSON: Final = tuple(
    (re.compile(said), told)
    for said, told in {
        r"\bam I\b": "is {}",
        r"\bI\b(?!\.)": "{}",
        r"\b[Mm]yself\b": "themself",
        r"\b(?:[Mm]y(?: own)?|[Mm]ine)\b": "{}'s",
        r"\bme\b": "{}",
        r"\b[Ww]e\b": "{} and others",
        r"\b[Oo]urs?\b": "{}'s",
        r"\bus\b": "{} and others",
    }.items()
)
_SECOND_PERSON: Final = tuple(
    (re.compile(said), told)
    for said, told in {
        r"\b[Yy]ou are\b": "{} is",
        r"\b[Yy]ou have\b": "{} has",
        r"\b[Yy]ours?\b": "{}'s",
        r"\b[Yy]ou\b": "{}",
    }.items()
)


def expanded(text: str) -> str:
    """The text without contractions and curly quotes, as the rules read it."""
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    for short, full in (*_EXPANSIONS, *_SPELLINGS) if "'" in text else _SPELLINGS:
        text = short.sub(full, text)
    return text


def retold(clause: str, speaker: str, listener: str = "") -> str:
    """A clause in the first person, told of its speaker: a sentence that stands on its own.

    `speaker` is a name or "the user"; `listener` is who "you" is, left as it stands where nobody
    knows. Contractions must have been expanded.
    """
    clause = _AND_I.sub(lambda match: f"{match['others']}and {speaker} {match['verb']}", clause)
    clause = _OWN.sub(r"\1their", clause)
    clause = _I_VERB.sub(lambda match: _he_verb(match, speaker), clause)
    for said, told in _FIRST_PERSON:
        clause = said.sub(told.replace("{}", literal(speaker)), clause)
    for said, told in _SECOND_PERSON if listener else ():
        clause = said.sub(told.replace("{}", literal(listener)), clause)
    return as_sentence(clause)


def literal(name: str) -> str:
    r"""A name as it is told to `re.sub`: that of CORP\quinn is no escape."""
    return name.replace("\\", r"\\")


def as_sentence(clause: str) -> str:
    """The clause with a capital at its beginning and a full stop at its end."""
    clause = " ".join(clause.split()).strip(" ,;:-–—")
    ended = clause if clause.endswith((".", "!", "。", "！")) else clause + "."
    return ended[:1].upper() + ended[1:]


def _he_verb(match: re.Match[str], speaker: str) -> str:
    return f"{speaker} {match['adverbs']}{third_person(match['verb'], match['adverbs'])}"


def _bare(verb: str) -> str:
    """An irregular verb without its prefix; any other as it is."""
    return verb if verb in _PAST else _PREFIX.sub("", verb)


def third_person(verb: str, adverbs: str = "") -> str:
    """The verb as it stands after "she": lives, has, does; a past or a modal stays as it is."""
    if verb in ("am", "have", "do"):
        return {"am": "is", "have": "has", "do": "does"}[verb]
    past = (
        verb in _MODALS
        or _bare(verb) in _PAST
        or verb in _UNCHANGED
        or (verb.endswith("ed") and verb not in ("need", "feed"))
    )
    if past or verb in _NOT_VERBS or adverbs.endswith("not "):
        return verb
    if re.search(r"(?:s|x|z|ch|sh|o)$", verb):
        return verb + "es"
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"


def root(verb: str) -> str:
    """What the forms of a regular verb have in common: tak of take and taking, stud of studies."""
    bare = re.sub(r"(?:ing|ies|es|s|e|y)$", "", verb)
    return bare[:-1] if re.search(r"([bdfgklmnprt])\1$", bare) else bare


_FINISHED: Final = _PAST - {"been", "am", "is", "are", "read", "put", "set", "let"} | {
    "was",
    "were",
    "did",
    "had",
    "quit",
    "hurt",
}
_NO_PAST: Final = frozenset(
    [
        "need",
        "feed",
        "bed",
        "red",
        "wed",
        "med",
        "used",
        "scheduled",
        "based",
        "supposed",
        "married",
        "engaged",
        "excited",
        "interested",
        "tired",
        "worried",
        "called",
        "named",
        "allergic",
    ]
)
"""Words in -ed that tell of no past by themselves."""

_AHEAD: Final = re.compile(
    r"\b(?:moved|rescheduled|postponed|pushed|changed|booked|scheduled|planned|arranged|reserved"
    r"|tickets|signed up|registered|invited|due|set up)\b|\b(?:will|going to|is|are|am|gets?) (?!\w+ed\b)"
)
"""What puts the days that follow in the future, though a verb of the clause is past: "they moved it to Friday"."""

_MOVED_HOUSE: Final = re.compile(r"\b(?:moved|relocated)\b.*\b(?:last|ago|yesterday|in)\b")


_WANTS: Final = re.compile(r"^(?:I|[Ww]e)(?: \w+ly| still| also| just)? (?:want|need|would like|prefer|expect|hope)\b")
"""What makes a wish of a clause, whatever is to be done by then: "I need it repaired by Friday"."""

_SUBJECT: Final = re.compile(r"\b(?:I|[Ww]e|[Hh]e|[Ss]he|[Tt]hey)\b")


def is_past(clause: str) -> bool:
    """Whether a clause tells of what has happened, so that its days are behind its speaker."""
    if _WANTS.match(clause) or (_AHEAD.search(clause) and not _MOVED_HOUSE.search(clause)):
        return False
    words = [word.lower() for word in re.findall(r"[A-Za-z']+", clause)[:8]]
    return any(_bare(word) in _FINISHED or (word.endswith("ed") and word not in _NO_PAST) for word in words)


def is_past_at(clause: str, place: int) -> bool:
    """The same of what stands at a place in it: a clause within has a time of its own, "the car I sold in May"."""
    subjects = [match.start() for match in _SUBJECT.finditer(clause, 0, place)]
    return is_past(clause[subjects[-1] : place] if len(subjects) > 1 else clause)


def with_subject(clause: str) -> str:
    """The clause with the "I" that was left out of it: "Lost my job yesterday", "Been to Rome"."""
    first, _, rest = clause.partition(" ")
    verb = first.lower()
    if verb == "been" and rest:
        return f"I have been {rest}"
    began = first[:1].isupper() and verb in _FINISHED - {"did", "had", "was", "were", "left", "given", "known", "stuck"}
    return f"I {verb} {rest}" if began and rest and not rest.startswith(("by ", "of ")) else clause
