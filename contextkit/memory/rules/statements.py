"""From messages to statements: one clause each, by a known speaker, with everything gone that nobody states.

Never read: system text and tool output; what an unnamed assistant says; code; blocks between tags (injected
documents, memories and the like); quoted lines; text that was pasted to be translated or summarised. Never
a statement: a question, a guess, what would happen if, what somebody else is said to have said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from contextkit.compress.prose import sentences
from contextkit.memory.rules.abroad import abroad
from contextkit.memory.rules.days import resolved
from contextkit.memory.rules.forms import OCCUPATION, RELATION
from contextkit.memory.rules.statement import THE_USER, Language, Statement
from contextkit.memory.rules.voice import expanded, is_past_at, with_subject
from contextkit.types import Message

LONGEST_SENTENCE: Final = 400
"""Characters; a longer one is cut, since it is pasted text more often than a statement."""

LONGEST_MESSAGE: Final = 8_000
"""Characters of a message that are read; what people say about themselves stands before what they paste."""

_EMPTY: Final = re.compile(r"\s{9,}")
"""White space that says no more than a line between paragraphs does. Pages of it cost a search each, character by
character, in every pattern that may begin with white space."""

_BLOCK: Final = re.compile(r"<([A-Za-z][\w-]*)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE: Final = re.compile(
    r"^\s*(?:>|(?:system|assistant|tool|user|human|ai|customer|client|agent|patient|guest|caller)\s*:).*$",
    re.IGNORECASE | re.MULTILINE,
)
_TASK: Final = re.compile(
    r"\b(?:translate|proofread|rewrite|rephrase|paraphrase|summari[sz]e|correct|edit|classify"
    r"|analy[sz]e|fix|review|check|format|continue)\b[^.?!\n]{0,80}:\s.*|(?:^|[.!?\n]\s*|\b(?:you"
    r"|please|help me) )(?:write|draft|compose|imagine|pretend|role-?play)\b[^\n]*",
    re.IGNORECASE | re.DOTALL,
)
_EMOJI: Final = re.compile(
    r"(?<![.!?,])[.!?,]*\s*[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+|\s[:;]-?[)(DP](?!\w)"
)
_ENDS: Final = re.compile(r"\s*(?:[A-Z]|$)")
"""A picture ends a sentence where a capital follows it."""

_URL: Final = re.compile(r"https?://\S+")

_LEAD: Final = re.compile(
    r"^(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|dear)\b(?: (?:there|all|everyone"
    r"|again))?(?: [A-Z]\w+)?[,.!]* |(?:oh|well|so|and|but|also|yes|yeah|yep|ok|okay|sure|great"
    r"|cool|thanks|thank you|anyway|right|ah|hmm|um|btw|fyi|plus|by the way"
    r"|you should know(?: that)?|i should mention(?: that)?|for (?:the|your) (?:record|information"
    r"|reference)|just so you know|you know|(?:good|great|big) news|update|as (?:you know|i said"
    r"|i mentioned)|to be (?:honest|clear)|honestly|basically|in fact|in (?:that|any) case|luckily"
    r"|fortunately|unfortunately|recently|wow|haha|lol|one (?:more|other) thing|another thing"
    r"|first(?:ly)?|second(?:ly)?|i (?:just )?(?:wanted|want) to (?:say|tell you|let you know) that"
    r"|let me tell you|(?:please )?note that|because|then|(?:since|as)(?= (?:I|we|my|our)\b))\b[,:.!;—–-]* ?)",
    re.IGNORECASE,
)
_CORRECTS: Final = re.compile(
    r"^(?:actually|no(?=[,.!;])|nope|(?:no,? )?wait|(?:i am )?sorry|correction|my (?:mistake|bad)"
    r"|scratch that|oops|apologies|i misspoke|(?:that is|that was) (?:wrong|not right|incorrect"
    r"|a mistake)|not quite|i mean|let me correct (?:that|myself)|rather)\b[,:.!;—–-]* ?",
    re.IGNORECASE,
)
_REMEMBER: Final = re.compile(
    r"^(?:please |also )*(?:remember|keep in mind|don't forget|do not forget|make a note|note"
    r"|note down|bear in mind|save|store)(?: (?:this|for (?:later|me|next time)))?\b(?: that|:"
    r"|,)? ?",
    re.IGNORECASE,
)
_FORGET: Final = re.compile(
    r"^(?:please |you can |can you |could you |now )*(?:forget|delete|erase|remove|ignore|disregard"
    r"|(?:do not|don't) (?:remember|keep|store)|stop remembering)\b(?: about| all about| the fact"
    r"| what i said)?(?: that)? ?",
    re.IGNORECASE,
)
_REMEMBERED: Final = re.compile(r" (?:from (?:your )?(?:memory|records)|anymore|any more|please)$", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|am|was|were|do(?! not)|does|did|can"
    r"|could|will|would|should|shall|may|have|has|had|any (?:idea|chance|tips))\b(?! (?:a"
    r"|an) (?:day|nice|surprise))",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|imagine|suppose|supposing|hypothetically|let us say|what if|wish|would|could|should"
    r"|might|may (?:be|have|go)|maybe|perhaps|probably|possibly|presumably|pretend|for (?:example"
    r"|instance)|e\.g|not sure|unsure|i (?:think|guess|suppose|believe|doubt|assume|bet|hope|wonder"
    r"|feel like|thought(?! about| of))|am (?:thinking|considering|wondering|torn|curious)|joking|kidding|just kidding"
    r"|dreamed|dreamt|as though|as if|unless|whether|almost|nearly|in theory|someone|somebody"
    r"|seems?|apparently|reportedly|rumou?r\w*|were to|in (?:the|a|my) (?:article|book|movie|film"
    r"|text|story|novel|game|dream|song|play))\b",
    re.IGNORECASE,
)
_REPORTED: Final = re.compile(
    r"\b(?:said|says|say|told|tells|claims?|claimed|wrote|asked|according to|heard|quoted?"
    r"|mentioned|suggested|thinks|believes|assumes|suspects|insists)\b"
    r"|^the (?:article|book|movie|film|character|text|document|email|website"
    r"|page|song|protagonist)\b",
    re.IGNORECASE,
)
_CITED: Final = re.compile(
    r"(?<!\bI )(?<!\bI have )(?<!\bI just )(?<!\bI already )\b(?:said|says|told|tells|wrote|writes|asked|asks|claims"
    r"|claimed)(?: to)?(?: me| us| him| her| them)?\s*[,:]\s*(?=(?:I|[Mm]y|[Ww]e|[Oo]ur)\b)"
)
"""What stands before the words of another that are not between quotation marks."""

_WISHES: Final = re.compile(
    r"\bI would (?:rather|prefer|like)\b|\b(?:it|that) should (?:be|have been)\b", re.IGNORECASE
)
_LONG_QUOTE: Final = re.compile(r'"(?:[^"\s]*\s){3}[^"]*"')

_CLAUSE: Final = re.compile(
    r"(?:\s*[,;:]\s*(?:and|but|so|then|because|which is why|though|although|yet|plus|since)?\s*"
    r"|\s+(?:[—–-]+)\s+|\s+(?:and|but|so|because|though|although)\s+(?:also |now |then )?)(?=(?:I"
    r"|my(?! \w+(?: \w+)?,)|we|our|he|she|My|We|Our|He|She)\b(?! (?:and|or)\b)(?!,))"
    r"|\s*(?:[,;—–]|\s-\s)\s*(?=(?:no[,;]|no wait|nope|wait,|sorry,|actually,|correction|scratch that|make that)\W)"
    r"|\s*[,;—–]\s*(?=(?:(?:can|could|would|will|do|does|what|which|how|where|who|when|why) "
    r"|is (?:there|it|that)|are there))"
)
_GOES_ON: Final = re.compile(
    r"(?:,|,? and|,? but) (?=(?:now |also |currently )?(?:work|live|study|am|was|have|love|like|hate"
    r"|do not|can not|prefer|speak|play|teach|run|moved|started|bought|got|joined|quit|left|use|drive|enjoy|take|eat"
    r"|drink|own) )"
)
_WHO: Final = r"(?:I|[Ww]e|[Hh]e|[Ss]he|[Mm]y [\w'-]+(?: [A-Z][\w'-]+)?|[A-Z][\w'-]+)"
_IS: Final = re.compile(rf"^(?P<lead>{_WHO} (?:am|are|is)) (?P<what>.+)")
_HAS: Final = re.compile(rf"^(?P<lead>{_WHO} (?:have|has|got|have got|has got|adopted)) (?P<what>.+)")
_HAS_ALSO: Final = re.compile(r",? and (?=an? [\w -]+? (?:called|named) [A-Z])")
_IS_ALSO: Final = re.compile(
    r"(?:,? but|,? and|,) (?=(?:(?:also|now|still|\w+ly) )*(?:allergic to \w|(?:an? )?(?:vegetarian|vegan|pescatarian"
    r"|flexitarian|halal|kosher|gluten[- ]free|(?:lactose|gluten)[- ]intolerant|coeliac|celiac|diabetic|asthmatic"
    r"|epileptic|pregnant|deaf|blind|autistic|dyslexic|left-handed|colou?r-?blind|single|married|engaged|divorced"
    rf"|widowed|separated|[1-9]\d? years old|(?:[\w-]+ )?(?:{OCCUPATION}))"
    r"(?=$|[,;.!]| (?:and|but|for|now|again|since|to|with)\b)))"
)
"""Where something else begins that somebody is, which may hold for longer: who eats meat again, or is a year older, is
allergic to nuts all the same."""

_PAIR: Final = re.compile(
    r"^(?!(?:I|[Ww]e|[Hh]e|[Ss]he|[Tt]hey|[Ii]t)\b)(?:(?:[Bb]oth|[Bb]etween) )?"
    rf"(?:(?:[Mm]y|[Oo]ur|[Tt]he) "
    rf"(?:(?:\d|two|three|four|other|older|younger|whole|entire|good|close|old) )?(?:{RELATION}|[\w-]+)"
    r"(?:,? [A-Z][\w'-]+){0,2}|[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})$"
)
"""What stands before "and I" where both do the same: "my brother", "Tom"."""

_CONDITION: Final = re.compile(
    r"^(?:if|unless|according to|imagine|suppose|assum(?:e|ing)|let us say|in case"
    r"|when(?:ever)? i am old)\b|\bif i (?:were|was|had)\b",
    re.IGNORECASE,
)
_IRONIC: Final = re.compile(
    r"^(?:(?:oh|well|ah),? )?yeah,? right\b|^as a joke\b|(?:^|\s)/s$"
    r"|^(?:oh|ah|wow|yeah),? (?:great|joy|wonderful|lovely|fantastic|brilliant|perfect)[,!]* I (?:\w+ )?"
    r"(?:love|like|enjoy)\b",
    re.IGNORECASE,
)
"""What says that the contrary is meant."""

_TAIL: Final = re.compile(
    r"(?:,| [–—-])? ?\b(?:please|(?:thanks|thank you)(?: for \w+(?: \w+){0,3})?|by the way|btw|haha"
    r"|lol|you know|actually|if you do not mind|okay|ok|anyway)$",
    re.IGNORECASE,
)
_ITEM: Final = (
    r"(?!(?:and|at|because|but|especially|even|for|get|he|her|him|how|if|in|including|it|like|mostly|no|not|on|or"
    r"|particularly|she|so|such|that|the|them|they|this|those|to|we|what|when|where|which|with|you)\b)"
    r"(?:(?!of\b)\w[\w'&-]*(?: (?!of\b)[\w'&-]+){0,4}?)"
)
_SEVERAL: Final = re.compile(
    r"^(?P<lead>(?:.*\ballergic to|(?:I|[Ww]e|[Hh]e|[Ss]he|[Mm]y [\w-]+(?: [A-Z]\w+)?|[A-Z]\w+)"
    r" (?:(?:really|also|just|absolutely|still|always|especially|particularly|truly|both) )*"
    r"(?:like|love|enjoy|adore|hate|dislike|detest|(?:can|do|does) not (?:\w+ )?(?:like|stand|eat|drink))s?) )"
    rf"(?P<what>(?:{_ITEM}(?:, {_ITEM})+,? (?:and|or) {_ITEM}|\w+ing,? (?:and|or) \w+ing))$"
)
"""What somebody is allergic to, likes or does not: a list of things, of which "fish and chips" may be one."""

_TWO_ALLERGIES: Final = re.compile(r"^(?P<lead>.*\ballergic to )(?P<what>\w+,? and \w+)$")
_STRONGER: Final = re.compile(
    r"\b(?P<who>I|[Ww]e) (?:really )?do not (?:just |only |merely |really |simply )?(?:like|love|enjoy)"
    r" (?P<what>[^,;:.]+?)(?:[,;:]| -| —| –)? (?P=who) (?P<verb>(?:absolutely |really |actually )?"
    r"(?:adore|love|hate|worship|detest|despise|loathe)) (?:it|them|him|her)\b"
)
"""A word that is taken back for a stronger one: "I don't love pizza, I adore it"."""

_LEADING: Final = re.compile(r"^(?:On|In|Around)\b")
_DAY_FIRST: Final = re.compile(
    r"^(?P<day>(?:on|in|around) (?:the \w+ of )?(?:\w+ ){0,2}(?:19|20)\d\d),? (?P<what>(?:I|[Ww]e|[Mm]y) .+)$"
)
_TAG: Final = re.compile(r"[?？]\W*$")
_CHECKED: Final = re.compile(
    r",? (?:do|does|did|is|are|am|was|were|have|has|had|will|can)(?: not)? (?:I|we|he|she|they|it)(?: not)?\s*[?？]\W*$"
)
"""What makes a question of all that stands before it: "don't I?"."""

_STANDING: Final = re.compile(
    r"\b(?:always|never|from now on|in (?:the )?future|going forward|whenever|every time|call me|address me)\b",
    re.IGNORECASE,
)

_YEARLY: Final = re.compile(
    r"\b(?:birthday|anniversary|name day|every year|each year)\b(?! (?:party|dinner))|\bI was born\b", re.IGNORECASE
)
_NAMELESS: Final = re.compile(
    r"^(?:assistant|ai|bot|chatbot|model|system|agent|tool|function)\b|\b(?:assistant|bot)$", re.IGNORECASE
)
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_KANA: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_VIETNAMESE: Final = re.compile(
    r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]|\b(?:tôi|mình|không|của tôi|tên|thích)\b", re.IGNORECASE
)


def statements(message: Message, said_at: datetime, listener: str, asked: str) -> Iterator[Statement]:
    """What a message states, clause by clause, in its order."""
    text, speaker = readable(message), speaker_of(message)
    language = language_of(text)
    if speaker is None or language is None:
        return
    whole = Statement(
        text=text,
        speaker=speaker,
        listener=listener,
        message_id=message.id or "",
        said_at=said_at,
        language=language,
        asked=asked,
    )
    for start, end in sentences(text, (0, len(text)), LONGEST_SENTENCE):
        sentence = replace(whole, text=text[start:end].strip())
        yield from _in_english(sentence) if language == "english" else abroad(sentence)


def speaker_of(message: Message) -> str | None:
    """Who says it, as facts name them; None for those whose words state nothing: tools, systems, assistants."""
    name = (message.name or "").strip()
    if message.role in ("system", "tool") or _NAMELESS.search(name):
        return None
    if message.role == "assistant":
        return _spelled(name) or None
    return _spelled(name) or THE_USER


def _spelled(name: str) -> str:
    """A name as names are written, where it was given as a handle: Ana for ana."""
    return name.capitalize() if name.isalpha() and name.islower() else name


def readable(message: Message) -> str:
    """The text that its author wrote themselves, without what was injected, pasted, quoted or coded."""
    text = unicodedata.normalize("NFC", message.text[:LONGEST_MESSAGE])
    text = _EMPTY.sub(lambda match: "\n\n" if "\n" in match[0] else " ", text)
    for foreign in (_BLOCK, _CODE, _QUOTED_LINE, _TASK):
        text = foreign.sub(" ", text)
    text = _EMOJI.sub(lambda match: "." if _ENDS.match(text, match.end()) else " ", text)
    return _URL.sub(" ", text).strip()


def language_of(text: str) -> Language | None:
    """The language that the rules read it in; None for scripts they do not know."""
    if _KANA.search(text):
        return None
    if _CHINESE.search(text):
        return "chinese"
    if _VIETNAMESE.search(text):
        return "vietnamese"
    return "english" if re.search(r"[A-Za-z]", text) else None


def _in_english(sentence: Statement) -> Iterator[Statement]:
    text = _STRONGER.sub(r"\g<who> \g<verb> \g<what>", expanded(" ".join(sentence.text.split())))
    if _LONG_QUOTE.search(text) or _CITED.search(text) or _IRONIC.search(text.rstrip(" .!…")):
        return
    sentence = _led(replace(sentence, text=text))
    asks = _TAG.search(sentence.text) is not None and not sentence.forget
    if (
        _CHECKED.search(sentence.text)
        or _CONDITION.search(sentence.text)
        or (_ASKS.search(sentence.text) and not sentence.forget)
    ):
        return
    clauses = list(clauses_of(_TAIL.sub("", sentence.text.rstrip(" .!?…"))))
    for place, clause in enumerate(clauses[: len(clauses) - asks]):
        instead = place > 0 and clause.startswith(("I ", "We ", "we "))  # "forget that I live in Rome, I live in Oslo"
        stated = _led(replace(sentence, text=clause, forget=sentence.forget and not instead))
        if stated.forget or is_stated(stated.text):
            yield from (_dated(stated, text) for text in _each(with_subject(stated.text)))


def _dated(statement: Statement, clause: str) -> Statement:
    """The statement of a clause with the days that it means, behind what happened on them."""
    text = _LEADING.sub(lambda match: match[0].lower(), clause)
    text = resolved(text, statement.said_at, past=is_past_at, yearly=_yearly(text, statement.asked))
    return replace(statement, text=_DAY_FIRST.sub(r"\g<what> \g<day>", text))


def _yearly(clause: str, asked: str) -> bool:
    """Whether its dates are meant in every year: of a birthday, or where one was asked for."""
    answers = not re.search(r"\b(?:I|[Ww]e)\b", clause) and _YEARLY.search(asked)
    return bool(answers or _YEARLY.search(clause))


def _led(statement: Statement) -> Statement:
    """The statement without what leads up to it; what that says of the statement is noted."""
    while True:
        text = statement.text
        if match := _FORGET.match(text):
            statement = replace(statement, text=_REMEMBERED.sub("", text[match.end() :]), forget=True)
        elif match := _REMEMBER.match(text):
            statement = replace(statement, text=text[match.end() :], remember=True)
        elif match := _CORRECTS.match(text):
            statement = replace(statement, text=text[match.end() :], corrects=True)
        elif match := _LEAD.match(text):
            statement = replace(statement, text=text[match.end() :])
        if statement.text == text or not statement.text:
            bare = text.strip(" ,;:")
            return statement if bare == text else replace(statement, text=bare)


def clauses_of(sentence: str) -> Iterator[str]:
    """A sentence cut where another clause with a subject of its own begins, or "and work …" goes on with the first."""
    start = 0
    for match in _CLAUSE.finditer(sentence):
        before = sentence[start : match.start()].strip()
        if before and not ("and" in match[0] and _PAIR.match(before)):
            yield from _going_on(before)
            start = match.end()
    yield from _going_on(sentence[start:].strip())


def _going_on(clause: str) -> Iterator[str]:
    first, *others = _GOES_ON.split(clause) if clause.startswith(("I ", "We ", "we ")) else [clause]
    yield from _being(first)
    for other in others:
        yield from _being(f"{clause.split()[0]} {other}")


def _being(clause: str) -> Iterator[str]:
    """A clause for each of several things that somebody is or has; a denial of several stays one, up to a "but"."""
    for subject, more in ((_IS, _IS_ALSO), (_HAS, _HAS_ALSO)):
        if found := subject.match(clause):
            yield from _apart(found["lead"], found["what"], more)
            return
    yield clause


def _apart(lead: str, what: str, more: re.Pattern[str]) -> Iterator[str]:
    denied, start = what.startswith("not "), 0
    for match in more.finditer(what):
        if not denied or "but" in match[0]:
            yield f"{lead} {what[start : match.start()]}"
            denied, start = False, match.end()
    yield f"{lead} {what[start:]}"


def _each(clause: str) -> list[str]:
    """A clause for each of several allergies or tastes: that one is over says nothing of the others."""
    found = _SEVERAL.match(clause) or _TWO_ALLERGIES.match(clause)
    return [found["lead"] + what for what in re.split(r",? (?:and|or) |, ", found["what"])] if found else [clause]


def is_stated(clause: str) -> bool:
    """Whether a clause states something, as the truth and as its speaker's own."""
    if not clause or _ASKS.search(clause) or _LONG_QUOTE.search(clause):
        return False
    if _STANDING.search(clause):
        return not clause.lower().startswith("if ")
    return not (_SUPPOSED.search(_WISHES.sub("I ", clause)) or _REPORTED.search(clause))
