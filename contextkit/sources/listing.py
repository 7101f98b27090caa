"""Listing: the tools that a function lists, and those that it listed last where it fails or is late."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final, TypeAlias

from contextkit.deadline import Patience
from contextkit.errors import InvalidInput, InvalidTool, shortened
from contextkit.recent import Recent
from contextkit.schemas import as_tool, is_tool, same_name
from contextkit.sources.several import is_list
from contextkit.types import Notice, Request, Tool

Lists: TypeAlias = Callable[[], Iterable[object]]
AsyncLists: TypeAlias = Callable[[], Awaitable[Iterable[object]]]

STANDS_IN: Final = timedelta(minutes=10)
"""How long a listing may stand in for one that fails when a turn begins. Within a turn, in which its tools may have
been called, it does until the turn ends."""

FOR_LISTING: Final = 0.8
"""The part of the tools' deadline that a listing has where another can stand in: ranking them takes milliseconds."""

_SESSIONS: Final = 256
"""Sessions whose last listing is kept in this process, the one used least recently forgotten first."""

_TOLD: Final = 5
"""Refusals of a listing that are told in full where all of it is refused."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The tools of one build, each name once, and what there is to say about them."""

    tools: tuple[Tool, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class _Last:
    """What was listed last, when, and how patiently the next is waited for."""

    listed: Listed
    at: datetime
    patience: Patience


class Listing:
    """A function that lists tools, called for every build.

    Where it fails or is late, what it listed last for the same session of the same actor stands in: for others it may
    well have listed other tools, or the same with other credentials.
    """

    def __init__(self, lists: Lists | None, alists: AsyncLists | None) -> None:
        self._lists = lists
        self._alists = alists
        self._read: dict[int, tuple[object, Tool]] = {}
        self._last = Recent[tuple[str, str], _Last](_SESSIONS)

    @classmethod
    def of(cls, tools: Any) -> Listing | None:
        """The listing, where this is a function that lists tools; None for tools that are there already."""
        if is_tool(tools) or not callable(tools):
            return None
        if inspect.iscoroutinefunction(tools) or inspect.iscoroutinefunction(type(tools).__call__):
            return cls(None, tools)
        return cls(tools, None)

    @property
    def awaits(self) -> bool:
        """Whether it is a coroutine function."""
        return self._alists is not None

    def now(self, request: Request) -> Listed:
        """What is listed now. Raises what the function raises, where nothing can stand in."""
        lists, last = self._lists, self._standing(request)
        if lists is None:
            raise InvalidInput(
                "The tools are listed by a coroutine function, which `build` cannot await.",
                "Use `abuild`, or pass a plain function.",
                value="tools",
            )
        try:
            if last is None:
                given = _several(lists())
            else:
                given = last.patience.call(lambda: _several(lists()), _seconds(request))
        except Exception as error:  # whatever a server's client raises
            return _instead(last, error, request)
        return self._kept(given, last, request)

    async def awaited(self, request: Request) -> Listed:
        """The same of a coroutine function."""
        assert self._alists is not None, "only a source that can await is asked to"
        last = self._standing(request)
        try:
            given = _several(await asyncio.wait_for(self._alists(), None if last is None else _seconds(request)))
        except Exception as error:  # as above
            return _instead(last, error, request)
        return self._kept(given, last, request)

    def _standing(self, request: Request) -> _Last | None:
        """What would stand in, if it is not too old."""
        last = self._last.get((request.actor_id, request.session_id))
        return last if last is not None and (request.continuing or request.now - last.at <= STANDS_IN) else None

    def _kept(self, given: Sequence[object], last: _Last | None, request: Request) -> Listed:
        listed = self._checked(given)
        patience = Patience("tools") if last is None else last.patience
        self._last.put((request.actor_id, request.session_id), _Last(listed, request.now, patience))
        return listed

    def _checked(self, listing: Sequence[object]) -> Listed:
        """The tools among these, and word of each that no provider would take, where others still serve.

        Objects seen last time are not read again; dicts are, for they may have changed.
        """
        seen, self._read = self._read, {}
        tools: dict[str, Tool] = {}
        refused: list[InvalidTool] = []
        for index, given in enumerate(listing):
            before, tool = seen.get(id(given), (None, None))
            try:
                if tool is None or before is not given or isinstance(given, Mapping):
                    tool = as_tool(given, index=index)
                if tools.setdefault(tool.name, tool) is not tool:
                    raise same_name(tool.name, index)
            except InvalidTool as error:
                refused.append(error)
                continue
            self._read[id(given)] = (given, tool)
        if refused and not tools:
            raise _none_of(refused)
        return Listed(tuple(tools.values()), tuple(map(_left_out, refused)))


def _several(listing: object) -> Sequence[object]:
    if is_list(listing):
        return tuple(listing)
    if inspect.iscoroutine(listing):
        listing.close()  # nobody will await it
        raise InvalidInput(
            f"The function that lists the tools gave {shortened(listing)}.",
            "Pass the coroutine function itself, as in Tools(list_tools), and use `abuild`.",
            value=listing,
        )
    raise InvalidInput(
        f"The function that lists the tools gave {shortened(listing)}.",
        "Let it give a list of tools; a function that is itself a tool belongs in a list: Tools([function]).",
        value=listing,
    )


def _seconds(request: Request) -> float:
    """How long a listing is waited for, where another can stand in."""
    return FOR_LISTING * min(request.strategy.seconds({"tools"}), request.deadline.end - perf_counter())


def _instead(last: _Last | None, error: Exception, request: Request) -> Listed:
    if last is None or isinstance(error, InvalidInput):
        raise error
    why = f"{type(error).__name__}: {error}".rstrip(": ")
    age = round((request.now - last.at).total_seconds())
    text = f"The function that lists the tools failed ({why}): those that it listed {age} s ago stand in."
    return replace(last.listed, notices=(*last.listed.notices, Notice("listing failed", text)))


def _left_out(error: InvalidTool) -> Notice:
    return Notice("tool left out", f"A listed tool is not shown: {error}")


def _none_of(refused: Sequence[InvalidTool]) -> InvalidTool:
    """The refusal of a listing of which nothing can be shown."""
    if len(refused) == 1:
        return refused[0]
    told = refused[:_TOLD]
    more = f" And {len(refused) - _TOLD} more are refused." if len(refused) > _TOLD else ""
    return InvalidTool(
        f"None of the {len(refused)} tools listed can be shown. {' '.join(error.problem for error in told)}{more}",
        " ".join(dict.fromkeys(error.remedy for error in told)),
        value=tuple(error.value for error in told),
    )
