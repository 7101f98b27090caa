"""AgentTools: the tools of the Strands agent whose prompt is being built, as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from contextkit.ladder import READ_TOOL
from contextkit.sources.tools import Tools
from contextkit.types import Embeddings

Spec: TypeAlias = Mapping[str, Any]
"""A tool as Strands specifies it: `name`, `description` and `inputSchema`."""

_asking: ContextVar[Sequence[Spec]] = ContextVar("contextkit_strands_tools", default=())


class AgentTools(Tools):
    """Whatever tools the agent has when its model is called, of which the best are shown; see `Tools`.

    Those that Strands adds are among them, for structured output and to hand over in a swarm; pin the
    names of such in an agent that has more tools than `limit`. Where no agent asks, there are none.
    """

    def __init__(
        self,
        *,
        limit: int | None = 10,
        sticky: bool = True,
        pinned: Sequence[str] = (),
        embeddings: Embeddings | None = None,
    ) -> None:
        super().__init__(_listed, limit=limit, sticky=sticky, pinned=pinned, embeddings=embeddings)


@contextmanager
def asking(specs: Sequence[Spec]) -> Iterator[None]:
    """Have these be the tools of the agent that asks, within a `with` block."""
    token = _asking.set(specs)
    try:
        yield
    finally:
        _asking.reset(token)


def _listed() -> list[Mapping[str, Spec]]:
    return [{"toolSpec": spec} for spec in _asking.get() if spec["name"] != READ_TOOL]
