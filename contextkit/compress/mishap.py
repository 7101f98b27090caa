"""What a model's answer looks like when it is not what was asked for: an error, or a refusal."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from contextkit.compress.patterns import opening, plain

Mishap: TypeAlias = Literal["an error", "a refusal"]

_ERROR: Final = opening(r"""
    [\w.]*(?:error|exception)\w*\b\s*(?:[:(\"'!,.-]|code|occurred|$) | traceback \(most recent | <!doctype | <html
    | an (?:(?:internal|unexpected) )?error (?:has )?occurred | something went wrong | internal server error | <\?xml
    | (?:no|empty) (?:content|response|summary)\W*$ | (?:null|none(?: yet)?|undefined|nan|n/a)\W*$
""")
_SHORT_ERROR: Final = opening(r"""
    (?:http(?:/[\d.]+)?\s+)?[45]\d\d\b | rate[ _-]?limit | too many requests | quota | bad gateway | gateway time
    | (?:the )?service (?:is )?(?:temporarily )?unavailable | (?:the )?request (?:timed out|failed) | timed? ?out\b
    | connection (?:refused|reset|aborted|error) | throttl\w+ | overloaded | access denied | invalid (?:api key|request)
    | (?:maximum )?context length | unauthori[sz]ed | you(?: have|'ve)? exceeded
    | th(?:e|is) model.{0,80}(?:overloaded|not found|exceeded|context length) | error \d{3}\b
    | (?:错误|錯誤|エラー|lỗi|erreur|fehler)\s*[:：] | (?:发生|出现)了?(?:内部)?错误
    | 服务器?(?:暂时)?(?:不可用|繁忙) | 请求(?:过于频繁|超时|失败)
""")
_SHORT: Final = 300
"""Characters up to which an answer that begins so is an error; a longer one may be about such a thing."""

_TRACE: Final = re.compile(r"^Traceback \(most recent call last\):|^[ \t]+File \"[^\"]+\", line \d+", re.MULTILINE)
_REFUSAL: Final = opening(r"""
    (?:i'?m|i am) (?:(?:very|so|really) )?(?:sorry|afraid|unable) | sorry\b | unfortunately,? i\b | as an ai\b
    | (?:i|we) (?:can'?t|cannot|can not|could ?n'?t|am not able|won'?t|will not|need more)\b
    | i do(?: not|n'?t) (?:have|see)\b
    | (?:please )?(?:provide|share|paste) (?:the|me|your)\b | there (?:is|are|was) (?:no|nothing)\b.{0,40}summari
    | i apologi[sz]e | my apologies
    | (?:很|非常|十分)?抱歉 | 对不起 | 對不起 | 作为(?:一个|一名)?(?:ai|人工智能)
    | 我(?:无法|無法|不能)(?:协助|帮|提供|完成|处理|回答|访问|查看|总结|總結|概括)
    | (?:tôi )?xin lỗi | rất tiếc | tôi không thể (?:giúp|tóm tắt|hỗ trợ|thực hiện|truy cập|cung cấp)
    | 申し訳 | すみません | 죄송 | 미안 | извините | простите
    | lo siento | no puedo (?:ayudar|resumir|acceder|proporcionar) | desculpe | não posso (?:ajudar|resumir|fornecer)
    | (?:je suis )?désolée?\b | je ne peux pas (?:vous|aider|résumer|accéder)
    | (?:es )?tut mir leid | leider kann ich | het spijt me | mi dispiace
""")


def reads_as(text: str) -> Mishap | None:
    """What an answer reads as, if not as an answer. Only its beginning counts, save for a stack trace.

    Refusals are known in English, and how they mostly begin in a dozen other languages.
    """
    said = plain(text.strip())
    if _ERROR.match(said) or _TRACE.search(text):
        return "an error"
    if len(said) <= _SHORT and _SHORT_ERROR.match(said):
        return "an error"
    return "a refusal" if _REFUSAL.match(said) else None
