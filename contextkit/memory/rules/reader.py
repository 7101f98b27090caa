"""Reads English statements, one after another, as a listener does who remembers who was spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from contextkit.memory.rules.corrections import FIRST_PERSON, answered, corrected
from contextkit.memory.rules.days import SAID_DATE
from contextkit.memory.rules.english import (
    ANSWER_LANGUAGE,
    APPOSED,
    CALLED,
    FROM_NOW_ON,
    NO_LONGER,
    RULES,
    STANDING,
    TRANSIENT,
)
from contextkit.memory.rules.english_endings import ENDINGS, NO_NEWS, OVER, QUIT_WHAT
from contextkit.memory.rules.english_states import STATES
from contextkit.memory.rules.finding import Finding, Rule, named
from contextkit.memory.rules.scene import Scene
from contextkit.memory.rules.statement import THE_ASSISTANT, Statement
from contextkit.memory.rules.subjects import state, subjects_of
from contextkit.memory.rules.voice import as_sentence, is_past, retold, root
from contextkit.memory.rules.words import ADVISERS, NO_NAMES, PETS, PRONOUNS, SINGLE_RELATIONS, is_relation
from contextkit.memory.secrets import holds_secret
from contextkit.memory.subject import STATE

_POLITE: Final = re.compile(r"^(?:please|can you|could you|would you) ", re.IGNORECASE)
_BEGINS: Final = re.compile(
    r"^(?!(?:he|she|they|it|this|that|these|those|there|his|her|their|its|let us|check|look|see|guess|hope)\b)\w",
    re.IGNORECASE,
)
"""How a statement begins that says of whom it speaks."""

_OPPOSITE: Final = {"liked": "disliked", "disliked": "liked", "allergic": "not allergic", "not allergic": "allergic"}
_PERSON: Final = re.compile(r"^(?:he|she)\b", re.IGNORECASE)
_DANGLING: Final = re.compile(r"\b(?:him|them|(?<!about )it)\b(?! (?:is|was|has|will))")
_DENIES: Final = re.compile(r"\b(?:not|never|nobody|nothing|none)\b")
_MORE: Final = re.compile(
    r"\b(?:also|too|as well|another|second|part-time|sometimes|temporarily|for (?:a|the) (?:weekend|week|few))\b"
)
_INSTEAD: Final = re.compile(
    r"(?:, (?:and |but )?not| but not|,? instead of|,? rather than) (?:(?:in|at|on|for|the|to|by) )*(?P<old>[^,;]+)$"
)
_NAME: Final = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]\w*")
_OTHERS: Final = re.compile(
    r"(?<![.!?] )(?<!\bat )(?<!\bin )(?<!\bto )(?<!\bfrom )(?<!\bfor )(?<!^)\b[A-Z][a-z]\w+|^[A-Z][a-z]+ [A-Z]\w+$"
)
_MINE: Final = re.compile(r"\b(?:[Mm]y|[Oo]ur) [a-z]{3,}")
_TO_FORGET: Final = re.compile(r"^(?:about )?(?:[Mm]y |(?=where I live$|where I work$|the .))(?P<what>[\w' -]+)$")
_WHERE: Final = {"where I live": "home", "where I work": "job"}
_LEAST_NOTE: Final = 5
"""Words of a statement that no rule knows, below which it is talk more often than news."""

_LEAST_PLAIN: Final = 8
"""Words that such a statement needs where it names neither day, number, person nor possession."""


def read(statement: Statement, scene: Scene) -> list[Finding]:
    """What the statement says; the scene takes note of it."""
    if holds_secret(statement.text):
        return []
    found = [one for one in _read(_spoken_of(statement, scene), scene) if _stands(one, statement)]
    if any(name not in scene.last_person for name in _OTHERS.findall(statement.text)):
        scene.speak_of("")  # somebody else was named: from here on "she" may be either
    for finding in found:
        scene.note(statement, finding)
    return found


def _stands(finding: Finding, statement: Statement) -> bool:
    """Whether a finding can be understood by itself: what is only said of an "it" cannot."""
    loose = finding.kind in ("preference", "plan", "event", "note") and not statement.remember
    loose = loose and (not finding.subject or STATE in finding.subject)
    return not (loose and _DANGLING.search(statement.text) and not _particular(statement.text))


def _particular(text: str) -> bool:
    """Whether a text names a day, a number, a person, a place, or something of one's own."""
    return any(named.search(text) for named in (SAID_DATE, _NAME, _MINE))


def _spoken_of(statement: Statement, scene: Scene) -> Statement:
    """The statement with the person in place of "she", where one was spoken of."""
    pronoun = _PERSON.match(statement.text)
    person = pronoun and scene.means(pronoun[0])
    return replace(statement, text=_PERSON.sub(person, statement.text, count=1)) if person else statement


def _read(statement: Statement, scene: Scene) -> Iterator[Finding]:
    if statement.forget:
        yield from _forgotten(statement, scene)
    elif mended := corrected(statement, scene):
        yield from _mended(*mended, scene)
    elif whole := answered(statement):
        yield from _stated(whole, scene)
    elif instruction := _instruction(statement):
        yield instruction
    elif match := NO_LONGER.match(statement.text):
        yield from _over(statement, match, scene)
    else:
        yield from _stated(statement, scene)


def _mended(statement: Statement, before: Finding | None, scene: Scene) -> Iterator[Finding]:
    """What a correction says; what it mends is over where that is another subject: an allergy to something else."""
    found = list(_stated(statement, scene))
    if before is not None and before.subject and before.subject not in [one.subject for one in found]:
        yield replace(before, ends=True)
    yield from found


def _stated(statement: Statement, scene: Scene) -> Iterator[Finding]:
    clause = _INSTEAD.sub("", statement.text)
    if clause != statement.text:
        statement = replace(statement, text=clause)
    over = OVER.search(clause) and not (statement.asked and QUIT_WHAT.match(clause))
    ended = list(_matched(ENDINGS, statement, scene)) if over else []
    found = list(_matched(RULES, statement, scene))
    yield from ended
    if not found and any(one.importance > NO_NEWS for one in ended):
        found = [Finding(kind="event", text=told(statement), importance=0.6)]
    yield from (_going_on(one, statement, scene) for one in found)
    gone = {word for one in ended for word in one.text.split()}
    yield from (one for one in _apposed(statement, scene) if one.value not in gone)
    if not found and (news := _news(statement)):
        yield _going_on(news, statement, scene)


def _going_on(finding: Finding, statement: Statement, scene: Scene) -> Finding:
    """The finding with what it is about, where that goes on until somebody says that it is over."""
    if finding.subject or finding.kind in ("event", "decision", "instruction"):
        return finding
    about = next(_matched(STATES, statement, replace(scene)), finding)  # it tells nobody new of whom "she" would speak
    return replace(finding, subject=about.subject, value=about.said or about.subject.partition(STATE)[0])


def _matched(rules: tuple[Rule, ...], statement: Statement, scene: Scene) -> Iterator[Finding]:
    told_of: set[str] = set()  # of each subject, a clause gives one value: the first that is found in it
    for rule in rules:
        match = rule.match(statement.text)
        groups = match and _groups(match, statement, scene)
        if groups:
            _introduce(rule, groups, statement, scene)
            finding = _finding(rule, groups, statement)
            if finding.subject not in told_of and (finding.subject or not finding.ends):
                yield finding
            if not rule.text and not rule.ends:
                return
            told_of |= {finding.subject} - {""}


def _introduce(rule: Rule, groups: Mapping[str, str], statement: Statement, scene: Scene) -> None:
    """Somebody told by name and relation is known from then on."""
    if rule.kind == "relation" and groups["what"] and groups["value"]:
        scene.call(f"{statement.speaker}'s {groups['what']}", groups["value"])
        scene.speak_of(groups["value"], PRONOUNS.get(groups["what"].split()[-1], ""))


def _groups(match: re.Match[str], statement: Statement, scene: Scene) -> dict[str, str] | None:
    """The groups of a match with the owner's name in place of a pronoun; None where nobody knows whose it is."""
    groups = {name: (value or "").strip() for name, value in match.groupdict().items()}
    who = _owner(groups.get("who") or "I", statement, scene)
    if who is None:
        return None
    value = groups.get("value") or groups.get("date", "")
    return {
        **groups,
        "what": groups.get("what", "")[:1].lower() + groups.get("what", "")[1:],
        "who": who,
        "Who": who[:1].upper() + who[1:],
        "who_s": f"{who}'s",
        "Who_s": f"{who[:1].upper()}{who[1:]}'s",
        "owner": statement.speaker,
        "clause": statement.text,
        "value": value,
        "a_value": f"{'an' if value[:1].lower() in 'aeiou' else 'a'} {value}",
        "verb": root(groups.get("verb", "")),
        "tail": _inner(groups.get("tail", ""), statement.speaker),
    }


def _owner(said: str, statement: Statement, scene: Scene) -> str | None:
    """Whose statement it is: "my sister Lena" is Lena, "my sister" the one who is known or "Ana's sister"."""
    if said in ("I", "We", "we"):
        return statement.speaker
    if said.lower() in ("he", "she"):
        return None
    if said.lower().startswith("my "):
        relation, name = _relation(said[3:])
        if not is_relation(relation):
            return None
        theirs = f"{statement.speaker}'s {relation}"
        if name:
            scene.call(theirs, name)
        person = name or scene.person(theirs)
        scene.speak_of(person, PRONOUNS.get(relation.split()[-1], ""), said if person == theirs else person)
        return scene.last_person
    if said.split()[0] in NO_NAMES or said.endswith("'s"):
        return None
    if said != scene.last_person:
        scene.speak_of(said)
    return said


def _relation(said: str) -> tuple[str, str]:
    """A relation and the name beside it, if any."""
    *relation, last = said.replace(",", "").split()
    return (" ".join(relation), last) if relation and last[:1].isupper() else (said, "")


def _finding(rule: Rule, groups: Mapping[str, str], statement: Statement) -> Finding:
    who = groups["who"]
    subject, *also = [*filter(None, (named(one, groups) for one in (rule.subject, *rule.also))), ""]
    if not rule.ends and not subject.startswith(("allergy", "taste")) and _MORE.search(statement.text):
        subject = ""
    text = as_sentence(rule.text.format_map(groups)) if rule.text else told(statement)
    if rule.kind == "relation" and not rule.ends:
        what = groups["what"]
        subject = f"name of {who}'s {what}" if what in ADVISERS else _relative(what, groups["value"], who)
    return Finding(
        kind=rule.kind,
        text=text,
        subject=subject,
        value=named(rule.value, groups),
        said=groups["value"],
        importance=rule.importance,
        ends=rule.ends,
        also=tuple(filter(None, also)),
    )


def _relative(what: str, name: str, who: str) -> str:
    """The subject of a name: of somebody's only one of a kind, or of a pet of theirs."""
    if what in SINGLE_RELATIONS:
        return f"name of {who}'s {what}"
    return state("belonging")({"thing": f"{name} {what}", "who": who}) if what in PETS and name else ""


def told(statement: Statement) -> str:
    """The statement as a fact that stands on its own."""
    return retold(statement.text, statement.speaker, statement.listener)


def _apposed(statement: Statement, scene: Scene) -> Iterator[Finding]:
    """The names given in passing: "my sister Lena"."""
    for match in APPOSED.finditer(statement.text):
        what, name = match["what"].lower(), match["value"]
        theirs = f"{statement.speaker}'s {what}"
        if name in NO_NAMES or name in _named_before(scene):
            continue
        scene.call(theirs, name)
        scene.speak_of(name, PRONOUNS.get(what.split()[-1], ""))
        subject = _relative(what, name, statement.speaker)
        text = as_sentence(f"The name of {theirs} is {name}")
        yield Finding(kind="relation", text=text, subject=subject, value=name, importance=0.8)


def _named_before(scene: Scene) -> set[str]:
    return {finding.value for _, finding in scene.recent if finding.kind == "relation"}


def _news(statement: Statement) -> Finding | None:
    """A statement that no rule knows, where it tells something that lasts."""
    text = statement.text
    if statement.remember and statement.listener == THE_ASSISTANT:
        return _reminder(statement) if text.startswith("to ") else _kept(statement)
    if not _BEGINS.match(text) or TRANSIENT.match(text) or _DENIES.search(text) or not FIRST_PERSON.search(text):
        return None
    words = len(text.split())
    if words < (_LEAST_NOTE if _particular(text) else _LEAST_PLAIN):
        return None
    if is_past(text):
        return Finding(kind="event", text=told(statement), importance=0.5 if SAID_DATE.search(text) else 0.4)
    return Finding(kind="note", text=told(statement), importance=0.3)


def _kept(statement: Statement) -> Finding:
    return Finding(kind="note", text=told(statement), importance=0.9)


def _reminder(statement: Statement) -> Finding:
    text = f"{statement.speaker} wants to be reminded {_inner(statement.text, statement.speaker)}"
    return Finding(kind="plan", text=as_sentence(text), importance=0.8)


def _inner(clause: str, speaker: str) -> str:
    """A clause retold to stand inside a sentence."""
    text = retold(clause, speaker).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _instruction(statement: Statement) -> Finding | None:
    """What the assistant is asked to do from now on."""
    if statement.listener != THE_ASSISTANT:
        return None
    match = STANDING.match(statement.text)
    if match is None and (not FROM_NOW_ON.search(statement.text) or FIRST_PERSON.match(statement.text)):
        return None
    wish = _POLITE.sub("", FROM_NOW_ON.sub("", match["wish"] if match else statement.text).strip(" ,"))
    language, name = ANSWER_LANGUAGE.search(wish), CALLED.match(wish)
    value = language or name
    what = "answer language for" if language else "preferred name of"
    return Finding(
        kind="instruction",
        text=as_sentence(f"{statement.speaker} asks {THE_ASSISTANT}: {_inner(wish, statement.speaker)}"),
        subject=f"{what} {statement.speaker}" if value else "",
        value=value["value"] if value else "",
        importance=0.9,
    )


def _over(statement: Statement, match: re.Match[str], scene: Scene) -> Iterator[Finding]:
    """What holds no longer: a taste has changed, anything else has ended."""
    parts = match.groupdict()
    aux = parts["aux"] if parts["aux"] in ("am", "is", "are") else ""
    positive = f"{parts['who']}{aux + ' ' if aux else ''}{parts['rest'] or parts['verb'] or ''}"
    if parts["be"]:
        positive = f"{parts['who']}{parts['be']} {parts['state']}"
    found = [one for one in _matched(RULES, replace(statement, text=positive), scene) if one.subject]
    text = told(statement)
    for one in found:
        if one.value in _OPPOSITE:
            yield replace(one, text=text, value=_OPPOSITE[one.value])
        else:
            yield replace(one, text=text, ends=True)
    if not found:
        yield from (
            replace(one, text=text, ends=True) for one in _matched(STATES, replace(statement, text=positive), scene)
        )
        yield Finding(kind="note", text=text, importance=0.4)


def _forgotten(statement: Statement, scene: Scene) -> Iterator[Finding]:
    """What is to be forgotten: a whole statement, or whatever "my …" may mean."""
    found = list(_matched(RULES, statement, scene))
    if not any(one.subject for one in found):
        found += _matched(STATES, statement, scene)
    yield from (replace(one, text=told(statement), ends=True) for one in found)
    if match := _TO_FORGET.match(statement.text):
        what = _WHERE.get(match["what"], match["what"].removeprefix("the "))
        subject, *also = subjects_of(what, statement.speaker)
        text = as_sentence(f"{statement.speaker}'s {what} is forgotten")
        yield Finding(kind="note", text=text, subject=subject, ends=True, also=tuple(also))
