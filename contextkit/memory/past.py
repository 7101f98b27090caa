"""Past: whether a question is one that what holds no longer may answer.

"What is my address?" is none, and neither is "What did we say about it?": what was said is still
what was said. "What was my address?", "Where did I live before?" and "Where did I work in 2023?" are.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from contextkit.rank.time_words import in_english
from contextkit.rank.times import periods

READ: Final = 4_000
"""Characters of a question that are read, from its two ends: what is longer is material, not a question."""

_STATES: Final = "live|work|use|like|love|prefer|own|drive|study|play|drink|smoke|earn|weigh|believe|report|belong|stay"
_OWNER: Final = r"(?:my|his|her|its|our|their|\w+['’]s)"
_FORMER: Final = "old|former|previous|prior|earlier|first|original|initial|past"
_SAYINGS: Final = (
    "messages?|questions?|answers?|conversations?|chats?|sessions?|emails?|turns?|repl(?:y|ies)|responses?|points?"
)

_PAST: Final = re.compile(
    # What something was before it was what it is now.
    r"\b(?:previously|formerly|originally|initially|at first|used to|back then|back in|in the past|no longer)\b"
    r"|\bany ?more\b|\b(?:former|ex)[- ]\w"
    rf"|\b(?:{_OWNER}|the) (?:{_FORMER})(?<!the first)(?<!the past) (?!(?:{_SAYINGS})\b)\w"
    # Before: at the end of a clause, or of what somebody did or had; not "before we start".
    r"|\bbefore(?=\s*(?:[?.!,;]|$|that\b|then\b|this\b|now\b))"
    r"|\b(?:was|were|did|had) (?!you\b|we\b).{1,80}?\bbefore\b"
    # A state that is asked for in the past tense; what was said, done or bought is no state.
    rf"|\b(?:was|were) {_OWNER} (?!(?:\w+ )?(?:{_SAYINGS})\b)\w"
    rf"|\bdid (?!you\b|we\b)(?:\w+ ){{1,3}}(?:{_STATES})\b"
    r"|\b(?:has|have|had)\b.{1,40}\b(?:changed|moved|switched)\b|\bwhat(?:['’]s| has)? changed\b"
    r"|以前|之前(?!.{0,4}[说說提聊讲講])|曾[经經]|原来|原來|原先|[从從]前|早先|[过過]去|[当當]时|當時|那时|那時|本来|本來"
    r"|前任|最初|起初|一[开開]始|不再|[旧舊]的?(?=\w)"
    r"|\b(?:trước (?:đây|kia|đó)|trước(?=\s*(?:[?.!,]|$))|hồi (?:trước|đó|xưa)|lúc (?:trước|đầu)|ngày xưa|từng|ban đầu"
    r"|cũ|không còn|năm ngoái)\b"
    r"|かつて|もともと|元々|昔|当初|当時|前は|以前|前の(?=\w)|旧"
    r"|\b(?:früher|vorher|zuvor|ehemals|damals|avant|autrefois|auparavant|antes|anterior|anteriormente)\b",
    re.IGNORECASE,
)
"""What a question says whose answer may hold no longer, in English first; a few words of other languages."""

_SAID: Final = re.compile(
    r"\b(?:did|have|had) (?:we|you|i)\b.{0,20}?"
    r"\b(?:say|said|talk(?:ed)?|discuss(?:ed)?|mention(?:ed)?|tell|told|ask(?:ed)?|agreed?|decided?|write|wrote|written)\b"
    r"|\b(?:was|were) (?:said|discussed|mentioned|agreed|decided)\b"
    r"|[说說提聊讲講谈談定]了?(?:什么|什麼|过|過|到)|話し|言っ|言い|決め|聞い|伝え"
    r"|말했|말씀|이야기|얘기|라고 했|논의|결정|물어"
    r"|\b(?:nói|bàn|kể|hỏi|nhắc|quyết định|thống nhất)\b"
    r"|\b(?:gesagt|besprochen|gesprochen|beschlossen|entschieden|vereinbart|erwähnt|gefragt|sagten?)\b"
    r"|\b(?:gezegd|besproken|afgesproken|besloten|gevraagd|zei(?:den)?)\b"
    r"|\b(?:dit|parlé|discuté|décidé|convenu|demandé|mentionné|detto|parlato|discusso|deciso|concordato|chiesto)\b"
    r"|\b(?:dij(?:e|o|iste|imos|eron)|dicho|habla(?:mos|do)|decid(?:imos|ido)|acord(?:amos|ado)|pregunt(?:é|aste|amos))\b"
    r"|\b(?:diss(?:e|emos|este|eram)|dito|fala(?:mos|do)|combina(?:mos|do)|discut(?:imos|ido)|pergunt(?:ei|amos))\b"
    r"|\b(?:говорил|сказал|обсуждал|обсудил|решил|договорил|спрашивал|спросил)\w*"
    r"|\b(?:bicarakan|katakan|bilang|bahas|putuskan|sepakati|tanyakan)\b",
    re.IGNORECASE,
)
"""What a question asks that is about what was said: on that day or before, the words were what they still are."""


def asks_about_past(query: str, now: datetime) -> bool:
    """Whether what holds no longer may be the answer.

    By the query's words ("previously", "used to", "before", "my old address"), or by a day, month or year that
    is over, in any of the languages whose times are understood; but a day on which something was said ("What did
    we say yesterday?") asks for that, not for what was so.
    """
    if len(query) > READ:
        query = f"{query[: READ // 2]}\n{query[-READ // 2 :]}"
    if _PAST.search(query):
        return True
    if _SAID.search(query):
        return False
    years = range(now.year, now.year + 1)
    return any(period.end <= now.date() for period in periods(in_english(query), now, years))
