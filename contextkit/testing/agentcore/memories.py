"""Memory resources and the control plane that makes them: create, get, list, update, delete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from contextkit.testing.agentcore.contents import Contents
from contextkit.testing.agentcore.pages import page, paged
from contextkit.testing.agentcore.quotas import MAX_MEMORIES, MAX_STRATEGIES
from contextkit.testing.agentcore.refusals import Refused, invalid, not_found
from contextkit.testing.agentcore.strategies import Strategy, check_variables, modified, new_strategy
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import World

MAX_INDEXED_KEYS: Final = 10


@dataclass(slots=True, kw_only=True)
class Memory:
    """One memory resource and all that is in it.

    `settled_at` is when it stops being CREATING, UPDATING or DELETING, which `changing` says. `plain` are the
    settings that are only given back.
    """

    id: str
    arn: str
    name: str
    expiry_days: int
    created_at: datetime
    updated_at: datetime
    settled_at: datetime
    changing: str = "CREATING"
    failure: str | None = None
    plain: Params = field(default_factory=dict)
    strategies: dict[str, Strategy] = field(default_factory=dict)
    indexed: dict[str, str] = field(default_factory=dict)
    namespace_keys: list[Params] = field(default_factory=list)
    contents: Contents = field(default_factory=Contents)

    def status(self, now: datetime) -> str:
        """CREATING, UPDATING or DELETING until it has settled, then ACTIVE or FAILED."""
        if now < self.settled_at:
            return self.changing
        return "FAILED" if self.failure else "ACTIVE"

    def view(self, now: datetime) -> Params:
        """The memory as GetMemory says it."""
        status = self.status(now)
        seen: Params = self.plain | {
            "arn": self.arn,
            "id": self.id,
            "name": self.name,
            "eventExpiryDuration": self.expiry_days,
            "status": status,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "strategies": [each.view(now >= self.settled_at) for each in self.strategies.values()],
        }
        if status == "FAILED":
            seen["failureReason"] = self.failure
        if self.indexed:
            seen["indexedKeys"] = [{"key": key, "type": kind} for key, kind in self.indexed.items()]
        if self.namespace_keys:
            seen["namespaceKeys"] = self.namespace_keys
        return seen

    def summary(self, now: datetime) -> Params:
        """The memory as ListMemories says it."""
        view = self.view(now)
        return {name: view[name] for name in ("arn", "id", "status", "createdAt", "updatedAt")}


class Memories:
    """The account's memories. `failing`, where set, is why the next ones created become FAILED instead of ACTIVE."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}
        self.failing: str | None = None

    def all(self, now: datetime) -> list[Memory]:
        """Every memory that there is; those that were deleted go when their time has come."""
        gone = [each.id for each in self._memories.values() if each.changing == "DELETING" and now >= each.settled_at]
        for memory_id in gone:
            del self._memories[memory_id]
        return list(self._memories.values())

    def find(self, memory_id: str, now: datetime) -> Memory:
        """The memory of this id or ARN. Raises `Refused` where there is none."""
        for memory in self.all(now):
            if memory_id in (memory.id, memory.arn):
                return memory
        raise not_found("Memory", memory_id)

    def usable(self, memory_id: str, now: datetime) -> Memory:
        """The memory for the data plane, which serves it once it is made."""
        memory = self.find(memory_id, now)
        status = memory.status(now)
        if status == "DELETING":
            raise not_found("Memory", memory_id)
        if status in ("CREATING", "FAILED"):
            raise invalid("memoryId", f"Memory {memory.id} is {status}, not ACTIVE", "ResourceConflict")
        return memory

    def create(self, params: Params, world: World) -> Params:
        """CreateMemory."""
        there = self.all(world.now)
        if any(memory.name == params["name"] for memory in there):
            raise invalid("name", f"Memory with name {params['name']} already exists", "ResourceConflict")
        if len(there) >= MAX_MEMORIES:
            raise Refused("ServiceQuotaExceededException", f"An account has at most {MAX_MEMORIES} memories")
        memory = _new_memory(params, world, self.failing)
        _add_strategies(memory, params.get("memoryStrategies", []), "memoryStrategies", world)
        _add_indexed_keys(memory, params.get("indexedKeys", []), "indexedKeys")
        _set_namespace_keys(memory, params.get("namespaceKeys", []))
        self._memories[memory.id] = memory
        return {"memory": memory.view(world.now)}

    def get(self, params: Params, world: World) -> Params:
        """GetMemory."""
        return {"memory": self.find(params["memoryId"], world.now).view(world.now)}

    def list_memories(self, params: Params, world: World) -> Params:
        """ListMemories."""
        rows = sorted((memory.id, memory.summary(world.now)) for memory in self.all(world.now))
        return paged("memories", *page(rows, params))

    def update(self, params: Params, world: World) -> Params:
        """UpdateMemory. Either all of it holds or nothing was changed."""
        memory = self._settled(params, world)
        changed = _copy(memory)
        plain = ("description", "memoryExecutionRoleArn", "streamDeliveryResources")
        changed.plain |= {name: params[name] for name in plain if name in params}
        changed.expiry_days = params.get("eventExpiryDuration", memory.expiry_days)
        _change_strategies(changed, params.get("memoryStrategies", {}), world)
        _add_indexed_keys(changed, params.get("addIndexedKeys", []), "addIndexedKeys")
        _set_namespace_keys(changed, params.get("namespaceKeys", memory.namespace_keys))
        changed.updated_at = world.now
        changed.settled_at, changed.changing = world.now + world.behaviour.creation_delay, "UPDATING"
        self._memories[memory.id] = changed
        return {"memory": changed.view(world.now)}

    def delete(self, params: Params, world: World) -> Params:
        """DeleteMemory."""
        memory = self._settled(params, world)
        memory.settled_at, memory.changing = world.now + world.behaviour.creation_delay, "DELETING"
        return {"memoryId": memory.id, "status": "DELETING"}

    def _settled(self, params: Params, world: World) -> Memory:
        memory = self.find(params["memoryId"], world.now)
        if world.now < memory.settled_at:
            raise Refused("ConflictException", f"Memory {memory.id} is in transitional state {memory.changing}")
        return memory


def _new_memory(params: Params, world: World, failure: str | None) -> Memory:
    memory_id = f"{params['name']}-{world.ids.hex(10)}"
    where = world.behaviour
    plain = ("description", "encryptionKeyArn", "memoryExecutionRoleArn", "streamDeliveryResources")
    return Memory(
        id=memory_id,
        arn=f"arn:aws:bedrock-agentcore:{where.region}:{where.account}:memory/{memory_id}",
        name=params["name"],
        expiry_days=params["eventExpiryDuration"],
        created_at=world.now,
        updated_at=world.now,
        settled_at=world.now + where.creation_delay,
        failure=failure,
        plain={name: params[name] for name in plain if name in params},
    )


def _copy(memory: Memory) -> Memory:
    """The same memory with settings that can be changed apart; its contents are shared."""
    return replace(memory, plain=dict(memory.plain), strategies=dict(memory.strategies), indexed=dict(memory.indexed))


def _change_strategies(memory: Memory, given: Params, world: World) -> None:
    for entry in given.get("deleteMemoryStrategies", []):
        del memory.strategies[_strategy(memory, entry["memoryStrategyId"]).id]
    for index, entry in enumerate(given.get("modifyMemoryStrategies", [])):
        strategy = _strategy(memory, entry["memoryStrategyId"])
        where = f"memoryStrategies.modifyMemoryStrategies.{index}"
        memory.strategies[strategy.id] = modified(strategy, entry, where, world)
    _add_strategies(memory, given.get("addMemoryStrategies", []), "memoryStrategies.addMemoryStrategies", world)


def _strategy(memory: Memory, strategy_id: str) -> Strategy:
    if strategy_id not in memory.strategies:
        raise not_found("Memory strategy", strategy_id)
    return memory.strategies[strategy_id]


def _add_strategies(memory: Memory, given: list[Params], where: str, world: World) -> None:
    for index, entry in enumerate(given):
        strategy = new_strategy(entry, f"{where}.{index}", world)
        if any(other.name == strategy.name for other in memory.strategies.values()):
            raise invalid(f"{where}.{index}", f"Strategy {strategy.name} already exists", "ResourceConflict")
        memory.strategies[strategy.id] = strategy
    if len(memory.strategies) > MAX_STRATEGIES:
        raise Refused("ServiceQuotaExceededException", f"A memory has at most {MAX_STRATEGIES} strategies")


def _add_indexed_keys(memory: Memory, given: list[Params], where: str) -> None:
    for index, entry in enumerate(given):
        kind = memory.indexed.setdefault(entry["key"], entry["type"])
        if kind != entry["type"]:
            raise invalid(f"{where}.{index}", f"{entry['key']} is indexed as {kind}", "ResourceConflict")
    if len(memory.indexed) > MAX_INDEXED_KEYS:
        raise Refused("ServiceQuotaExceededException", f"A memory has at most {MAX_INDEXED_KEYS} indexed keys")


def _set_namespace_keys(memory: Memory, keys: list[Params]) -> None:
    for index, entry in enumerate(keys):
        pattern = entry.get("validation", {}).get("regexPattern")
        if pattern is not None and not _is_pattern(pattern):
            raise invalid(f"namespaceKeys.{index}.validation.regexPattern", "Member must be a regular expression")
    check_variables(memory.strategies, keys)
    memory.namespace_keys = keys


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True
