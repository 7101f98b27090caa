"""Customers' talks with a shop's support over months: what prompts hold of what tools told and what was said long ago.

    python -m tests.benchmarks.support [--window 8000 32000] [--seed 2] [--customers 2] [--visits 30] [--only NAME …]

The talks are `support_talk`'s, lived through: a build for every question and after every result, everything said
appended in between. The peers are `trim_messages` of langchain-core, the newest messages that fit, and bm25s, which
has the window to itself but for the system prompt: the best messages for the question, those above 2,000 characters
in passages, as many as fit, in the order of the talk. All have the same system prompt and the same counter.

By kind of question it is told which part of the strings that a right answer needs stands in the prompt (`stands`); in
it or behind a handle that stands in it (`handle`); is found by a search of the session with the question's own words
(`search`); and any of these (`reached`). `outdated` is in how many prompts what was right once stands without what is
right now. Over all prompts, `valid` tells in how many all calls have their results and the window is kept, `tokens`
how long they are and `cached` which part of them begins them as it began the last one. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean
from typing import Any, Final, Protocol

import numpy as np
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, trim_messages

from contextkit import ContextBuilder, Message
from contextkit.errors import ContextKitError
from contextkit.messages import as_message
from contextkit.offload import answer_call
from contextkit.rank.passages import passages
from contextkit.readable import with_calls
from contextkit.sources import History, Overflow, System
from contextkit.stores.sqlite import SQLiteStore
from tests.benchmarks.peers import installed
from tests.benchmarks.prefix import as_langchain
from tests.benchmarks.prompts import COUNTER, cached, cost, is_valid
from tests.benchmarks.support_talk import BEGAN, KINDS, Asked, Customer, Turn

SYSTEM = "You are the support of Tamper & Tide, a shop for coffee gear. Look things up, and answer briefly."
IDS: dict[str, Any] = {"actor_id": "u", "session_id": "s"}
HANDLE: Final = re.compile(r"read_context\(['\"](\w+)['\"]\)")
LONGEST: Final = 1_000_000
"""Characters, more than any message has."""


class Shop(Protocol):
    """Who makes the prompts of one customer's talk."""

    def append(self, said: Sequence[Message]) -> None: ...

    def prompt(self, question: Message | None) -> Sequence[Message]:
        """The prompt for a question that begins a turn, which is not appended yet; or of the turn as it is now."""
        ...


class Ours:
    """contextkit's, by one of its strategies."""

    def __init__(self, window: int, strategy: str) -> None:
        self._now = BEGAN
        self._store = SQLiteStore(":memory:")
        sources = [System(SYSTEM), History(), Overflow()]
        self._builder = ContextBuilder(
            sources=sources, budget=window, store=self._store, strategy=strategy, clock=lambda: self._now
        )

    def append(self, said: Sequence[Message]) -> None:
        self._store.append(**IDS, messages=said)

    def prompt(self, question: Message | None) -> Sequence[Message]:
        if question is not None:
            self._now = question.created_at or self._now
        return self._builder.build(question, **IDS).messages

    def behind(self, prompt: Sequence[Message]) -> str:
        """What stands behind the handles that a prompt names."""
        named = dict.fromkeys(handle for message in prompt for handle in HANDLE.findall(message.text))
        return "\n".join(map(self._read, named))

    def _read(self, handle: str) -> str:
        try:
            return self._builder.read_context(handle, **IDS, length=LONGEST)
        except ContextKitError:
            return ""

    def searched(self, question: str) -> str:
        """What a search of the session finds with the question's words."""
        return answer_call(self._builder, {"search": question}, **IDS).text


class Trimmed:
    """langchain-core's."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._said: list[BaseMessage] = [SystemMessage(SYSTEM)]
        self._costs: dict[int, int] = {}

    def append(self, said: Sequence[Message]) -> None:
        self._said += map(as_langchain, said)

    def prompt(self, question: Message | None) -> Sequence[Message]:
        asked = [] if question is None else [HumanMessage(question.text)]
        shown = trim_messages(
            [*self._said, *asked],
            max_tokens=self._window,
            token_counter=self._counted,
            strategy="last",
            include_system=True,
            start_on="human",
            end_on=("human", "tool"),
        )
        return [as_message(message) for message in shown]

    def _counted(self, messages: Sequence[BaseMessage]) -> int:
        return COUNTER.framing(len(messages), 0) + sum(map(self._cost, messages))

    def _cost(self, message: BaseMessage) -> int:
        key = hash((message.type, str(message.content), getattr(message, "tool_call_id", "")))
        if key not in self._costs:
            self._costs[key] = COUNTER.message(as_message(message))
        return self._costs[key]


class Searched:
    """What bm25s finds, packed."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._turn: list[Message] = []
        self._lines: list[str] = []
        self._costs: list[int] = []

    def append(self, said: Sequence[Message]) -> None:
        self._turn += said
        if said[-1].role == "assistant" and not said[-1].tool_calls:
            lines = [
                f"{message.created_at:%Y-%m-%d} {message.role}: {part}\n"
                for message in self._turn
                for part in passages(with_calls(message))
            ]
            self._lines += lines
            self._costs += map(COUNTER.text, lines)
            self._turn = []

    def prompt(self, question: Message | None) -> Sequence[Message]:
        turn = [*self._turn] if question is None else [question]
        system = Message(role="system", content=SYSTEM)
        left = self._window - cost([system, Message(role="user", content=""), *turn])
        chosen: list[int] = []
        for row in self._best(turn[0].text):
            if self._costs[row] <= left:
                chosen.append(row)
                left -= self._costs[row]
        found = Message(role="user", content="".join(self._lines[row] for row in sorted(chosen)))
        return [system, found, *turn]

    def _best(self, question: str) -> list[int]:
        import bm25s
        import snowballstemmer

        stemmer = snowballstemmer.stemmer("english").stemWords
        options: dict[str, Any] = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
        words = bm25s.tokenize([question], return_ids=False, **options)[0]
        if not self._lines or not words:
            return []
        index = bm25s.BM25()
        index.index(bm25s.tokenize(self._lines, **options), show_progress=False)
        scores = index.get_scores(words)
        return [row for row in np.argsort(-scores, kind="stable").tolist() if scores[row] > 0]


@dataclass(slots=True)
class Measures:
    """What is told of one system's prompts, by kind of question and of all."""

    window: int
    kinds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    prompts: dict[str, list[float]] = field(default_factory=dict)
    last: Sequence[Message] = ()

    def take(self, prompt: Sequence[Message]) -> None:
        tokens = cost(prompt)
        shared = cost(cached(prompt, self.last)) / tokens
        figures = {"valid": is_valid(prompt) and tokens <= self.window, "tokens": tokens, "cached": shared}
        for name, figure in figures.items():
            self.prompts.setdefault(name, []).append(figure)
        self.last = prompt

    def answer(self, shop: Shop, question: str, asked: Asked, prompt: Sequence[Message]) -> None:
        text = said_in(prompt)
        behind, searched = (shop.behind(prompt), shop.searched(question)) if isinstance(shop, Ours) else ("", "")
        of = self.kinds.setdefault(asked.kind, {})
        for needed in asked.needed:
            stands, handled, found = (has(where, needed) for where in (text, behind, searched))
            figures = {
                "stands": stands,
                "handle": stands or handled,
                "search": found,
                "reached": stands or handled or found,
            }
            for name, figure in figures.items():
                of.setdefault(name, []).append(figure)
        if asked.outdated:
            lacks = not all(has(text, needed) for needed in asked.needed)
            of.setdefault("outdated", []).append(lacks and any(has(text, old) for old in asked.outdated))

    def told(self) -> dict[str, Any]:
        """All of it, in means; that over all kinds weighs each kind alike."""
        kinds = {kind: _means(self.kinds[kind]) for kind in KINDS if kind in self.kinds}
        names = ("stands", "handle", "search", "reached")
        every = {name: round(fmean(of[name] for of in kinds.values()), 3) for name in names} if kinds else {}
        return {"all kinds": every, **kinds, "prompts": _means(self.prompts)}


def _means(figures: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(fmean(found), 3) for name, found in figures.items()}


def said_in(prompt: Sequence[Message]) -> str:
    """All that a model reads in a prompt, but for the system prompt."""
    return "\n".join(with_calls(message) for message in prompt if message.role != "system")


def has(text: str, wanted: str) -> bool:
    """Whether a text has a string that is no part of a longer number or word there."""
    return re.search(rf"(?<![\w.]){re.escape(wanted)}(?!\w)", text) is not None


def live(turns: Sequence[Turn], shop: Shop, measures: Measures) -> None:
    """One customer's talk, turn by turn."""
    for turn in turns:
        question = turn.said[0]
        prompt = shop.prompt(question)
        measures.take(prompt)
        if turn.asked is not None and not turn.looks_up:
            measures.answer(shop, question.text, turn.asked, prompt)
        shop.append(turn.said[:-1])
        if len(turn.said) > 2:
            prompt = shop.prompt(None)
            measures.take(prompt)
            if turn.asked is not None and turn.looks_up:
                measures.answer(shop, question.text, turn.asked, prompt)
        shop.append(turn.said[-1:])


def systems() -> dict[str, Callable[[int], Shop]]:
    """Who makes prompts, by the names that the results have."""
    found: dict[str, Callable[[int], Shop]] = {
        f"contextkit, {name}": partial(Ours, strategy=name) for name in ("support", "chat", "agent")
    }
    found["trim_messages"] = Trimmed
    if installed("bm25s", "BM25"):
        found["bm25s"] = Searched
    return found


def measured(talks: Sequence[Sequence[Turn]], window: int, system: Callable[[int], Shop]) -> dict[str, Any]:
    measures = Measures(window)
    for turns in talks:
        measures.last = ()
        live(turns, system(window), measures)
    return measures.told()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--window", type=int, nargs="+", default=[8_000, 32_000])
    parser.add_argument("--seed", type=int, default=2, help="odd ones are worded as those that were tuned on")
    parser.add_argument("--customers", type=int, default=2)
    parser.add_argument("--visits", type=int, default=30)
    parser.add_argument("--only", nargs="*", help="the systems that are measured; all, otherwise")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + 2 * given.customers, 2)  # all worded alike
    talks = [list(Customer(seed, given.visits).turns()) for seed in seeds]
    found = {name: system for name, system in systems().items() if not given.only or name in given.only}
    print(
        json.dumps(
            {
                "benchmark": "support",
                **{name: value for name, value in vars(given).items() if name != "only"},
                "systems": {
                    name: {str(window): measured(talks, window, system) for window in given.window}
                    for name, system in found.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
