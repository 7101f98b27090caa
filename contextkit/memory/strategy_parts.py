"""The tables of a memory strategy: extraction, consolidation, triggers, fields, and how AgentCore runs it.

The bounds are those of the managed service, as botocore's model of `bedrock-agentcore-control` states
them, wherever it has one for the same thing; so that a file which loads can also be provisioned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

RuleKind: TypeAlias = Literal[
    "profile", "relation", "preference", "plan", "event", "decision", "instruction", "note", "summary"
]
"""What the built-in rules can find where there is no model (`contextkit.memory.rules`)."""

FieldType: TypeAlias = Literal["text", "texts", "number"]
"""What a record's own field holds: the three types of record metadata that the managed service extracts."""

ManagedBase: TypeAlias = Literal["semantic", "summary", "user_preference", "episodic"]
"""The built-in strategies of the managed service that one of ours can be provisioned as."""

OWN_VARIABLES: Final = ("strategy", "actor", "session")
"""What every namespace template may name; anything else is listed in the strategy's `variables`."""

STRATEGY_NAME: Final = r"[a-zA-Z][a-zA-Z0-9_]{0,47}"
NAMESPACE: Final = r"[a-zA-Z0-9_/-]*(\{[a-zA-Z][a-zA-Z0-9]*\}[a-zA-Z0-9_/-]*)*"
VARIABLE: Final = r"[a-zA-Z][a-zA-Z0-9]*"
FIELD_NAME: Final = r"[a-zA-Z0-9_.:/=+@-]{1,128}"
"""The managed service's patterns (a field's name there may also hold spaces)."""

LONGEST_NAMESPACE: Final = 512
LONGEST_PROMPT: Final = 30_000
LONGEST_DESCRIPTION: Final = 4_096
LONGEST_FIELD: Final = 1_000
MOST_FIELDS: Final = 20
MOST_VALUES: Final = 10
MOST_VARIABLES: Final = 5
"""The managed service's limits, in characters and in numbers of things."""

RULE_KINDS: Final = get_args(RuleKind)
FIELD_TYPES: Final = get_args(FieldType)
MANAGED_BASES: Final = get_args(ManagedBase)

TRIGGER_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "messages": (1, 50),
    "tokens": (100, 500_000),
    "idle": (10, 3_000),
    "history": (0, 50),
}
"""Least and most of each trigger: the managed service's own bounds for a self-managed strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """How facts are found in new messages.

    * `prompt`: what is worth remembering, told to the model.
    * `rules`: what the built-in rules keep where there is no model; an empty list keeps nothing.
    """

    prompt: str
    rules: tuple[RuleKind, ...] = RULE_KINDS[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidation:
    """What a new fact does to the records that are there.

    * `prompt`: when to add, update, supersede and skip, told to the model.
    """

    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """When new messages are extracted: as soon as any of the first three is reached.

    * `messages`: that many new messages in a session.
    * `tokens`: that many tokens in them.
    * `idle`: that many seconds since the last of them.
    * `history`: how many earlier messages are shown beside the new ones, to understand them by.
    """

    messages: int = 6
    tokens: int = 1_000
    idle: int = 60
    history: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordField:
    """One more thing that a record says beside its text; it is kept in the record's metadata.

    * `type`: text, texts (several) or number.
    * `description`: what it says, told to the model.
    * `values`: the only texts it may hold; none listed means any.
    """

    name: str
    type: FieldType
    description: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """How AgentCore runs this strategy.

    * `base`: the built-in strategy that does the work.
    * `override`: append this file's prompts to those of the service, by a custom strategy.
    * `model`: the id of the Bedrock model that an override runs on; empty: named when provisioning.
    * `reflections`: episodic only, the namespace of what is learnt across episodes.
    """

    base: ManagedBase
    override: bool = False
    model: str = ""
    reflections: str = ""
