"""What a rule looks for, and what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from contextkit.memory.strategy_parts import RuleKind

Naming: TypeAlias = str | Callable[[Mapping[str, str]], str]
"""A template over a rule's groups ("employer of {who}"), or a function of them where a template will not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One form that statements take.

    The groups of `pattern` fill `subject` and `text`; the group `who` has become its owner's name
    by then, and `clause` is all that was said. Without a `value`, it is the group of that name; without a `text`, the
    whole clause is retold. `ends` marks a form that only says that its subject holds
    no longer, and `also` what else does not.
    """

    kind: RuleKind
    pattern: str
    subject: Naming = ""
    value: Naming = "{value}"
    text: str = ""
    importance: float = 0.5
    ends: bool = False
    also: tuple[Naming, ...] = ()

    def match(self, clause: str) -> re.Match[str] | None:
        """The clause in this form, if it has it."""
        return compiled(self.pattern).match(clause)


@cache
def compiled(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """The pattern, compiled when it is first needed: all of them at once would cost an import half a second."""
    return re.compile(pattern, flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a statement says: the text of a fact, what it is a value of, and the value itself where that is known.

    `said` is the part of the clause that a correction would replace; `also` are further subjects that end with it.
    """

    kind: RuleKind
    text: str
    subject: str = ""
    value: str = ""
    said: str = ""
    importance: float = 0.5
    ends: bool = False
    also: tuple[str, ...] = ()


def named(naming: Naming, groups: Mapping[str, str]) -> str:
    """A subject or value filled in from a rule's groups."""
    return " ".join((naming(groups) if callable(naming) else naming.format_map(groups)).split())
