"""A model for Strands' agents that says what it was told to, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from strands.models import Model

Block = Mapping[str, Any]


class Asked(BaseModel):
    """What one call of the model was given."""

    messages: list[dict[str, Any]]
    specs: list[dict[str, Any]]
    system: list[dict[str, Any]]

    @property
    def tools(self) -> list[str]:
        return [spec["name"] for spec in self.specs]

    @property
    def text(self) -> str:
        return json.dumps([self.system, self.messages])


class Scripted(Model):
    """A model that answers with these blocks, one list after another, and keeps what it was asked."""

    def __init__(self, *answers: Sequence[Block], usage: tuple[int, int] = (0, 0)) -> None:
        self.asked: list[Asked] = []
        self._answers = iter(answers)
        self._usage = usage

    def update_config(self, **_: Any) -> None:
        raise AssertionError("nobody configures it")

    def get_config(self) -> dict[str, Any]:
        return {}

    def structured_output(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("an agent asks for structured output by a tool")

    async def stream(
        self,
        messages: Any,
        tool_specs: Any = None,
        _: Any = None,
        *,
        system_prompt_content: Any = None,
        **__: Any,
    ) -> AsyncIterator[Any]:
        self.asked.append(Asked(messages=messages, specs=tool_specs or [], system=system_prompt_content or []))
        blocks = next(self._answers)
        yield {"messageStart": {"role": "assistant"}}
        for block in blocks:
            call = block.get("toolUse")
            begun = {"toolUse": {key: call[key] for key in call if key != "input"}} if call else {}
            said = {"toolUse": {"input": json.dumps(call["input"])}} if call else {"text": block["text"]}
            yield {"contentBlockStart": {"start": begun}}
            yield {"contentBlockDelta": {"delta": said}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if any("toolUse" in block for block in blocks) else "end_turn"}}
        read, written = self._usage
        usage = {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}


def call(name: str, number: int = 1, **given: Any) -> Block:
    return {"toolUse": {"toolUseId": f"call-{number}", "name": name, "input": given}}


def text(said: str) -> Block:
    return {"text": said}
