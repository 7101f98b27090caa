"""Whether words are English, told by function words: what is done to words depends on it (see `subwords`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from contextkit.rank.terms import STOPWORDS

_SHARED: Final = """
a all am an any as at be both by can d do few for had has have he her his i in is it just ll m me more most my no nor
now o of off on once or our ours over own re s same shan she so some such t than to too under until up ve was we will y
"""
_ENGLISH: Final = STOPWORDS - frozenset(_SHARED.split())
"""English function words that hardly any other language has."""

_OTHERS: Final = """
der die das den dem des und ist ich nicht ein eine einen auf mit bei nach im sie wir sich auch von wie aber oder wird
sind wenn zum zur noch kann haben werden man mich mir
de het een en van met te op dat er om aan ook wat heb als nog niet ik zijn voor maar naar hij wij deze uit wordt
la le les un une et est ce ne se que qui dans avec je elle nous vous mais cette sont sur pas au aux du
el los las por para con lo al su una como pero muy esta este uma um em foi ele ela meu isso dos da ao na
il di che si ha mi gli anche sono della alla dei nel nei nu din cu pe sau mai este
och att det ett med har som jag inte av og jeg ikke til
ja ei tai jos oli mutta niin kun olen ovat joka mukaan
bir ve bu ile olarak daha gibi veya ise sonra kadar
nie jest jak za dla lub tylko ale tak czy oraz przez nebo jako jsem jsou je
az ez hogy nem egy csak vagy volt kell
yang dan untuk ini itu dengan tidak ada dari ke atau jika oleh adalah dapat karena kalau mereka dia kita anda aku
saya kamu akan pada juga bisa sudah ang ng mga ay
"""
_OTHER: Final = frozenset(_OTHERS.split())
"""Such words of languages in the Latin script that English does not have, as far as they have no accent: German;
Dutch; French; Spanish, Portuguese; Italian, Romanian; Scandinavian; Finnish; Turkish; Polish, Czech; Hungarian;
Indonesian, Tagalog."""

_OTHER_CASED: Final = _OTHER | {word.capitalize() for word in _OTHER}

ACCENTED: Final = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
"""A letter of the Latin script that English words do not have."""

_SAMPLE: Final = 150
"""Words of a text by which its language is told."""

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
