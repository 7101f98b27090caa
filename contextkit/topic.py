"""What to look for: a question's own words, or what it follows on where it has none.

"Why?", "yes please" and "go on" share no word with the documents, turns and memories they are about, and "thanks!"
shares one with every thank-you there ever was. So a question that says nothing by itself is looked up by the exchange
it follows on, and one that only thanks, greets or nods by nothing at all.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from contextkit.rank.terms import STOPWORDS

TAIL: Final = 300
"""Characters of the last question, and of the end of its answer, that stand for the exchange: all of both ranks the
tools of the demo's conversation no better."""

_LONGEST: Final = 200
"""Characters of a question that may say nothing by itself; what is longer always says something."""

_FOLLOWS: Final = """
yes yeah yep yup aye sure absolutely definitely certainly please go going ahead continue proceed carry keep
explain elaborate clarify rephrase repeat mean means meant why how what which who whom when where more else again
further detail details example examples instead
vâng|tiếp tục|tiếp đi|tiếp|tại sao|vì sao|sao vậy|giải thích|có
sí|oui|ja|sim|por qué|porque|por quê|pourquoi|warum|wieso|weiter|bitte|sigue|continúa|s'il vous plaît|per favore|perché
"""
_COURTESIES: Final = """
thanks thank thankyou thx ty tysm cheers great good nice perfect cool awesome excellent wonderful lovely brilliant
amazing fantastic hello hi hey bye goodbye welcome wow haha lol appreciate appreciated sorry congrats see
how are you|how are you doing|how is it going|what's up|good morning|good afternoon|good evening|good night
cảm ơn|cám ơn|xin chào|chào|tạm biệt|tuyệt vời|tuyệt|tốt quá|tốt
merci|gracias|danke|obrigado|obrigada|grazie|hola|bonjour|hallo|olá|ciao|adiós|super
"""
_NODS: Final = """
ok okay k kk alright right fine no nope nah correct exactly indeed true agreed understood got course well noted
được|được rồi|đúng|đúng rồi|không|rồi|dạ|ừ|non|nein|não
"""
_FILLERS: Final = """
one ones tell much lot really also oh ah um uh hmm hm let help helps helped helpful would could ạ đi nhé nhiều bạn
"""

_UNSPACED: Final = {
    "follows": "继续|接着|请|为什么|怎么|解释|是的|はい|お願いします|なぜ|どうして|続けて|네|왜|계속",
    "courtesy": "谢谢|多谢|感谢|你好|您好|再见|拜拜|太好了|很好|你|ありがとうございます|ありがとう|こんにちは|"
    "감사합니다|안녕하세요|안녕",
    "nod": "好的|好|明白了|明白|知道了|对|不是|不用|不|可以|行|嗯|没问题|了|いいえ|分かりました|わかりました|아니요",
}
"""Scripts without spaces between words, where one such phrase may follow another."""


def exchange(question: str, answer: str) -> str:
    """A question and its answer, as what the next question follows on: the end of each."""
    return "\n".join(filter(None, (question.strip()[-TAIL:], answer.strip()[-TAIL:])))


def topic(question: str, before: str) -> str:
    """What to look for: the question as it is, the exchange before it, or nothing (the empty text).

    * A question with words of its own is looked for as it is; so is a follow-up that nothing stands before.
    * One without ("why?", "yes please", "and then?", "more details") by the exchange `before` it.
    * One that only thanks, greets or takes leave asks for nothing.
    * One that only nods or declines, or shows a picture without a word, goes on with a question of the answer
      before, and asks for nothing where there was none.

    These are known in English, Vietnamese and Chinese, and the plainest of them in eight more languages; what is said
    in others has words of its own.
    """
    said = _said(question)
    if said is None:
        return question
    if "courtesy" in said and "follows" not in said:
        return ""
    if "follows" not in said and ("nod" in said or not said):
        return before if _ASKS.search(before) else ""
    return before or question


def says_something(question: str) -> bool:
    """Whether a question has words of its own, by which it can be looked up."""
    return _said(question) is None


_ASKS: Final = re.compile(r"[?？][^\w]*$")
_WORD: Final = re.compile(r"\w")


def _said(question: str) -> set[str | None] | None:
    """What kinds of words the question consists of; None where it has words of its own."""
    if len(question) > _LONGEST:
        return None
    text = unicodedata.normalize("NFC", question).casefold().replace("’", "'")
    return None if _WORD.search(_SMALL.sub(" ", text)) else {match.lastgroup for match in _SMALL.finditer(text)}


def _phrases(table: str) -> list[str]:
    """The phrases of a table, one to a word or, in lines with bars, one between two bars."""
    return [
        phrase for line in table.strip().splitlines() for phrase in (line.split("|") if "|" in line else line.split())
    ]


def _one_of(kind: str, phrases: list[str]) -> str:
    """A pattern of the kind's phrases. Longer ones come first, so that they are not taken for their beginnings."""
    spaced = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    unspaced = f"|{_UNSPACED[kind]}" if kind in _UNSPACED else ""
    return rf"(?P<{kind}>\b(?:{spaced})\b{unspaced})"


_SMALL: Final = re.compile(
    "|".join(
        _one_of(kind, phrases)
        for kind, phrases in {
            "courtesy": _phrases(_COURTESIES),
            "follows": _phrases(_FOLLOWS),
            "nod": _phrases(_NODS),
            "filler": [*_phrases(_FILLERS), *STOPWORDS],
        }.items()
    )
)
"""Any of these phrases, in a group that is named for its kind."""
