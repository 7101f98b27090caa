"""Prompt-cache reuse: how much of each prompt its provider has in its cache from the one before.

    python -m tests.benchmarks.prefix [--window 4000] [--strategy agent chat] [--order 1] [--tools 0]

The demo's conversation is lived through again: a build for every question and after every tool
result, everything said appended in between, with tools, documents, memories and preferences as
sources. Reused are the leading tokens that are byte for byte those of the last prompt. The peer
is langchain's `trim_messages` over the same system prompt and messages with the same counter,
without tools, documents or memories, which would stand in no prompt as they stood in the last.
`--order` shuffles the conversation's sessions by that seed: another conversation about the same
things. `--tools` is their limit, 0 for as many as fit: a change of tools costs all of a prefix. How many of the calls
are of tools that were shown tells what that is worth (`calls_of_tools_shown`).
`prompts` holds the numbers of every prompt after the first, as `Reuse` names them. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import chain, groupby, takewhile
from random import Random
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage, trim_messages

from contextkit import Budget, ContextBuilder, Message, demo
from contextkit.report import Part, Report
from contextkit.sources import Documents, History, Memories, Preferences, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter

COUNTER = get_counter()
LARGEST = 1_000
"""Tokens of the largest message lived through: the demo's 200 KB result is another benchmark's matter."""


@dataclass(frozen=True)
class Reuse:
    """One prompt after the first, in tokens: all of it, and what of it begins it as it began the last one.

    `stable` is what could have been reused: what stands before the volatile block (for the peer:
    anywhere) and was shown in the last prompt; `stable_reused` is what of that was reused. `volatile` is
    what was looked up for this prompt anew. Of the tools `called` in the answer, so many were `offered` in the prompt.
    """

    tokens: int
    reused: int
    stable: int
    stable_reused: int
    volatile: int = 0
    called: int = 0
    offered: int = 0


def summary(prompts: Sequence[Reuse]) -> dict[str, Any]:
    tokens, stable = (sum(column) for column in zip(*((one.tokens, one.stable) for one in prompts), strict=True))
    return {
        "of_all": round(sum(one.reused for one in prompts) / tokens, 3),
        "of_the_stable_part": round(sum(one.stable_reused for one in prompts) / stable, 3),
        "volatile": round(sum(one.volatile for one in prompts) / tokens, 3),
        "calls": sum(one.called for one in prompts),
        "calls_of_tools_shown": sum(one.offered for one in prompts),
        "prompts": [astuple(one) for one in prompts],
    }


def conversation(order: int | None = None) -> list[Message]:
    """The demo's messages; with an `order`, its sessions shuffled by it, at the times of those they replace."""
    messages = [
        m if COUNTER.message(m) <= LARGEST else replace(m, content=m.text[:2_000]) for m in demo.load().messages
    ]
    if order is None:
        return messages
    sessions = [list(session) for _, session in groupby(messages, lambda message: message.id.partition("-")[0])]
    Random(order).shuffle(sessions)
    return [replace(m, created_at=was.created_at) for m, was in zip(chain(*sessions), messages, strict=True)]


def steps(messages: Sequence[Message]) -> Iterator[tuple[int, Message | None]]:
    """When a model is called: before which message, and the question if a turn begins there."""
    for number, message in enumerate(messages):
        if message.role != "assistant" or number == 0:
            continue
        before = messages[number - 1]
        if before.role == "user":
            yield number, before
        elif before.role == "tool":
            yield number, None


def ours(messages: Sequence[Message], window: int, strategy: str, tools: int | None = 10) -> Iterator[Reuse]:
    data = demo.load()
    store = SQLiteStore(":memory:")
    store.put_memories("u", data.memories)
    store.set_preferences("u", data.preferences)
    sources = [
        System(demo.SYSTEM_PROMPT),
        Tools(data.tools, limit=tools),
        Preferences(),
        Memories(),
        Documents(data.documents),
        History(),
    ]
    builder = ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(window))
    told, last = 0, None
    for number, question in steps(messages):
        store.append("u", "s", messages[told:number])
        told = number
        context = builder.build(question, actor_id="u", session_id="s")
        report = context.report
        if last is not None:
            shared, stable = report.diff(last).shared_tokens, prefix_tokens(report, last)
            anew = sum(part.tokens for part in report.parts if question is not None and part.section == "volatile")
            called, names = messages[number].tool_calls, {tool.name for tool in context.tools}
            offered = sum(call.name in names for call in called)
            yield Reuse(report.tokens, shared, stable, min(shared, stable), anew, len(called), offered)
        last = report


def prefix_tokens(report: Report, last: Report) -> int:
    """Tokens before the volatile block, without the messages that did not yet stand there in the last prompt."""
    known = {part.label for part in prefix_of(last)}
    return sum(part.tokens for part in prefix_of(report) if part.section != "history" or part.label in known)


def prefix_of(report: Report) -> Iterator[Part]:
    return takewhile(lambda part: part.section not in ("volatile", "turn"), report.parts)


def theirs(messages: Sequence[Message], window: int) -> Iterator[Reuse]:
    converted = [as_langchain(message) for message in messages]
    costs = {id(one): COUNTER.message(message) for one, message in zip(converted, messages, strict=True)}
    system = SystemMessage(demo.SYSTEM_PROMPT)
    costs[id(system)] = COUNTER.message(Message(role="system", content=demo.SYSTEM_PROMPT))
    last: list[BaseMessage] = []
    for number, _ in steps(messages):
        prompt = trim_messages(
            [system, *converted[:number]],
            max_tokens=window,
            token_counter=lambda given: sum(costs[id(one)] for one in given),
            strategy="last",
            include_system=True,
            start_on="human",
        )
        known = {id(one) for one in last}
        same = takewhile(lambda pair: pair[0] is pair[1], zip(prompt, last, strict=False))
        shared = sum(costs[id(one)] for one, _ in same)
        if last:
            stable = sum(costs[id(one)] for one in prompt if id(one) in known)
            yield Reuse(sum(costs[id(one)] for one in prompt), shared, stable, shared)
        last = prompt


def as_langchain(message: Message) -> BaseMessage:
    if message.role == "tool":
        return ToolMessage(message.text, tool_call_id=message.tool_call_id or "")
    if message.role == "user":
        return HumanMessage(message.text)
    calls = [{"name": call.name, "args": json.loads(call.arguments), "id": call.id} for call in message.tool_calls]
    return AIMessage(message.text, tool_calls=calls)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prompt-cache reuse.")
    parser.add_argument("--window", type=int, default=4_000)
    parser.add_argument("--strategy", nargs="+", default=["agent", "chat"])
    parser.add_argument("--order", type=int, help="shuffle the conversation's sessions by this seed")
    parser.add_argument("--tools", type=int, default=10, help="the limit of tools; 0 for as many as fit")
    options = parser.parse_args()
    messages = conversation(options.order)
    found: dict[str, object] = {
        "benchmark": "prefix",
        "window": options.window,
        "prompts": sum(1 for _ in steps(messages)),
    }
    found |= {
        name: summary([*ours(messages, options.window, name, options.tools or None)]) for name in options.strategy
    }
    print(json.dumps(found | {"trim_messages": summary([*theirs(messages, options.window)])}))


if __name__ == "__main__":
    main()
