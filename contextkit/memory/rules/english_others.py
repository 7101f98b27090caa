"""The people and animals around somebody, and the things of which a person has one. Most particular first."""

from __future__ import annotations

from typing import Final

from contextkit.memory.rules.forms import KIN, OCCUPATION, RELATION, SINGLE_THING, any_of, form
from contextkit.memory.rules.subjects import possession
from contextkit.memory.rules.words import NATIONALITIES, NO_NAMES, OCCUPATION_ENDINGS

OTHERS: Final = (
    form(
        "relation",
        r"^(?:[Mm]y|[Oo]ur) (?:new |current )?«possessed» (?:is (?:called|named)|goes by|name is) (?P<value>«name»)",
        "",
        text="The name of {who_s} {what} is {value}.",
        importance=0.8,
    ),
    form(
        "relation",
        r"^(?:[Mm]y|[Oo]ur) (?:new |current )?«possessed»'s? (?:full |first |last )?name is (?P<value>«name»)",
        "",
        text="The name of {who_s} {what} is {value}.",
        importance=0.8,
    ),
    form(
        "relation",
        rf"^(?P<value>(?!(?:{any_of(NO_NAMES)})\b)«name») is my «possessed»\b",
        "",
        text="The name of {who_s} {what} is {value}.",
        importance=0.8,
    ),
    form(
        "relation",
        rf"^(?:[Mm]y|[Oo]ur) (?:new |current )?«possessed» is "
        rf"(?P<value>(?!(?:{NATIONALITIES}|{any_of(NO_NAMES)})\b)«name»)$",
        "",
        text="The name of {who_s} {what} is {value}.",
        importance=0.8,
    ),
    form(
        "profile",
        rf"^[Mm]y (?P<relation>{RELATION})'s (?P<what>birthday|age|job|email|phone number|anniversary"
        r"|address) is (?:on )?«rest»",
        "{what} of {who}'s {relation}",
        importance=0.7,
    ),
    form(
        "relation",
        r"^(?:I|[Ww]e) «adv»(?:have|got|found|switched to|changed to) (?:an?|my|our) new «possessed»"
        r",? (?:(?:her|his|their) name is |called |named |who is called )?(?P<value>«name»)",
    ),
    form(
        "relation",
        r"^«who» «adv»(?:have|has|got|adopted|had|have got) (?:an?|one|two|three|four|five|\d|another"
        rf"|some) (?:[\w-]+ ){{0,2}}?(?:{KIN}|children|siblings|dogs|cats|sons|daughters|sisters"
        r"|brothers|kids|pets|fish|fishes|twins|grandchildren)\b",
        importance=0.7,
    ),
    form(
        "profile",
        r"^«who» «adv»(?:owns?|(?:co-)?founded) (?P<value>(?:an?|two|three|four|five|\d+|several) \w.*|[A-Z].*)$",
        importance=0.7,
    ),
    form(
        "profile",
        rf"^(?:[Mm]y )?(?P<what>(?i:{SINGLE_THING})): ?«rest»",
        possession,
        text="{Who_s} {what} is {value}.",
        importance=0.7,
    ),
    form(
        "profile",
        rf"^(?:I|[Ww]e) «adv»(?:changed (?:my|our) (?P<what>{SINGLE_THING}) to"
        rf"|(?:got|have) an? new (?P<new>{SINGLE_THING})"
        r"(?::|,| is|, it is)) «rest»",
        possession,
        importance=0.8,
    ),
    form(
        "profile",
        r"^[Mm]y (?P<what>(?:wedding )?anniversary|birthday) (?:is|falls|was) (?:on )?"
        r"(?P<value>.*(?:[\dA-Z]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)).*?)«over»",
        possession,
        importance=0.8,
    ),
    form(
        "profile",
        r"^[Mm]y (?P<what>(?:(?:last|first|full|middle|maiden) name|surname"
        r"|nickname)) is(?: now)? (?P<value>«name»)",
        possession,
        importance=0.8,
    ),
    form(
        "profile",
        rf"^[Mm]y (?P<what>(?:new |current |actual |main |personal |total )?(?:{SINGLE_THING}))(?: now)? (?:is"
        r"|are|has changed to|changed to|will be|was changed to)(?: now| still| actually"
        r"| currently)? (?P<value>(?:(?:about|around|under|over|between|only|exactly) )?(?:an? \w"
        r"|the (?!problem)|[A-Z\d+€$£#\"]|\S*[@\d]).*?)«over»",
        possession,
        importance=0.8,
    ),
    form(
        "profile",
        r"^[Mm]y (?P<what>(?:new |current |main )?(?:diet|(?:main )?goal|major|degree|blood type"
        r"|native language|mother tongue|nationality|religion|star sign|pronouns|hometown|thesis topic"
        r"|specialty))(?: now)? (?:is|are)(?: now| still)? (?!(?:not|so|too|very|really|great|good|bad|broken"
        r"|terrible|fine|ok|okay|important|over|going|being|getting)\b)«rest»",
        possession,
        importance=0.8,
    ),
    form(
        "profile",
        r"^[Mm]y (?:new |current )?(?:job|job title|occupation|profession|role|position"
        r"|title) is (?:now )?(?:an? |the "
        rf"|to be an? )?(?P<value>(?:(?!not\b)[\w-]+ ){{0,3}}?(?:{OCCUPATION}"
        rf"|\w*(?:{'|'.join(OCCUPATION_ENDINGS)})))(?=$|[,;.!]| (?:at|for|in|and)\b)",
        "occupation of {who}",
        importance=0.8,
    ),
)
