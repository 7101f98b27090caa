"""Builds: what adapters need of a `ContextBuilder`, so that whatever wraps one will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from contextkit.offload import Reads

if TYPE_CHECKING:
    from contextkit.context import Context


class Builds(Protocol):
    """What makes prompts: see `ContextBuilder.build`."""

    def build(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context: ...


class Builder(Builds, Reads, Protocol):
    """What LangChain's adapters need of a `ContextBuilder`."""

    async def abuild(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context: ...

    def observe(self, context: Context, usage: Mapping[str, Any]) -> None: ...
