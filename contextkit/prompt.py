"""Prompt: what was fitted, put in its final order and written out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from contextkit.blocks import Chosen, block_message, render
from contextkit.fit import Fit
from contextkit.messages import dumps
from contextkit.render.request import Breakpoints
from contextkit.report import Part
from contextkit.standing import Standing
from contextkit.strategy import Region
from contextkit.system import system_message
from contextkit.types import Message, Request, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The messages and tools as the model gets them, and the volatile block within them ("" without one).

    The prefix, what is likely to be sent again unchanged, ends at `breakpoints`.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    block: str
    breakpoints: Breakpoints


def write(fit: Fit, request: Request) -> Prompt:
    """Stable first, then history, then what changes each turn, and the current turn last."""
    system = system_message(fit.system)
    stable = _block(fit, "stable", request)
    block = _volatile(fit, request)
    opening = [message for message in (system, block_message(stable) if stable else None) if message]
    past = [one.message for one in fit.past.standing]
    present = [one.message for one in fit.present.standing]
    middle = [block_message(block)] if block else []
    messages = (*opening, *past, *middle, *present)
    ends = {len(opening) - 1, len(opening) + len(past) - 1, len(messages) - 1 if len(present) > 1 else -1} - {-1}
    return Prompt(
        messages=messages,
        tools=tuple(item.tool for item in fit.tools if item.tool is not None),
        block=block,
        breakpoints=Breakpoints(messages=tuple(sorted(ends)), after_tools=bool(fit.tools)),
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
    stable = _block(fit, "stable", request)
    if stable:
        yield Part("stable", "stable block", stable, count(block_message(stable)))
    yield from (_message_part("history", one) for one in fit.past.standing)
    if prompt.block:
        yield Part("volatile", "volatile block", prompt.block, count(block_message(prompt.block)))
    yield from (_message_part("turn", one) for one in fit.present.standing)


def _message_part(section: str, one: Standing) -> Part:
    return Part(section, one.item.id, dumps(one.message), one.tokens)


def _volatile(fit: Fit, request: Request) -> str:
    if request.continuing and request.view.turn is not None:
        return (request.view.turn.block or "") if fit.frozen else ""
    return _block(fit, "volatile", request)


def _block(fit: Fit, region: Region, request: Request) -> str:
    chosen: dict[str, list[Chosen]] = {
        section.name: list(fit.sections.get(section.name, ())) for section in request.strategy.region(region)
    }
    return render(chosen)
