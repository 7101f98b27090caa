"""A coding agent's session of hundreds of tool calls: what its prompts still hold of what each step needs.

    python -m tests.benchmarks.agent_loop [--calls 400] [--window 16000] [--seed 1] [--only NAME …]

The session is `trajectory.steps`: once as one turn that the user interrupts, and once as many, one for each piece of
work. The peer is `trim_messages` of langchain-core: the newest messages that fit. Both have the same system prompt
and the same counter.

Of all prompts after a step it is told in how many stand, word for word, all that the user said that holds on (`told`),
the file worked on as it was read last (`file`), the line that tells why the tests failed last (`failure`), and the
newest plan (`plan`); and how many have an outdated copy of that file without the new one (`outdated`). `setting` is in
how many of the steps that need a setting of long ago it stands, `searched` in how many a search of the session by its
words finds it. `repeated` is the share of the prompt's text that stands in longer lines said before in it; `cached`
the share of its tokens that begin it as they began the last one; `valid` in how many all calls have their results and
the window is kept. `read_back` is how many of the handles tried give back all that was said.
`milliseconds` are of the builds in the first and the last tenth of the session. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import Any, Final

from langchain_core.messages import BaseMessage, SystemMessage, trim_messages

from contextkit import ContextBuilder, Message
from contextkit.errors import ContextKitError
from contextkit.messages import as_message
from contextkit.offload import answer_call
from contextkit.sources import History, Overflow, System
from contextkit.stores.sqlite import SQLiteStore
from tests.benchmarks.prefix import as_langchain
from tests.benchmarks.prompts import COUNTER, cached, cost, is_valid
from tests.benchmarks.trajectory import Step, steps

SYSTEM = "You are a careful engineer. You work on a repository with the tools you are given, and keep a plan."
LONG = 40
"""Characters from which on a line that stands twice is a repetition."""

IDS: dict[str, Any] = {"actor_id": "u", "session_id": "s"}


class Ours:
    """contextkit's prompts, and what its handles and its search give."""

    def __init__(self, window: int) -> None:
        self.store = SQLiteStore(":memory:")
        self.builder = ContextBuilder(
            sources=[System(SYSTEM), History(), Overflow()], budget=window, store=self.store, strategy="agent"
        )

    def append(self, step: Step) -> None:
        self.store.append(**IDS, messages=step.said)

    def prompt(self) -> tuple[Sequence[Message], float]:
        """The prompt of now, and the seconds it took."""
        began = time.process_time()
        context = self.builder.build(**IDS)
        return context.messages, time.process_time() - began

    def searched(self, words: str) -> str:
        """What the model reads where it searches the session."""
        return answer_call(self.builder, json.dumps({"search": words}), **IDS).text

    def reads(self, prompt: Sequence[Message], said: Sequence[Message]) -> Iterator[bool]:
        """Of the handles of messages that the prompt names, whether each gives back what was said."""
        named = {int(one) for message in prompt for one in re.findall(r"read_context\('m(\d+)'\)", message.text)}
        for number in sorted(named)[::25]:
            try:
                whole = said[number - 1].text
                yield self.builder.read_context(f"m{number}", **IDS, length=max(1, len(whole))) == whole
            except ContextKitError:
                yield False


class Trimmed:
    """langchain-core's."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.said: list[BaseMessage] = [SystemMessage(SYSTEM)]
        self.costs: dict[str, int] = {}

    def append(self, step: Step) -> None:
        self.said += map(as_langchain, step.said)

    def prompt(self) -> tuple[Sequence[Message], float]:
        """The same."""
        began = time.process_time()
        shown = trim_messages(
            self.said,
            max_tokens=self.window,
            token_counter=self._counted,
            strategy="last",
            include_system=True,
            start_on=("human", "ai"),
            end_on=("human", "tool", "ai"),
        )
        return [as_message(message) for message in shown], time.process_time() - began

    def _counted(self, messages: Sequence[BaseMessage]) -> int:
        return COUNTER.framing(len(messages), 0) + sum(map(self._cost, messages))

    def _cost(self, message: BaseMessage) -> int:
        key = f"{message.type} {getattr(message, 'tool_call_id', '')} {message.id} {len(str(message.content))}"
        if key not in self.costs:
            self.costs[key] = COUNTER.message(as_message(message))
        return self.costs[key]


class Measures:
    """What is told of one system's prompts."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.of: dict[str, list[float]] = {}
        self.last: Sequence[Message] = ()

    def note(self, name: str, value: float) -> None:
        self.of.setdefault(name, []).append(value)

    def take(self, step: Step, prompt: Sequence[Message]) -> None:
        needs = step.needs
        text = "\n".join(message.text for message in prompt)
        calls = "\n".join(call.arguments for message in prompt for call in message.tool_calls)
        self.note("valid", is_valid(prompt) and cost(prompt) <= self.window)
        self.note("told", all(sentence in text for told in needs.told for sentence in told.split(". ")))
        if needs.file:
            self.note("file", needs.file in text)
            self.note("outdated", needs.file not in text and any(one in text for one in needs.outdated))
        if needs.failure:
            self.note("failure", needs.failure in text)
        if needs.plan:
            self.note("plan", all(line in calls or line in text for line in needs.plan))
        if needs.setting:
            self.note("setting", needs.setting.value in text)
        self.note("repeated", repeated(text))
        self.note("cached", cost(cached(prompt, self.last)) / cost(prompt))
        self.note("tokens", cost(prompt))
        self.last = prompt


def repeated(text: str) -> float:
    """The share of a text in longer lines that stand in it before."""
    seen: set[str] = set()
    twice = 0
    for line in text.splitlines():
        if len(line.strip()) < LONG:
            continue
        twice += len(line) if line in seen else 0
        seen.add(line)
    return twice / max(1, len(text))


def measured(session: Sequence[Step], window: int, system: Ours | Trimmed) -> dict[str, float | list[float]]:
    measures = Measures(window)
    said: list[Message] = []
    seconds: list[float] = []
    for step in session:
        said += step.said
        system.append(step)
        if step.said[-1].role == "assistant":  # the turn is over: nothing is built until the user asks again
            continue
        prompt, took = system.prompt()
        seconds.append(took)
        measures.take(step, prompt)
        if isinstance(system, Ours):
            for read in system.reads(prompt, said) if len(seconds) % 20 == 0 else ():
                measures.note("read_back", read)
            if step.needs.setting and step.said[0].text.startswith("Now I need"):
                measures.note("searched", step.needs.setting.value in system.searched(step.needs.setting.words))
    tenth = max(1, len(seconds) // 10)
    ends = [round(1_000 * median(part), 1) for part in (seconds[:tenth], seconds[-tenth:])]
    return {**{name: round(fmean(found), 3) for name, found in measures.of.items()}, "milliseconds": ends}


SYSTEMS: Final[dict[str, type[Ours | Trimmed]]] = {"contextkit": Ours, "trim_messages": Trimmed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--window", type=int, default=16_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=list(SYSTEMS), default=list(SYSTEMS))
    given = parser.parse_args()
    sessions = {
        name: list(steps(given.calls, given.seed, turns=turns))
        for name, turns in (("one turn", False), ("many turns", True))
    }
    print(
        json.dumps(
            {
                "benchmark": "agent_loop",
                **{name: value for name, value in vars(given).items() if name != "only"},
                "systems": {
                    name: {
                        kind: measured(session, given.window, SYSTEMS[name](given.window))
                        for kind, session in sessions.items()
                    }
                    for name in given.only
                },
            }
        )
    )


if __name__ == "__main__":
    main()
