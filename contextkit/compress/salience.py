"""Which sentences of a conversation are worth remembering: decisions, preferences, promises, facts, open questions."""

from __future__ import annotations

import re
from typing import Final

from contextkit.compress.patterns import opening, words

_DECIDED: Final = words(r"""
    decid\w+ | agreed? | chose | chosen | choose | picked | settled | approved | confirm\w* | book(?:ed|ing) | bought
    | ordered | signed | go(?:ing)? (?:with|for) | let'?s | final\w* | cancel\w* | scheduled | resolved | fixed
    | root cause | turns? out | because
""")
_PERSONAL: Final = words(r"""
    my name | call me | i'?m | i am | i (?:live|work|have|own|moved|was born|come from|use) | my \w+ (?:is|are|was)
    | i(?:'d)?(?: \w+)? (?:prefer|like|love|enjoy|hate|dislike|avoid|want|need) | favou?rite | allerg\w+ | vegetarian
    | vegan | i (?:always|never|usually) | rather than | birthday | married | anniversary
""")
_PROMISED: Final = words(r"""
    i'?ll | we'?ll | will | promise\w* | must | have to | need to | should | deadline | due | remind\w* | until | todo
    | by(?: the| next| end)? (?:\w+day|tomorrow|tonight|week|month|noon) | next (?:week|month|year|\w+day)
    | plan(?:s|ned|ning)? | going to
""")
_PUT_RIGHT: Final = words(r"""
    actually | instead | no longer | not any ?more | chang\w+ | correct\w* | updat\w+ | switched | mistake | wrong
""")
_TROUBLE: Final = words(r"""
    error | failed | failure | issue | problem | bug | blocked | risk | complain\w* | refund\w* | overdue | broken
""")
_CUES: Final = ((2.0, _DECIDED), (2.0, _PERSONAL), (1.6, _PROMISED), (1.6, _PUT_RIGHT), (1.2, _TROUBLE))
"""What each kind of cue is worth. Set by order of importance, not fitted: what binds and what is true of the person
come before what is due or corrected, and that before what went wrong."""

_FIRST_PERSON: Final = words("i | i'm | my | we | our | me")
_PLEASANTRY: Final = opening(r"""
    hi\b | hello\b | hey\b | thanks?\b | great\b | sure\b | ok(?:ay)?\b | perfect\b | sounds good | you'?re welcome
    | no problem | of course | happy to help | good (?:morning|evening) | bye\b | cheers\b | got it | let me know
    | is there anything else | feel free | i hope\b | i'?d be happy | certainly\b | absolutely\b | wow\b | awesome\b
    | nice\b | cool\b | haha | how are you | have a (?:great|nice|good)
""")
_NUMBER: Final = re.compile(r"\d")
_NAME: Final = re.compile(r"(?<=[a-z,;:] )[A-Z][\w’'-]+")

_USER_WORTH: Final = 1.3
"""What a user says about themselves is the truth about them; what an assistant says is mostly help."""

_NUMBER_WORTH: Final = 1.0
_NAME_WORTH: Final = 0.5
_MOST_NAMES: Final = 3
_QUESTION_WORTH: Final = 1.5
_PLEASANTRY_SHARE: Final = 0.15
_PLAIN: Final = 0.3


def salience(sentence: str, role: str) -> float:
    """How much a sentence of a conversation is worth remembering, from about 0 to 10."""
    worth = _PLAIN + sum(worth for worth, cue in _CUES if cue.search(sentence))
    worth += _NUMBER_WORTH * bool(_NUMBER.search(sentence))
    worth += _NAME_WORTH * min(len(_NAME.findall(sentence)), _MOST_NAMES)
    if sentence.rstrip().endswith(("?", "？")):
        worth = worth * 0.5 + (_QUESTION_WORTH if role == "user" else 0.0)
    if role == "user" and _FIRST_PERSON.search(sentence):
        worth *= _USER_WORTH
    return worth * _PLEASANTRY_SHARE if _PLEASANTRY.match(sentence) else worth
