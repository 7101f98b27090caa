"""A prompt with everything in it, for each provider's tests."""

from __future__ import annotations

import pytest

from contextkit.types import Message, Tool, ToolCall


@pytest.fixture
def tools() -> tuple[Tool, ...]:
    return (
        Tool("find", "Find an order.", {"type": "object", "properties": {"q": {"type": "integer"}}}),
        Tool("now", "", {"type": "object", "properties": {}}),
    )


@pytest.fixture
def loop() -> tuple[Message, ...]:
    """A question, two calls, their results in another order (one of them failed), and the next question."""
    calls = (ToolCall("a", "find", '{"q": 1}'), ToolCall("b", "now", ""))
    return (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Where are my orders?", name="Ann"),
        Message(role="assistant", content="Looking.", tool_calls=calls),
        Message(role="tool", content="on its way", tool_call_id="b"),
        Message(role="tool", content="not found", tool_call_id="a", metadata={"status": "error"}),
        Message(role="user", content="And the other?"),
    )
