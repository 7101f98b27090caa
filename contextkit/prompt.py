"""Prompt: what was fitted, put in its final order and written out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from contextkit.blocks import block_message, block_tokens, render
from contextkit.fit import Fit
from contextkit.fit.standing import Standing
from contextkit.messages import dumps
from contextkit.render.request import Breakpoints
from contextkit.report import Part
from contextkit.strategy import Region
from contextkit.system import system_message
from contextkit.types import Message, Request, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The messages and tools as the model gets them, and the two blocks within them ("" without one).

    `tokens` is what the whole of it costs, tool schemas and framing included; `block_tokens` what
    the volatile block does. The prefix, what is likely to be sent again unchanged, ends at
    `breakpoints`.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    stable: str
    block: str
    tokens: int
    block_tokens: int
    breakpoints: Breakpoints


def write(fit: Fit, request: Request) -> Prompt:
    """Stable first, then history, then what changes each turn, and the current turn last."""
    system = system_message(fit.system)
    stable, stable_cost = _block(fit, "stable", request)
    block, block_cost = _volatile(fit, request)
    opening = [message for message in (system, block_message(stable) if stable else None) if message]
    past = fit.past.messages
    present = [one.message for one in fit.present.standing]
    pause = [fit.pause.message] if fit.pause and fit.pause.message else []
    middle = [*pause, *([block_message(block)] if block else [])]
    messages = (*opening, *past, *middle, *present)
    tools = tuple(item.tool for item in fit.tools if item.tool is not None)
    pieces = (fit.used["system"], fit.used["tools"], stable_cost, fit.past.tokens, block_cost, fit.used["turn"])
    ends = {len(opening) - 1, len(opening) + len(past) - 1, len(messages) - 1 if len(present) > 1 else -1} - {-1}
    return Prompt(
        messages=messages,
        tools=tools,
        stable=stable,
        block=block,
        tokens=request.counter.framing(len(messages), len(fit.tools)) + sum(pieces),
        block_tokens=block_cost,
        breakpoints=Breakpoints(messages=tuple(sorted(ends)), after_tools=bool(tools)),
    )


def parts(fit: Fit, prompt: Prompt, request: Request) -> Iterator[Part]:
    """The prompt piece by piece, in the order in which a provider caches it: tools, then messages."""
    for item in fit.tools:
        tool = item.tool
        text = json.dumps([tool.name, tool.description, tool.parameters], default=str) if tool else item.text
        yield Part("tools", item.id, text, item.tokens)
    count = request.counter.message
    system = system_message(fit.system)
    if system is not None:
        yield Part("system", "system", system.text, count(system))
    if prompt.stable:
        yield Part("stable", "stable block", prompt.stable, count(block_message(prompt.stable)))
    yield from (_message_part("history", one) for one in fit.past.standing)
    if fit.pause:
        yield _message_part("turn", Standing(fit.pause))
    if prompt.block:
        yield Part("volatile", "volatile block", prompt.block, count(block_message(prompt.block)))
    yield from (_message_part("turn", one) for one in fit.present.standing)


def _message_part(section: str, one: Standing) -> Part:
    shown = replace(one.message, id=None, created_at=None)  # a question gets both as it is appended, and none is sent
    return Part(section, one.item.id, dumps(shown), one.tokens)


def _volatile(fit: Fit, request: Request) -> tuple[str, int]:
    turn = request.view.turn
    if request.continuing and turn is not None:
        return (turn.block or "", turn.block_tokens) if fit.frozen else ("", 0)
    return _block(fit, "volatile", request)


def _block(fit: Fit, region: Region, request: Request) -> tuple[str, int]:
    """The text of a region's block, and what its message costs."""
    names = [section.name for section in request.strategy.region(region) if fit.sections.get(section.name)]
    text = render({name: fit.sections[name] for name in names})
    return text, block_tokens(text, {name: fit.used[name] for name in names}, request.counter)
