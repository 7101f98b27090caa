"""Long-term memory: what strategies do to the events of a session, run by us over any store.

    memory = MemoryEngine(store)                      # built-in rules; model=… for a chat model
    memory.run("u1", "s1")                            # extract what is due, exactly once

`MemoryEngine` extracts facts by a `MemoryStrategy` and consolidates them; `BackgroundMemory` does it
beside the conversation. `Receipt` says what a run did, `Pending` what is left. `MemoryTools` lets a
model remember by itself. Recall is the source `contextkit.sources.Memories`.

Each name is resolved on first use, so that recalling memories does not load what makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextkit.memory.background import BackgroundMemory as BackgroundMemory
    from contextkit.memory.consolidate import RuleConsolidator as RuleConsolidator
    from contextkit.memory.consolidate_model import ModelConsolidator as ModelConsolidator
    from contextkit.memory.engine import MemoryEngine as MemoryEngine
    from contextkit.memory.extract_model import ModelExtractor as ModelExtractor
    from contextkit.memory.receipt import Pending as Pending
    from contextkit.memory.receipt import Receipt as Receipt
    from contextkit.memory.rules import RuleExtractor as RuleExtractor
    from contextkit.memory.strategy import MemoryStrategy as MemoryStrategy
    from contextkit.memory.tools import MemoryTools as MemoryTools

__all__ = [
    "BackgroundMemory",
    "MemoryEngine",
    "MemoryStrategy",
    "MemoryTools",
    "ModelConsolidator",
    "ModelExtractor",
    "Pending",
    "Receipt",
    "RuleConsolidator",
    "RuleExtractor",
]

_HOMES = {
    "BackgroundMemory": "background",
    "MemoryEngine": "engine",
    "MemoryStrategy": "strategy",
    "MemoryTools": "tools",
    "ModelConsolidator": "consolidate_model",
    "ModelExtractor": "extract_model",
    "Pending": "receipt",
    "Receipt": "receipt",
    "RuleConsolidator": "consolidate",
    "RuleExtractor": "rules",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'contextkit.memory' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"contextkit.memory.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
