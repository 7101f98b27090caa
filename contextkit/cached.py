"""Cached tools: a function whose results a store keeps, so that the same question is asked once.

    @cached_tool(store, actor=current_user, ttl=timedelta(minutes=1))
    async def list_issues(repository: str, label: str = "bug") -> list[dict[str, str]]: ...

What tells one result from another is the tool's name and version, whose result it is, and every
argument, those with default values included.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import Future
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from contextkit.errors import InvalidInput, StoreUnavailable, shortened
from contextkit.stores import ToolCache

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("contextkit.cached")


def cached_tool(
    cache: ToolCache,
    *,
    actor: str | Callable[[], str] | None,
    name: str | None = None,
    version: str = "1",
    ttl: timedelta = timedelta(minutes=5),
    ignore: Collection[str] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function's results come from `cache` while they are younger than `ttl`.

    `actor` says whose results these are: an actor id, or a function that says on whose behalf
    the process acts at the moment (from the access token, say; never from an argument that a
    model fills in). Only None shares results among all actors: it has to be said.

    `name` is the function's own unless given: two tools of one cache need two names. Change
    `version` when the function's results change their shape or meaning, and no old result is
    used again. `ignore` names parameters that do not bear on the result and are no JSON (a
    framework's context object, `self`).

    Results are JSON values, and each caller gets its own copy, on the first call too. Callers
    that ask the same at the same time share one call, across threads, event loops and, through
    the store, processes. What the function raises reaches the callers and is not kept. Where
    the store is out of reach, the function is called as if there were no cache, with a warning
    in the log.

    Works on plain and on coroutine functions. A coroutine function is awaited in the event loop
    and context of the caller who came first, and goes on where that caller is cancelled: others
    may be waiting. Raises `InvalidInput`, when called, for arguments and results that are not
    JSON, and when decorating, for an ignored parameter that does not exist.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        tool = _Tool(function, cache, name or function.__name__, version, ttl, actor, ignore)
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                call = _in_loop(lambda: function(*args, **kwargs))
                return await _in_thread(lambda: tool.result(tool.arguments(*args, **kwargs), call))

            return cast("Callable[P, R]", awaited)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            return cast("R", tool.result(tool.arguments(*args, **kwargs), lambda: function(*args, **kwargs)))

        return called

    return decorate


class _Tool:
    """A function, and where its results are kept."""

    def __init__(
        self,
        function: Callable[..., object],
        cache: ToolCache,
        name: str,
        version: str,
        ttl: timedelta,
        actor: str | Callable[[], str] | None,
        ignore: Collection[str],
    ) -> None:
        self._signature = inspect.signature(function)
        self._cache = cache
        self._name = name
        self._version = version
        self._ttl = ttl
        self._actor = actor
        self._ignore = frozenset(ignore)
        _check_ignored(name, self._ignore, self._signature)

    def arguments(self, *args: object, **kwargs: object) -> dict[str, object]:
        """What the result depends on, by the parameters' names. Raises `TypeError` as the function would."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return {name: value for name, value in bound.arguments.items() if name not in self._ignore}

    def result(self, arguments: Mapping[str, object], call: Callable[[], object]) -> object:
        """The kept result, or that of `call`, which is made at most once."""
        begun = False

        def once() -> object:
            nonlocal begun
            begun = True
            return call()

        try:
            return self._cache.get_or_call(
                self._name,
                arguments,
                once,
                actor_id=self._actor() if callable(self._actor) else self._actor,
                version=self._version,
                ttl=self._ttl,
            )
        except StoreUnavailable as error:
            if begun:
                raise  # it is the function's own
            _log.warning("The tool %r was called without its cache: %s", self._name, error)
            return call()


def _check_ignored(tool: str, ignored: Collection[str], signature: inspect.Signature) -> None:
    unknown = sorted(set(ignored) - set(signature.parameters))
    if unknown:
        raise InvalidInput(
            f"The tool {tool!r} has no parameter {shortened(unknown[0])} to ignore.",
            f"Name some of {', '.join(signature.parameters) or 'none'}.",
            value=unknown[0],
        )


def _in_loop(make: Callable[[], object]) -> Callable[[], object]:
    """A call, for another thread, that awaits a coroutine in the event loop we are in now."""
    loop = asyncio.get_running_loop()

    def call() -> object:
        return asyncio.run_coroutine_threadsafe(cast("Coroutine[Any, Any, object]", make()), loop).result()

    return call


async def _in_thread(call: Callable[[], object]) -> object:
    """What `call` returns or raises, from a thread of its own that sees the caller's context variables.

    Not from the event loop's pool: its threads could all be waiting for one call, which itself
    needs another of them.
    """
    answer: Future[object] = Future()
    answer.set_running_or_notify_cancel()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            answer.set_result(context.run(call))
        except BaseException as error:  # whatever it is, it is the caller's
            answer.set_exception(error)

    threading.Thread(target=run, name="cached tool", daemon=True).start()
    return await asyncio.wrap_future(answer)
