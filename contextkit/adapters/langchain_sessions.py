"""Whose session a LangChain config names; and the session of an agent that a tool of another agent runs.

LangGraph hands a tool's config on to whatever the tool runs. In the session that it names, the outer agent is in the
midst of a call: what an inner agent said there would stand between that call and its result, each would see what the
other was asked. So an inner agent has a session of its own, one for each call, unless it is given another by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig

from contextkit.errors import InvalidId


@dataclass(frozen=True, slots=True)
class _Running:
    """The call of a tool that an agent runs: the ids that the agent's config names, and the session it is in."""

    named: tuple[str, str]
    session_id: str
    call_id: str


_running: ContextVar[_Running | None] = ContextVar("contextkit_running_call", default=None)


def ids_of(config: RunnableConfig) -> tuple[str, str]:
    """The actor and the session that a config names; in a tool, the session of the agent that runs it.

    Raises `InvalidId` where one is missing.
    """
    named = _named(config)
    outer = _running.get()
    return (named[0], outer.session_id) if outer is not None and outer.named == named else named


def agents_config(config: RunnableConfig) -> RunnableConfig:
    """An agent's config with the session that the agent is in. Raises `InvalidId` where it names none."""
    return {**config, "configurable": {**config.get("configurable", {}), "session_id": _agents_session(config)}}


@contextmanager
def running(call_id: str, config: RunnableConfig) -> Iterator[None]:
    """Have this be the call that an agent with this config runs, within a `with` block."""
    token = _running.set(_Running(_named(config), _agents_session(config), call_id))
    try:
        yield
    finally:
        _running.reset(token)


def _agents_session(config: RunnableConfig) -> str:
    """The session that the config names, or within it that of the call in which the agent is run."""
    named = _named(config)
    outer = _running.get()
    return f"{outer.session_id}/{outer.call_id}" if outer is not None and outer.named == named else named[1]


def _named(config: RunnableConfig) -> tuple[str, str]:
    given = config.get("configurable", {})
    session = given.get("session_id") or given.get("thread_id")
    if given.get("actor_id") and session:
        return given["actor_id"], session
    missing = "session_id" if given.get("actor_id") else "actor_id"
    raise InvalidId(
        f"The config names no {missing}.",
        'Pass config={"configurable": {"actor_id": …, "session_id": …}}.',
        value=given.get(missing),
    )
