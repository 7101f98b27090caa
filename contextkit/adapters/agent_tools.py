"""AgentTools: the tools of the agent whose prompt is being built, as a source, for Strands' and LangChain's agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from contextkit.errors import InvalidInput
from contextkit.sources.tools import Tools
from contextkit.types import Embeddings, Tool


@dataclass(frozen=True, slots=True)
class _Asking:
    """The tools of the agent that asks, and the name of that which its model must call, if any."""

    tools: Sequence[object] = ()
    forced: str | None = None


_NOBODY: Final = _Asking()
_asking: ContextVar[_Asking] = ContextVar("contextkit_agent_tools", default=_NOBODY)


class AgentTools(Tools):
    """Whatever tools the agent has when its model is called, of which the best are shown; see `Tools`.

    Those that Strands adds are among them, for structured output and to hand over in a swarm; pin the
    names of such in an agent that has more tools than `limit`. One that the model is forced to call is always
    shown. Where no agent asks, there are none.
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

    def pins(self, tools: Sequence[Tool]) -> tuple[str, ...]:
        """The names of the tools that are always in, for a call that is forced the tool to be called too."""
        forced = _asking.get().forced
        return (*super().pins(tools), *(tool.name for tool in tools if tool.name == forced))


@contextmanager
def asking(tools: Sequence[object], forced: str | None = None) -> Iterator[None]:
    """Have these be the tools of the agent that asks, in any shape that `Tools` takes, within a `with` block.

    `forced` is the name of the one that its model must call.
    """
    token = _asking.set(_Asking(tools, forced))
    try:
        yield
    finally:
        _asking.reset(token)


def forced_tool(choice: object) -> str | None:
    """The name of the tool that a choice forces the model to call, in any provider's shape; None where none is named.

    LangChain takes a mere name too: "auto", "any" and the like are taken for names that no tool has.
    """
    match choice:
        case str(name):
            return name
        case {"function": {"name": str(name)}} | {"tool": {"name": str(name)}} | {"type": "tool", "name": str(name)}:
            return name
    return None


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
    return _asking.get().tools
