"""What the rules know of a language other than English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contextkit.memory.strategy_parts import RuleKind


@dataclass(frozen=True, slots=True)
class Tongue:
    """What has to be known of a language: who "I" is, what no statement is, and what leads up to one."""

    me: str
    user: str
    myself: re.Pattern[str]
    mine: re.Pattern[str]
    unstated: re.Pattern[str]
    lead: re.Pattern[str]
    forget: re.Pattern[str]
    cuts: re.Pattern[str]
    forms: tuple[tuple[RuleKind, re.Pattern[str], str, float], ...]
    ends: tuple[tuple[re.Pattern[str], str], ...]
    possessive: str
    against: re.Pattern[str]


def forms(*forms: tuple[RuleKind, str, str, float]) -> tuple[tuple[RuleKind, re.Pattern[str], str, float], ...]:
    return tuple((kind, re.compile(pattern, re.IGNORECASE), subject, worth) for kind, pattern, subject, worth in forms)
