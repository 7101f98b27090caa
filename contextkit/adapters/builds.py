"""Builds: what adapters need of a `ContextBuilder`, so that whatever wraps one will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

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
