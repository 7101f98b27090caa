"""MemoryStrategy: what is remembered, read from `strategies/memory/*.toml`.

One file drives both homes of memory: extraction and consolidation run by us over any store, and the
managed strategy that AgentCore runs. A strategy is data: frozen, declarative, never executable. Every key
is known and checked, and a mistake is answered with the file, the line and the nearest key that exists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from contextkit.memory.namespaces import filled_namespace
from contextkit.memory.strategy_parts import (
    LONGEST_DESCRIPTION,
    STRATEGY_NAME,
    Consolidation,
    Extraction,
    Managed,
    RecordField,
    Triggers,
)
from contextkit.memory.strategy_tables import (
    read_bounded,
    read_consolidation,
    read_extraction,
    read_fields,
    read_managed,
    read_namespace,
    read_table,
    read_text,
    read_triggers,
    read_variables,
)
from contextkit.strategy.file import StrategyFile
from contextkit.strategy.shipped import shipped_names, strategy_file

LONGEST_LIFE: Final = 36_500
"""Days that a record may be kept at most: a hundred years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStrategy:
    """What is remembered of a conversation, where it is kept, and for how long.

    * `description`: what it is for, in one line.
    * `namespace`: where its records live, a template such as `/strategies/{strategy}/actors/{actor}/`.
    * `variables`: the names in the templates besides strategy, actor and session.
    * `expires_after`: days after which a record ends; 0 keeps it. The managed service takes 31 or more.
    * `extraction`: how facts are found in new messages.
    * `consolidation`: what a new fact does to the records that are there.
    * `triggers`: when new messages are extracted.
    * `fields`: what a record says beside its text.
    * `managed`: how AgentCore runs it; without, it is run by us alone.
    """

    name: str
    description: str
    namespace: str
    extraction: Extraction
    consolidation: Consolidation
    variables: tuple[str, ...] = ()
    expires_after: int = 0
    triggers: Triggers = field(default_factory=Triggers)
    fields: tuple[RecordField, ...] = ()
    managed: Managed | None = None

    @classmethod
    def load(cls, strategy: str | Path | MemoryStrategy) -> MemoryStrategy:
        """A strategy from itself, from the name of one that ships with contextkit, or from a TOML file."""
        if isinstance(strategy, MemoryStrategy):
            return strategy
        return read_memory_strategy(strategy_file("memory", strategy))

    def namespace_of(self, actor_id: str, session_id: str, variables: Mapping[str, str] | None = None) -> str:
        """The namespace of one session's records, its variables filled in.

        A `/` or `%` in a value is written `%2F` or `%25`, so that no id can imitate another's namespace,
        and ids that are too long for one are written as their hashes.
        Raises `InvalidInput` where a variable of the template has no value.
        """
        return _filled(self.name, self.namespace, actor_id, session_id, variables or {})

    def subtree_of(self, actor_id: str, variables: Mapping[str, object] | None = None) -> str:
        """The namespace over all sessions of an actor: the template up to its `{session}`, filled in."""
        template = self.namespace.partition("{session}")[0]
        values = {name: str(value) for name, value in (variables or {}).items()}
        return _filled(self.name, template[: template.rfind("/") + 1], actor_id, "", values)


def memory_strategy_names() -> list[str]:
    """The names of the memory strategies that ship with contextkit."""
    return shipped_names("memory")


def read_memory_strategy(path: Path) -> MemoryStrategy:
    """Read and check one strategy file."""
    return _strategy(path.stem, StrategyFile.read(path))


def parse_memory_strategy(text: str, *, name: str, file: str = "<strategy>") -> MemoryStrategy:
    """A strategy from TOML text."""
    return _strategy(name, StrategyFile(file, text))


def _filled(name: str, template: str, actor_id: str, session_id: str, variables: Mapping[str, str]) -> str:
    values = {**variables, "strategy": name, "actor": actor_id, "session": session_id}
    return filled_namespace(template, values, f"the memory strategy {name!r}")


_KEYS: Final[Mapping[str, Any]] = {
    "description": str,
    "namespace": str,
    "variables": list,
    "expires_after": int,
    "extraction": dict,
    "consolidation": dict,
    "triggers": dict,
    "fields": dict,
    "managed": dict,
}
assert set(_KEYS) == {field.name for field in fields(MemoryStrategy)} - {"name"}


def _strategy(name: str, file: StrategyFile) -> MemoryStrategy:
    data = file.tables()
    file.check_keys(data, _KEYS)
    if not re.fullmatch(STRATEGY_NAME, name):
        raise file.wrong(
            f"{name!r} is no name for a memory strategy.",
            "Name the file with a letter first, then letters, digits and `_`, 48 at most.",
            "name",
            name,
        )
    variables = read_variables(data, file)
    namespace = read_namespace(data, "namespace", variables, file)
    return MemoryStrategy(
        name=name,
        description=read_text(data, "description", LONGEST_DESCRIPTION, file),
        namespace=namespace,
        variables=variables,
        expires_after=read_bounded(data, "expires_after", (0, LONGEST_LIFE), file),
        extraction=read_extraction(read_table(data, "extraction", file), file),
        consolidation=read_consolidation(read_table(data, "consolidation", file), file),
        triggers=read_triggers(data.get("triggers", {}), file),
        fields=tuple(read_fields(data.get("fields", {}), file)),
        managed=read_managed(data["managed"], namespace, file) if "managed" in data else None,
    )
