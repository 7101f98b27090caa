"""Aside: what blocks, in threads beside an event loop.

They are contextkit's own. The loop's may all be taken by others who block, such as chat models without an asynchronous
client, and a prompt would wait for their answers. There are few, as each takes the loop's time while it works.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from typing import Final, TypeVar

T = TypeVar("T")

THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""As many as an event loop has by itself."""


async def aside(work: Callable[[], T]) -> T:
    """What `work` gives or raises, in a thread that has the caller's context."""
    threads = _threads(os.getpid())
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work)


@lru_cache(maxsize=1)
def _threads(_: int) -> ThreadPoolExecutor:
    """This process's: a forked child has none of its parent's."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="contextkit")
