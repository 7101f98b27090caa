"""Where context comes from: one source per file.

Each name is resolved on first use, so that importing one source does not load the others' needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextkit.sources.documents import Documents as Documents
    from contextkit.sources.history import History as History
    from contextkit.sources.memories import Memories as Memories
    from contextkit.sources.overflow import Overflow as Overflow
    from contextkit.sources.preferences import Preferences as Preferences
    from contextkit.sources.sessions import Sessions as Sessions
    from contextkit.sources.system import System as System
    from contextkit.sources.tools import Tools as Tools

__all__ = ["Documents", "History", "Memories", "Overflow", "Preferences", "Sessions", "System", "Tools"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'contextkit.sources' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"contextkit.sources.{name.lower()}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
