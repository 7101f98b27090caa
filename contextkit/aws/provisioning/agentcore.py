"""An AgentCore memory: what the service is asked to make, from the strategies that we run too.

One file in `strategies/memory` drives both homes of memory. Here its [managed] table, its
namespace, its fields and, where it overrides, its prompts become the service's own strategy. The
shapes are those of botocore's `bedrock-agentcore-control` model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contextkit.errors import InvalidInput
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.strategy_parts import OWN_VARIABLES, FieldType, Managed, ManagedBase, RecordField

MOST_STRATEGIES: Final = 6
"""Of one memory, by AgentCore's quotas."""

LEAST_EVENT_DAYS, MOST_EVENT_DAYS = 3, 365
"""How long events are kept, by CloudFormation's schema; botocore's model would take ten years."""

LEAST_RECORD_DAYS: Final = 31
"""How long records that expire are kept at least, by botocore's model."""

_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
_NAMESPACE_KEY: Final = re.compile(r"[a-z][a-z0-9]{0,31}")

_VARIABLES: Mapping[str, str] = {"strategy": "memoryStrategyId", "actor": "actorId", "session": "sessionId"}
assert set(_VARIABLES) == set(OWN_VARIABLES)

_BASES: Mapping[ManagedBase, str] = {
    "semantic": "semantic",
    "summary": "summary",
    "user_preference": "userPreference",
    "episodic": "episodic",
}
_TYPES: Mapping[FieldType, str] = {"text": "STRING", "texts": "STRINGLIST", "number": "NUMBER"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What memory is wanted.

    * `name`: letters, digits and `_`; the service puts a random ending behind it to make the id.
    * `strategies`: each with a [managed] table; up to six.
    * `event_days`: how long events are kept. Records outlive them.
    * `model`: the Bedrock model of strategies that override and name none. `role`: what such
      strategies call it with.
    * `key`: the ARN of a KMS key; without, a key that Amazon owns.

    Raises `InvalidInput` for what the service would refuse.
    """

    name: str
    strategies: tuple[MemoryStrategy, ...]
    event_days: int = 90
    model: str = ""
    role: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(
                f"{self.name[:80]!r} is no name for a memory.",
                "Begin with a letter, then letters, digits and `_`, 48 at most.",
                value=self.name,
            )
        if not LEAST_EVENT_DAYS <= self.event_days <= MOST_EVENT_DAYS:
            raise InvalidInput(
                f"Events are to be kept for {self.event_days} days.",
                f"Use {LEAST_EVENT_DAYS} to {MOST_EVENT_DAYS}.",
                value=self.event_days,
            )
        if len(self.strategies) > MOST_STRATEGIES:
            raise InvalidInput(
                f"There are {len(self.strategies)} strategies; a memory takes {MOST_STRATEGIES}.",
                "Leave some to contextkit, or make a second memory.",
                value=len(self.strategies),
            )
        for strategy in self.strategies:
            _check(strategy, self)

    @property
    def models(self) -> list[str]:
        """The models that its overriding strategies run on."""
        return list(dict.fromkeys(_model(managed, self) for _, managed in self.managed if managed.override))

    @property
    def managed(self) -> list[tuple[MemoryStrategy, Managed]]:
        """The strategies, each with how it is managed."""
        return [(strategy, strategy.managed) for strategy in self.strategies if strategy.managed is not None]


def create_request(plan: MemoryPlan) -> dict[str, Any]:
    """What CreateMemory is asked."""
    variables = sorted({name for strategy in plan.strategies for name in strategy.variables})
    return {
        "name": plan.name,
        "eventExpiryDuration": plan.event_days,
        "memoryStrategies": [_strategy(strategy, managed, plan) for strategy, managed in plan.managed],
        **({"namespaceKeys": [{"key": name} for name in variables]} if variables else {}),
        **({"encryptionKeyArn": plan.key} if plan.key else {}),
        **({"memoryExecutionRoleArn": plan.role} if plan.role else {}),
    }


def managed_template(template: str) -> str:
    """A namespace template in the service's words: `{actor}` becomes `{actorId}`, and so on."""
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{_VARIABLES.get(found[1], found[1])}}}", template)


def _check(strategy: MemoryStrategy, plan: MemoryPlan) -> None:
    managed = strategy.managed
    if managed is None:
        raise InvalidInput(
            f"The strategy {strategy.name!r} has no [managed] table: AgentCore cannot run it.",
            "Add one, or leave it to contextkit.",
            value=strategy.name,
        )
    if 0 < strategy.expires_after < LEAST_RECORD_DAYS:
        raise InvalidInput(
            f"Records of {strategy.name!r} expire after {strategy.expires_after} days; "
            f"AgentCore keeps them {LEAST_RECORD_DAYS} at least.",
            "Raise `expires_after`, or leave the strategy to contextkit.",
            value=strategy.expires_after,
        )
    for name in strategy.variables:
        if not _NAMESPACE_KEY.fullmatch(name):
            raise InvalidInput(
                f"The variable {name!r} of {strategy.name!r} cannot be a namespace key of AgentCore.",
                "Use up to 32 small letters and digits, a letter first.",
                value=name,
            )
    if managed.override and not _model(managed, plan):
        raise InvalidInput(
            f"The strategy {strategy.name!r} overrides the service's prompts, and no model is named.",
            "Set `model` in its [managed] table, or pass --model.",
            value=strategy.name,
        )


def _strategy(strategy: MemoryStrategy, managed: Managed, plan: MemoryPlan) -> dict[str, Any]:
    described = {
        "name": strategy.name,
        "description": strategy.description,
        "namespaceTemplates": [managed_template(strategy.namespace)],
        **_schema(strategy.fields),
        **_expiry(strategy.expires_after),
    }
    if managed.override:
        return {"customMemoryStrategy": {**described, "configuration": _override(strategy, managed, plan)}}
    return {f"{_BASES[managed.base]}MemoryStrategy": {**described, **_reflections(managed)}}


def _override(strategy: MemoryStrategy, managed: Managed, plan: MemoryPlan) -> dict[str, Any]:
    model = _model(managed, plan)
    prompts = {"extraction": strategy.extraction.prompt, "consolidation": strategy.consolidation.prompt}
    if managed.base == "summary":
        del prompts["extraction"]  # of summaries the service lets only this be overridden
    steps = {step: {"appendToPrompt": prompt.strip(), "modelId": model} for step, prompt in prompts.items()}
    return {f"{_BASES[managed.base]}Override": steps}


def _schema(fields: Iterable[RecordField]) -> dict[str, Any]:
    entries = [_field(field) for field in fields]
    return {"memoryRecordSchema": {"metadataSchema": entries}} if entries else {}


def _field(field: RecordField) -> dict[str, Any]:
    validation = {"texts": "stringListValidation"}.get(field.type, "stringValidation")
    allowed = {"validation": {validation: {"allowedValues": list(field.values)}}} if field.values else {}
    return {
        "key": field.name,
        "type": _TYPES[field.type],
        "extractionType": "LLM_INFERRED",
        "extractionConfig": {"llmExtractionConfig": {"definition": field.description, **allowed}},
    }


def _expiry(days: int) -> dict[str, Any]:
    return {"recordExpirySpecification": {"recordExpiryDurationDays": days}} if days else {}


def _reflections(managed: Managed) -> dict[str, Any]:
    if not managed.reflections:
        return {}
    return {"reflectionConfiguration": {"namespaceTemplates": [managed_template(managed.reflections)]}}


def _model(managed: Managed, plan: MemoryPlan) -> str:
    return managed.model or plan.model
