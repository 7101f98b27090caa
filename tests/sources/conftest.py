"""Requests as the builder makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import pytest

from contextkit.budget import Budget
from contextkit.strategy import ContextStrategy
from contextkit.tokens import get_counter
from contextkit.types import Message, Request
from contextkit.view import Turn, View


class MakeRequest(Protocol):
    def __call__(
        self,
        query: str,
        *,
        topic: str | None = None,
        before: str = "",
        shown: tuple[str, ...] = (),
        continuing: bool = False,
    ) -> Request: ...


@pytest.fixture
def request_for() -> MakeRequest:
    """`request_for(query)`: a first build; with `shown`, one after a prompt that showed these tools. With a `topic`,
    one whose query says nothing by itself."""

    def make(
        query: str,
        *,
        topic: str | None = None,
        before: str = "",
        shown: tuple[str, ...] = (),
        continuing: bool = False,
    ) -> Request:
        return Request(
            query=query,
            turn=Turn(query=Message(role="user", content=query), after=0, topic=topic),
            before=before,
            continuing=continuing,
            actor_id="u1",
            session_id="s1",
            budget=Budget(8_000),
            counter=get_counter("o200k_base"),
            strategy=ContextStrategy.load("agent"),
            now=datetime(2026, 3, 1, tzinfo=UTC),
            view=View(tools=shown),
        )

    return make
