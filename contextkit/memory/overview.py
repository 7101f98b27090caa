"""Overview: whether a question asks for all that is known, and for nothing in particular.

"What do you know about me?" shares no word with any memory, and every one of them bears on it. "What do you know about
my dog?" is not meant: it is looked up by its words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

READ: Final = 300
"""Characters from the end of a question that are read: what is asked stands there, behind a greeting or a reason."""

_KNOW: Final = "know|known|remember|recall|learn|learned|learnt|store|stored|save|saved|keep|kept"
_WHOM: Final = r"(?: (?:about|of|on) (?:me|myself|the user))?"
_SO_FAR: Final = "(?: (?:so far|by now|now|already|yet))?"
_ASKS: Final = re.compile(
    rf"\b(?:what(?: all| else| exactly)?|anything|everything|all)(?: that)? (?:(?:do|did|can|have|is) )?(?:you|is)"
    rf"(?: have| still| already| actually)? ?(?:{_KNOW}){_WHOM}{_SO_FAR}$"
    r"|\b(?:what have i (?:ever )?told you|what did i tell you)(?: about (?:me|myself))(?: so far)?$"
    r"|\b(?:tell me|everything|summari[sz]e|describe|facts|information|info)(?: (?:everything|all|known))?"
    r" about (?:me|myself|the user)$"
    r"|^(?:so |and |hey |hello |hi )?(?:who am i|describe me|do you (?:know|remember) (?:me|who i am))$"
    r"|\b(?:show|list|give)(?: me)?(?: all)?(?: of)? (?:my|your|the) memories$"
    r"|^(?:all|everything|anything|memories|all memories|(?:the )?user(?:'s)?(?: (?:profile|info|information|facts"
    r"|details|background|memories))?|(?:my )?profile)$"
    r"|(?:biết|nhớ)(?: được)?(?: những)? (?:gì|điều gì) về (?:tôi|mình|em|anh|chị)$"
    r"|(?:对|對|关于|關於)我.{0,4}(?:了解|知道|记得|記得).{0,4}$|我是[谁誰]$"
    r"|(?:了解|知道|记得|記得).{0,2}(?:关于|關於)?我的?(?:什么|什麼|多少|哪些|一切|所有)?(?:事情?|信息)?[吗嗎呢]?$"
    r"|[私僕俺](?:のこと|について)[をは]?.{0,4}(?:知って|覚えて).{0,8}$"
    r"|(?:나|저|내|제)(?:에 ?대해|에 관해).{0,8}(?:알|기억).{0,8}$"
    r"|\bqué (?:sabes|sabe|recuerdas|recuerda) (?:de|sobre|acerca de) mí$"
    r"|\bque (?:você |tu )?(?:sabe|sabes|lembra|lembras) (?:de|sobre) mim$"
    r"|\b(?:sais|savez|souviens|souvenez)[- ]?(?:tu|vous)? (?:de|sur|à propos de) moi$"
    r"|\b(?:cosa|che) (?:sai|ricordi|sa|ricorda) (?:di|su) me$"
    r"|\bwas (?:weißt|weisst|wissen) (?:du|sie|ihr)(?: \w+)? über mich$"
    r"|\bwat weet (?:je|jij|u)(?: \w+)? (?:over|van) (?:mij|me)$"
    r"|\bчто (?:ты |вы )?(?:\w+ )?(?:знаешь|знаете|помнишь|помните) (?:обо мне|про меня)$"
    r"|\byang (?:kamu|anda) (?:ketahui|tahu|ingat) tentang (?:saya|aku)$"
)


def asks_for_everything(question: str) -> bool:
    """Whether a question, or what a model looks up, is for all that is known of the actor.

    Understood in the languages whose times are understood.
    """
    text = unicodedata.normalize("NFC", question[-READ:]).casefold().replace("’", "'")
    said = " ".join(re.sub(r"[^\w'-]+", " ", text).split())
    return _ASKS.search(said) is not None
