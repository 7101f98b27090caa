"""What the rules know of a language other than English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contextkit.memory.strategy_parts import RuleKind


@dataclass(frozen=True, slots=True)
class Tongue:
    """What has to be known of a language.

    * `me`: "I", to be put before a clause that goes on without it; `user`: whoever has no name.
    * `myself`, `mine`, `ours`: how a speaker names themselves, what is theirs, and those they speak for.
    * `kinship`: a speaker who names themselves by what they are to the other, at the beginning of a clause, as `self`;
      and `addressed`, at its end, the other.
    * `theirs`: one of the speaker's family, `kin`, at the beginning of a clause; `they`: how the next one goes on about
      them, up to what it says.
    * `goes_on`: a clause of whose "I" the next one speaks too, if it names nobody: not "my wife …", nor "I have a son".
    * `unstated`: what makes no statement of a sentence; `lead`, `forget`: what stands before one; `cuts`: between two.
    * `forms`: kind, pattern, subject and importance of what is stated; `ends`: what says that it is over, and
      of which subjects; `several`: a list of things, `item` of it, each of which somebody likes or does not.
    * `when`: a day or month before a clause, and `then`: how it is told behind its "I" or at its end.
    * `asks`: what the assistant is to do from now on, and `asked`: how that is told; `languages` it may answer in.
    * `possessive`, `group`: what is somebody's, and those they speak for; `against`: that a taste is not there.
    """

    me: str
    user: str
    myself: re.Pattern[str]
    kinship: re.Pattern[str]
    addressed: re.Pattern[str]
    theirs: re.Pattern[str]
    they: re.Pattern[str]
    mine: re.Pattern[str]
    ours: re.Pattern[str]
    goes_on: re.Pattern[str]
    unstated: re.Pattern[str]
    lead: re.Pattern[str]
    forget: re.Pattern[str]
    cuts: re.Pattern[str]
    forms: tuple[tuple[RuleKind, str, str, float], ...]
    ends: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    several: re.Pattern[str]
    item: re.Pattern[str]
    when: re.Pattern[str]
    then: str
    asks: re.Pattern[str]
    asked: str
    languages: Mapping[str, str]
    possessive: str
    group: str
    against: re.Pattern[str]
