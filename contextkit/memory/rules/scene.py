"""What a conversation has spoken of so far: who is called what, and what was just said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from contextkit.memory.rules.finding import Finding
from contextkit.memory.rules.statement import Statement

RECENT: Final = 12
"""Findings that a correction may still mean: what was said in the last few messages."""


@dataclass(slots=True)
class Scene:
    """What a conversation has spoken of so far."""

    names: dict[str, set[str]] = field(default_factory=dict)
    last_person: str = ""
    last_pronoun: str = ""
    last_said: str = ""
    recent: list[tuple[Statement, Finding]] = field(default_factory=list)

    def note(self, statement: Statement, finding: Finding) -> None:
        """Remember a finding for the corrections that may follow."""
        self.recent = [*self.recent[1 - RECENT :], (statement, finding)]

    def speak_of(self, person: str, pronoun: str = "", said: str = "") -> None:
        """Whom "she" or "he" will mean from now on; `pronoun` where only one of them will do.

        `said` is how the speaker calls somebody without a name: "my mother".
        """
        self.last_person, self.last_pronoun, self.last_said = person, pronoun, said or person

    def means(self, pronoun: str) -> str:
        """Whom a pronoun means, as the speaker would call them; empty where nobody can tell."""
        return self.last_said if self.last_pronoun in ("", pronoun.lower()) else ""

    def call(self, relation: str, name: str) -> None:
        """Learn what a relation ("Ana's sister") is called."""
        self.names.setdefault(relation, set()).add(name)

    def person(self, relation: str) -> str:
        """The name of a relation where it has one and only one, otherwise the relation itself."""
        known = self.names.get(relation, set())
        return next(iter(known)) if len(known) == 1 else relation
