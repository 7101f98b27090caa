"""Languages: of which one a text is, told by function words, since what is done to its words depends on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from contextkit.rank.terms import STOPWORDS, words

_SHARED: Final = """
a all am an any as at be both by can d do few for had has have he her his i in is it just ll m me more most my no nor
now o of off on once or our ours over own re s same shan she so some such t than to too under until up ve was we will y
"""
_ENGLISH: Final = STOPWORDS - frozenset(_SHARED.split())
"""English function words that hardly any other language has."""

_FUNCTION_WORDS: Final = {
    "german": """der die das den dem des und ist ich nicht ein eine einen auf mit bei nach im sie wir sich auch von wie
        aber oder wird sind wenn zum zur noch kann haben werden man mich mir habe hast""",
    "dutch": """de het een en van met te op dat er om aan ook wat heb als nog niet ik zijn voor maar naar hij wij deze
        uit wordt die bij kan""",
    "french": """la le les un une et est ce ne se que qui dans avec je elle nous vous mais cette sont sur pas au aux du
        de des en""",
    "spanish": "el la los las de que en un una con por para lo al su se como pero muy esta este mi",
    "portuguese": "de que uma um em com por para ao na se foi ele ela meu isso dos da mas como",
    "italian": "il la di che si un una ha mi gli anche sono della alla dei nel con per ho da",
    "romanian": "nu din cu pe sau mai este la de un",
    "scandinavian": "och att det ett med har som jag inte av og jeg ikke til en de den der",
    "finnish": "ja ei tai jos oli mutta niin kun olen ovat joka mukaan se",
    "turkish": "bir ve bu ile olarak daha gibi veya ise sonra kadar de da",
    "polish": "nie jest jak za dla lub tylko ale tak czy oraz przez na się",
    "czech": "nebo jako jsem jsou je na ale tak se",
    "hungarian": "az ez hogy nem egy csak vagy volt kell de",
    "indonesian": """yang dan untuk ini itu dengan tidak ada dari ke atau jika oleh adalah dapat karena kalau mereka dia
        kita anda aku saya kamu akan pada juga bisa sudah di""",
    "tagalog": "ang ng mga ay na sa",
}
"""The commonest function words of languages in the Latin script, as far as English does not have them."""

_ENGLISH_TOO: Final = frozenset(["per", "por", "com", "sa"])
_OF: Final = {name: frozenset(words.split()) for name, words in _FUNCTION_WORDS.items()}
_OTHER: Final = frozenset[str]().union(*_OF.values()) - _ENGLISH_TOO
_OTHER_CASED: Final = _OTHER | {word.capitalize() for word in _OTHER}

VIETNAMESE: Final = re.compile("[ƠơƯưẠ-ỹ]")
"""A letter that only Vietnamese has."""

ACCENTED: Final = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
"""A letter of the Latin script that English words do not have."""

_SAMPLE: Final = 150
"""Words of a text by which its language is told."""

_BEGINNING: Final = 2_000
"""Characters of a text that have so many words in any language; what follows them is not read."""

_SCARCE: Final = 15
"""Of so many words one tells another language at the least: a text may quote a few, and code may have any."""


def has_english(words: Sequence[str]) -> bool:
    """Whether one of the words is English, and of no other language."""
    return not _ENGLISH.isdisjoint(map(str.lower, words))


def is_foreign(words: Sequence[str]) -> bool:
    """Whether words are of another language than English in the Latin script. Of names, code and numbers it is not
    known, and they are not."""
    sample = words[:_SAMPLE]
    accented = sum(ACCENTED.search(word) is not None for word in sample if not word.isascii())
    if not accented and _OTHER_CASED.isdisjoint(sample):  # as nearly all English is
        return False
    lower = [word.lower() for word in sample]
    english, other = (sum(word in known for word in lower) for known in (_ENGLISH, _OTHER))
    telling = other + (accented // 2 if english else accented)  # English has a café, too
    return telling > english and telling * _SCARCE >= len(sample)


def is_foreign_text(text: str) -> bool:
    """Whether a text is, by the words that it begins with."""
    return is_foreign(words(text[:_BEGINNING]))


def function_words(words: Sequence[str]) -> Mapping[str, int]:
    """How many of the words are function words of each language in the Latin script but English."""
    lower = [word.lower() for word in words[:_SAMPLE]]
    return {name: sum(word in known for word in lower) for name, known in _OF.items()}
