"""One long turn of an agent: hundreds of tool calls after one question, a prompt before each answer of the model.

    python -m tests.benchmarks.agent_turn [--calls 200] [--window 16000] [--rows 5 20 120] [--seed 1]

Each call has a few arguments, and its result is JSON of as many rows as the seed picks from `--rows`: together
they are several windows long. All are given the same system prompt and messages and are counted by the same
counter; ours has the tool that reads handles back as well, and its store. The peers are those that need no
model of their own:

* `trim_messages` (langchain-core): the newest messages, from a user's message on, as its documentation advises.
* `ClearToolUsesEdit` (langchain, `ContextEditingMiddleware`): what tools gave is cleared, but for the last
  three, once a request is larger than its trigger, which is the window here: later than that would be too late.
* `SlidingWindowConversationManager` (Strands Agents), with the question pinned: is asked to reduce the messages for as
  long as they overflow.

Of every prompt it is told whether a model could go on from it: it fits the window, has the question, and no call
without its result (`usable`). `paid` is what such a prompt costs on average, in tokens: those that begin it as they
began the last one, and so are cached, count for a tenth. `in_reach` is the share of the results so far that stand in
the prompt as they were given, or under a handle that the prompt names. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from statistics import fmean
from types import SimpleNamespace
from typing import Any, TypeAlias

from langchain.agents.middleware import ClearToolUsesEdit
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, trim_messages
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.types.exceptions import ContextWindowOverflowException

from contextkit import ContextBuilder, Message
from contextkit.messages import as_message
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import ToolCall
from tests.benchmarks.prefix import as_langchain
from tests.benchmarks.prompts import COUNTER, cached, cost, is_valid

CACHED = 0.1
"""What a cached token costs of another."""

SYSTEM = "You go through a shop's orders with the tools you are given, and report what is late."
QUESTION = "Check every order of this month for delays, and tell me which customers have to be told."

Prompts: TypeAlias = Iterator[Sequence[Message]]
"""A prompt after each result, as messages."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and the calls that follow, each with its result."""

    question: Message
    calls: Sequence[Sequence[Message]]

    @property
    def growing(self) -> Iterator[list[Message]]:
        """The turn's messages after each result."""
        said = [self.question]
        for call in self.calls:
            said += call
            yield list(said)


def turn(calls: int, rows: Sequence[int], seed: int) -> Turn:
    random = Random(seed)
    return Turn(
        Message(role="user", content=QUESTION, id="q"),
        [_call(number, random.choice(rows), random) for number in range(calls)],
    )


def _call(number: int, rows: int, random: Random) -> Sequence[Message]:
    asked = json.dumps({"customer": random.randrange(10**6), "month": "2026-10", "page": number})
    found = [
        {"order": random.randrange(10**7), "row": row, "state": random.choice(("shipped", "late"))}
        for row in range(rows)
    ]
    call = ToolCall(f"c{number}", f"list_orders_{number % 4}", asked)
    return (
        Message(role="assistant", tool_calls=(call,), id=f"a{number}"),
        Message(role="tool", content=json.dumps(found), tool_call_id=call.id, id=f"r{number}"),
    )


def ours(turn: Turn, window: int) -> Prompts:
    ids = {"actor_id": "u", "session_id": "s"}
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(sources=[System(SYSTEM), History()], budget=window, store=store)
        builder.build(turn.question, **ids)
        store.append(**ids, messages=[turn.question])
        for call in turn.calls:
            store.append(**ids, messages=call)
            yield builder.build(**ids).messages


def trimmed(turn: Turn, window: int) -> Prompts:
    for said in _in_langchain(turn):
        yield _from_langchain(
            trim_messages(
                said,
                max_tokens=window,
                token_counter=_counted,
                strategy="last",
                include_system=True,
                start_on="human",
                end_on=("human", "tool"),
            )
        )


def cleared(turn: Turn, window: int) -> Prompts:
    edit = ClearToolUsesEdit(trigger=window)
    for said in _in_langchain(turn):
        sent = deepcopy(said)  # as the middleware does: the agent's state keeps them all
        edit.apply(sent, count_tokens=_counted)
        yield _from_langchain(sent)


def slid(turn: Turn, window: int) -> Prompts:
    manager = SlidingWindowConversationManager(pin_first=1)
    agent = SimpleNamespace(messages=[])
    system = Message(role="system", content=SYSTEM)
    agent.messages.append(_in_bedrocks(turn.question))
    for call in turn.calls:
        agent.messages += map(_in_bedrocks, call)
        while cost([system, *_from_bedrocks(agent.messages)]) > window:
            try:
                manager.reduce_context(agent, ContextWindowOverflowException())  # type: ignore[arg-type]
            except ContextWindowOverflowException:
                break
        yield [system, *_from_bedrocks(agent.messages)]


def _in_langchain(turn: Turn) -> Iterator[list[BaseMessage]]:
    said: list[BaseMessage] = [SystemMessage(SYSTEM), HumanMessage(QUESTION)]
    for call in turn.calls:
        said += map(as_langchain, call)
        yield list(said)


def _from_langchain(messages: Sequence[BaseMessage]) -> list[Message]:
    return [as_message(message) for message in messages]


def _counted(messages: Sequence[Any]) -> int:
    return cost(_from_langchain([message for message in messages if isinstance(message, BaseMessage)]))


def _in_bedrocks(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        result = {"toolUseId": message.tool_call_id, "status": "success", "content": [{"text": message.text}]}
        return {"role": "user", "content": [{"toolResult": result}]}
    uses = [{"toolUseId": one.id, "name": one.name, "input": json.loads(one.arguments)} for one in message.tool_calls]
    return {"role": message.role, "content": [{"toolUse": use} for use in uses] or [{"text": message.text}]}


def _from_bedrocks(messages: Sequence[dict[str, Any]]) -> list[Message]:
    return [as_message(message) for message in messages]


def measured(turn: Turn, window: int, prompts: Callable[[Turn, int], Prompts]) -> dict[str, float]:
    """What the prompts are worth, and what they cost."""
    usable, paid, reached = [], [], []
    last: Sequence[Message] = ()
    for said, prompt in zip(turn.growing, prompts(turn, window), strict=True):
        usable.append(is_usable(prompt, window))
        if usable[-1]:
            paid.append(cost(prompt) - (1 - CACHED) * sum(map(COUNTER.message, cached(prompt, last))))
        reached.append(in_reach(prompt, said))
        last = prompt
    return {
        "usable": round(fmean(usable), 3),
        "paid": round(fmean(paid)),
        "in_reach": round(fmean(reached), 3),
    }


def is_usable(prompt: Sequence[Message], window: int) -> bool:
    """Whether a model could go on from this prompt."""
    asked = any(message.role == "user" and message.text == QUESTION for message in prompt)
    return asked and cost(prompt) <= window and is_valid(prompt)


def in_reach(prompt: Sequence[Message], said: Sequence[Message]) -> float:
    """The share of the results said so far that the prompt has whole, or names by their handles.

    A handle is the number of a message in its session, where the question is the first.
    """
    whole = {message.text for message in prompt if message.role == "tool"}
    text = "\n".join(message.text for message in prompt)
    results = [(number, message.text) for number, message in enumerate(said, 1) if message.role == "tool"]
    return fmean(result in whole or f"'m{number}'" in text or f"\nm{number} " in text for number, result in results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--window", type=int, default=16_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[5, 20, 120])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    lived = turn(given.calls, given.rows, given.seed)
    systems = {
        "contextkit": ours,
        "trim_messages": trimmed,
        "LangChain ClearToolUsesEdit": cleared,
        "Strands SlidingWindowConversationManager": slid,
    }
    print(
        json.dumps(
            {
                "benchmark": "agent_turn",
                **vars(given),
                "tokens": cost([lived.question, *(message for call in lived.calls for message in call)]),
                "systems": {name: measured(lived, given.window, prompts) for name, prompts in systems.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
