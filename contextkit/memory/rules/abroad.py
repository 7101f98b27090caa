"""Reads Vietnamese and Chinese statements. Subjects are those of English: a value is one in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contextkit.memory.rules.chinese import CHINESE
from contextkit.memory.rules.days import resolved_abroad
from contextkit.memory.rules.finding import Finding, compiled
from contextkit.memory.rules.statement import THE_USER, Language, Statement
from contextkit.memory.rules.subjects import may_be_place, state
from contextkit.memory.rules.tongue import Tongue
from contextkit.memory.rules.vietnamese import VIETNAMESE
from contextkit.memory.rules.voice import literal
from contextkit.memory.rules.words import COUNTRIES, PETS
from contextkit.memory.secrets import holds_secret
from contextkit.memory.subject import STATE

_TONGUES: Final = {"vietnamese": VIETNAMESE, "chinese": CHINESE}
_RELATIONS: Final = {
    "vợ": "wife",
    "chồng": "husband",
    "bạn gái": "girlfriend",
    "bạn trai": "boyfriend",
    "sếp": "boss",
    "chó": "dog",
    "con chó": "dog",
    "mèo": "cat",
    "con mèo": "cat",
    "妻子": "wife",
    "老婆": "wife",
    "太太": "wife",
    "丈夫": "husband",
    "老公": "husband",
    "女朋友": "girlfriend",
    "男朋友": "boyfriend",
    "老板": "boss",
    "狗": "dog",
    "猫": "cat",
}
"""Those of whom a person has one at a time, and pets."""

_KIN: Final = _RELATIONS | {
    **dict.fromkeys(("con", "孩子", "宝宝"), "child"),
    **dict.fromkeys(("con trai", "儿子"), "son"),
    **dict.fromkeys(("con gái", "女儿"), "daughter"),
    **dict.fromkeys(("mẹ", "má", "妈妈", "母亲"), "mother"),
    **dict.fromkeys(("bố", "ba", "cha", "爸爸", "父亲"), "father"),
    **dict.fromkeys(("anh trai", "em trai", "哥哥", "弟弟"), "brother"),
    **dict.fromkeys(("chị gái", "em gái", "姐姐", "妹妹"), "sister"),
    **dict.fromkeys(("ông nội", "ông ngoại", "爷爷", "外公"), "grandfather"),
    **dict.fromkeys(("bà nội", "bà ngoại", "奶奶", "外婆"), "grandmother"),
}
"""Of whom else something may be said."""

_SAME: Final = {
    "màu": "colour",
    "颜色": "colour",
    "món": "food",
    "món ăn": "food",
    "食物": "food",
    "电影": "film",
    "phim": "film",
    "书": "book",
    "运动": "sport",
}
_LANDS: Final = frozenset(
    (
        "việt nam",
        "nhật bản",
        "hàn quốc",
        "trung quốc",
        "mỹ",
        "pháp",
        "đức",
        "anh",
        "úc",
        "中国",
        "日本",
        "韩国",
        "美国",
        "法国",
        "德国",
        "英国",
        "越南",
        "加拿大",
        "澳大利亚",
    )
)


def abroad(sentence: Statement) -> Iterator[Statement]:
    """The clauses of a Vietnamese or Chinese sentence, each with its "I"."""
    tongue = _tongue(sentence.language)
    text = sentence.text.rstrip(" .。!！…")
    if tongue.unstated.search(text):
        return
    before = ""
    for clause in _clauses(resolved_abroad(text, sentence.said_at), tongue):
        clause, forget = clause.strip(), False
        while lead := tongue.lead.match(clause):
            clause = clause[lead.end() :].strip()
        if match := tongue.forget.match(clause):
            clause, forget = clause[match.end() :].strip(), True
        clause = _saying_i(clause, tongue)
        if before and not forget and not tongue.myself.search(clause):
            clause = _going_on(before, clause, tongue)
        if tongue.when.match(clause):
            clause = tongue.when.sub(tongue.then, clause[:1].lower() + clause[1:])
        before = _goes_on(clause, tongue)
        if clause:
            yield replace(sentence, text=clause, forget=forget)


def _saying_i(clause: str, tongue: Tongue) -> str:
    """The clause with "I" for who names themselves by kinship, as "chị" (older sister) does, and without whom they
    address."""
    clause = tongue.addressed.sub("", clause)
    if not (match := tongue.kinship.match(clause)):
        return clause
    alone = re.compile(rf"(?<!\w)(?<!tiếng )(?<!nước )(?<!trẻ ){match['self'].lower()}(?!\w)")
    before, after = clause[: match.start("self")], clause[match.end("self") :]
    return before + tongue.me.strip() + alone.sub(tongue.me.strip(), after)


def _goes_on(clause: str, tongue: Tongue) -> str:
    """Whom the next clause may speak of without naming them: the speaker, or one of their family."""
    if theirs := tongue.theirs.match(clause):
        return theirs[0]
    return tongue.me if tongue.goes_on.match(clause) else ""


def _going_on(who: str, clause: str, tongue: Tongue) -> str:
    if who == tongue.me:
        return who + clause
    they = tongue.they.match(clause)
    apart = " " if tongue.me.endswith(" ") else ""
    return f"{who}{apart}{clause[they.end() :]}" if they else clause


def _clauses(text: str, tongue: Tongue) -> list[str]:
    """The text cut between its clauses; each of several tastes in a clause of its own."""
    if several := tongue.several.match(text):
        return [several["lead"] + item for item in tongue.item.split(several["what"])]
    return tongue.cuts.split(text)


def read_abroad(statement: Statement) -> list[Finding]:
    """What a Vietnamese or Chinese clause says."""
    tongue = _tongue(statement.language)
    if holds_secret(statement.text):
        return []
    text = _told(statement, tongue)
    for over, subjects in tongue.ends:
        if match := over.match(statement.text):
            subject, *also = (_subject(one, match, statement) for one in subjects)
            value = "" if STATE in subject else (match["value"] or "").strip()
            ended = Finding(kind="profile", text=text, subject=subject, value=value, ends=True, also=tuple(also))
            return [ended, Finding(kind="event", text=text, importance=0.6)]
    if asked := tongue.asks.match(statement.text):
        return [_wish(statement, asked, tongue)]
    for kind, pattern, subject, worth in tongue.forms:
        if match := compiled(pattern, re.IGNORECASE).match(statement.text):
            return [
                Finding(
                    kind=kind,
                    text=text,
                    subject=_subject(subject, match, statement),
                    value=_value(subject, match, tongue),
                    importance=worth,
                    ends=statement.forget,
                )
            ]
    return []


def _wish(statement: Statement, asked: re.Match[str], tongue: Tongue) -> Finding:
    """How the assistant is to answer from now on."""
    language = tongue.languages.get(asked["language"].lower(), "")
    return Finding(
        kind="instruction",
        text=_sentence(tongue.asked.format(_who(statement, tongue), statement.text), statement),
        subject=f"answer language for {statement.speaker}" if language else "",
        value=language,
        importance=0.9,
    )


def _tongue(language: Language) -> Tongue:
    return _TONGUES[language]


def _subject(template: str, match: re.Match[str], statement: Statement) -> str:
    groups = {name: (value or "").strip() for name, value in match.groupdict().items()}
    what, value = groups.get("what", "").lower(), groups["value"]
    kin = groups.get("kin", "").lower()
    who = f"{statement.speaker}'s {_KIN[kin]}" if kin else statement.speaker
    if not template and what in _RELATIONS:
        template = "{pet}" if _RELATIONS[what] in PETS else f"name of {{who}}'s {_RELATIONS[what]}"
    if template == "{pet}":
        return state("belonging")({"thing": f"{value} {_RELATIONS.get(what, '')}", "who": who})
    if template == "{home}" and not may_be_place(value):
        return ""
    country = value.lower() in _LANDS or value.lower() in COUNTRIES
    return template.format(
        who=who,
        value=value.lower(),
        what=_SAME.get(what, what),
        home=f"home {'country' if country else 'city'} of {who}",
    )


def _value(template: str, match: re.Match[str], tongue: Tongue) -> str:
    """The value itself; of tastes and allergies, whether there is one."""
    against = tongue.against.search(match[0]) is not None
    if template.startswith("taste"):
        return "disliked" if against else "liked"
    if template.startswith("allergy"):
        return "not allergic" if against else "allergic"
    return match["value"].strip()


def _who(statement: Statement, tongue: Tongue) -> str:
    return tongue.user if statement.speaker == THE_USER else statement.speaker


def _told(statement: Statement, tongue: Tongue) -> str:
    """The clause with its speaker's name in place of "I"."""
    who = literal(_who(statement, tongue))
    text = tongue.ours.sub(tongue.group.format(who), statement.text)
    text = tongue.mine.sub(tongue.possessive.format(who), text)
    return _sentence(tongue.myself.sub(who, text), statement)


def _sentence(text: str, statement: Statement) -> str:
    return text[:1].upper() + text[1:] + ("。" if statement.language == "chinese" else ".")
