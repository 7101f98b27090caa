"""Memory strategies: from what CreateMemory and UpdateMemory are given to what GetMemory says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from contextkit.testing.agentcore.refusals import invalid
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import World

Kind: TypeAlias = Literal["SEMANTIC", "SUMMARIZATION", "USER_PREFERENCE", "EPISODIC", "CUSTOM"]

KINDS: Mapping[str, Kind] = {
    "semanticMemoryStrategy": "SEMANTIC",
    "summaryMemoryStrategy": "SUMMARIZATION",
    "userPreferenceMemoryStrategy": "USER_PREFERENCE",
    "episodicMemoryStrategy": "EPISODIC",
    "customMemoryStrategy": "CUSTOM",
}

OVERRIDES: Mapping[str, tuple[Kind, str]] = {
    "semanticOverride": ("SEMANTIC", "semantic"),
    "summaryOverride": ("SUMMARIZATION", "summary"),
    "userPreferenceOverride": ("USER_PREFERENCE", "userPreference"),
    "episodicOverride": ("EPISODIC", "episodic"),
}
"""What a custom strategy overrides: the kind that it then works as, and its name within the model's members."""

BUILT_IN: Final = ("memoryStrategyId", "actorId", "sessionId")
"""Variables that every namespace template may use."""

BY_ACTOR: Final = "/strategies/{memoryStrategyId}/actors/{actorId}"
BY_SESSION: Final = f"{BY_ACTOR}/sessions/{{sessionId}}"
"""The service's own templates, for strategies that name none."""

_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_TRIGGERS: list[Params] = [
    {"messageBasedTrigger": {"messageCount": 6}},
    {"tokenBasedTrigger": {"tokenCount": 1_000}},
    {"timeBasedTrigger": {"idleSessionTimeout": 30}},
]
_HISTORY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One memory strategy. `works_as` is its kind, or the kind that a custom one overrides; None: self-managed."""

    id: str
    name: str
    kind: Kind
    works_as: Kind | None
    template: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    configuration: Params | None = None
    schema: Params | None = None
    expiry_days: int | None = None

    @property
    def variables(self) -> list[str]:
        """The variables of its namespace template."""
        return _VARIABLE.findall(self.template)

    def namespace(self, actor_id: str, session_id: str, variables: Mapping[str, str]) -> str | None:
        """The template filled in; None where a variable has no value."""
        known = {"memoryStrategyId": self.id, "actorId": actor_id, "sessionId": session_id, **variables}
        if any(name not in known for name in self.variables):
            return None
        return _VARIABLE.sub(lambda found: known[found[1]], self.template)

    def view(self, ready: bool) -> Params:
        """The strategy as GetMemory says it."""
        optional = {
            "description": self.description,
            "configuration": self.configuration,
            "memoryRecordSchema": self.schema,
            "recordExpiryDurationDays": self.expiry_days,
        }
        return {
            "strategyId": self.id,
            "name": self.name,
            "type": self.kind,
            "namespaces": [self.template],
            "namespaceTemplates": [self.template],
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "status": "ACTIVE" if ready else "CREATING",
        } | {name: value for name, value in optional.items() if value is not None}


def new_strategy(given: Params, where: str, world: World) -> Strategy:
    """A strategy out of one member of the input union."""
    ((member, content),) = given.items()
    kind = KINDS[member]
    works_as = _works_as(kind, content)
    by_session = works_as in ("SUMMARIZATION", "EPISODIC")
    return Strategy(
        id=f"{content['name']}-{world.ids.hex(10)}",
        name=content["name"],
        kind=kind,
        works_as=works_as,
        template=template(content, f"{where}.{member}") or (BY_SESSION if by_session else BY_ACTOR),
        created_at=world.now,
        updated_at=world.now,
        description=content.get("description"),
        configuration=_configuration(content, works_as),
        schema=content.get("memoryRecordSchema"),
        expiry_days=content.get("recordExpirySpecification", {}).get("recordExpiryDurationDays"),
    )


def modified(strategy: Strategy, given: Params, where: str, world: World) -> Strategy:
    """The strategy with what one modification gives."""
    configuration = _reconfigured(strategy, given.get("configuration", {}), f"{where}.configuration")
    expiry = given.get("recordExpirySpecification")
    return replace(
        strategy,
        template=template(given, where) or strategy.template,
        description=given.get("description", strategy.description),
        configuration=configuration or None,
        schema=given.get("memoryRecordSchema", strategy.schema),
        expiry_days=expiry.get("recordExpiryDurationDays") if expiry else strategy.expiry_days,
        updated_at=world.now,
    )


def template(given: Params, where: str) -> str | None:
    """The namespace template, under its own name or its older one. Both must agree."""
    new, old = given.get("namespaceTemplates"), given.get("namespaces")
    if new and old and new != old:
        raise invalid(f"{where}.namespaces", "namespaces and namespaceTemplates name different templates")
    chosen: list[str] = new or old or [""]
    return chosen[0] or None


def check_variables(strategies: Mapping[str, Strategy], keys: list[Params]) -> None:
    """Raise `Refused` where a template uses a variable that is neither built in nor one of the memory's keys."""
    known = {*BUILT_IN, *(entry["key"] for entry in keys)}
    for strategy in strategies.values():
        for name in strategy.variables:
            if name not in known:
                raise invalid("namespaceKeys", f"Strategy {strategy.name} uses {{{name}}}, which is not declared")


def _works_as(kind: Kind, content: Params) -> Kind | None:
    if kind != "CUSTOM":
        return kind
    chosen = next(iter(content.get("configuration", {"semanticOverride": {}})))
    return OVERRIDES[chosen][0] if chosen in OVERRIDES else None


def _configuration(content: Params, works_as: Kind | None) -> Params | None:
    """The configuration as GetMemory says it, which is not how it was given."""
    if reflection := content.get("reflectionConfiguration"):
        return {"reflection": {"episodicReflectionConfiguration": reflection}}
    given = content.get("configuration")
    if not given:
        return None
    ((chosen, parts),) = given.items()
    if works_as is None:
        defaults = {"triggerConditions": _TRIGGERS, "historicalContextWindowSize": _HISTORY}
        return {"type": "SELF_MANAGED", "selfManagedConfiguration": {**defaults, **parts}}
    stem = OVERRIDES[chosen][1]
    kind = "SUMMARY" if works_as == "SUMMARIZATION" else works_as
    return {"type": f"{kind}_OVERRIDE"} | {step: _override(stem, step, part) for step, part in parts.items()}


def _reconfigured(strategy: Strategy, given: Params, where: str) -> Params:
    """The strategy's configuration with what a modification gives. Raises `Refused` where its kind has no such part."""
    before = strategy.configuration or {}
    for step, part in given.items():
        if not any(name.startswith(_parts(strategy)) for name in _named(step, part)):
            raise invalid(f"{where}.{step}", f"A {strategy.kind} strategy has no such configuration")
    own = given.get("selfManagedConfiguration")
    return {**before, **given} | ({"selfManagedConfiguration": _merged(before, own)} if own else {})


def _parts(strategy: Strategy) -> tuple[str, ...]:
    """How the names begin of what can be configured in a strategy."""
    if strategy.works_as is None:
        return ("selfManaged",)
    stem = next(stem for kind, stem in OVERRIDES.values() if kind == strategy.works_as)
    return (stem,) if strategy.kind == "CUSTOM" else ("episodicReflectionConfiguration",)


def _named(step: str, part: Params) -> list[str]:
    """The names of a configuration's innermost unions, which say what kind of strategy they are for."""
    if step == "selfManagedConfiguration":
        return [step]
    return [name for key, inner in part.items() for name in (inner if key.startswith("custom") else (key,))]


def _merged(before: Params, given: Params) -> Params:
    """A self-managed configuration with what is given, which may be part of its invocation only."""
    old: Params = before["selfManagedConfiguration"]
    invocation = {**old["invocationConfiguration"], **given.get("invocationConfiguration", {})}
    return {**old, **given, "invocationConfiguration": invocation}


def _override(stem: str, step: str, part: Params) -> Params:
    title = step.capitalize()
    return {f"custom{title}Configuration": {f"{stem}{title}Override": part}}
