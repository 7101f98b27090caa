"""AgentTools: the tools of the agent whose prompt is being built, as a source, for Strands' and LangChain's agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from contextkit.errors import InvalidInput
from contextkit.sources.tools import Tools
from contextkit.types import Embeddings

_asking: ContextVar[Sequence[object]] = ContextVar("contextkit_agent_tools", default=())


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
def asking(tools: Sequence[object]) -> Iterator[None]:
    """Have these be the tools of the agent that asks, in any shape that `Tools` takes, within a `with` block."""
    token = _asking.set(tools)
    try:
        yield
    finally:
        _asking.reset(token)


def own_prompt(prompt: object) -> InvalidInput:
    """The refusal of an agent that has this system prompt of its own."""
    return InvalidInput(
        "The agent has a system prompt of its own, which its model would never see.",
        "Give it to the builder instead: `sources=[System(text), …]`.",
        value=prompt,
    )


def unknown_tools(names: Sequence[str]) -> InvalidInput:
    """The refusal of an agent that has tools of these names, where the builder has no source of them."""
    return InvalidInput(
        f"The agent has tools that the builder knows nothing of: {', '.join(names)}.",
        "Have `AgentTools()` among its sources.",
        value=names,
    )


def _listed() -> Sequence[object]:
    return _asking.get()
