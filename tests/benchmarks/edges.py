"""Where the best documents stand in the block, and what their order costs the prompt cache.

    python -m tests.benchmarks.edges [--turns 60] [--window 8000]

Models read the two ends of a long block best (Liu et al., "Lost in the Middle", TACL 2024). A
conversation is continued by one exchange a turn; each turn's prompt shows the documents that its
question is about. The peers, LlamaIndex' `LongContextReorder` and Haystack's
`LostInTheMiddleRanker`, are given the same documents with the same scores, best first.

`at_the_edges` is the share of the better half of the documents that stand in the outer quarters of
the block: by place (the first and last quarter of the documents) and by tokens (whose middle lies
in the first or last quarter of the block's tokens). `best_is_last`: prompts whose best document
stands next to the question. `reused` is the share of a prompt's text (in tokens) that begins the
turn's prompt exactly as it began the last one. A reorderer decides nothing about the place of the
block; for the peers it stands in the system message, where LlamaIndex' `ContextChatEngine` puts it.
Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from statistics import mean
from typing import Any, TypeAlias

from contextkit import Budget, Context, ContextBuilder, Document
from contextkit.sources import Documents, History, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from tests.benchmarks import talk
from tests.benchmarks.peers import installed

COUNTER = get_counter()
SYSTEM = "You are the assistant of a shop. Answer from what you are shown."
BEFORE = 200
"""Messages said before the first turn."""


@dataclass(frozen=True)
class Shown:
    """A document of a prompt's block."""

    id: str
    text: str
    score: float


Block: TypeAlias = Sequence[Shown]
"""The documents of a prompt, in the order in which they stand there."""

Reorder: TypeAlias = Callable[[Block], Block]
"""Takes documents best first, gives them as they are to stand."""


@dataclass(frozen=True)
class Turn:
    """One prompt of ours: its messages' texts, and the documents in it as they stand."""

    texts: list[str]
    block: Block

    @property
    def best_first(self) -> Block:
        return sorted(self.block, key=lambda shown: -shown.score)


# Ours


def turns(count: int, window: int) -> Iterator[Turn]:
    """A conversation that goes on: every turn asks something else, and two messages are said after it."""
    said = talk.messages(BEFORE + 2 * count)
    pages = [
        Document(id=f"page-{number}", title=title, text=text) for number, (title, text) in enumerate(talk.documents(80))
    ]
    with SQLiteStore(":memory:") as store:
        store.append("user", "session", said[:BEFORE])
        sources = [System(SYSTEM), Documents(pages), History()]
        builder = ContextBuilder(store=store, sources=sources, strategy="rag", budget=Budget(window))
        questions = islice(talk.questions(said[:BEFORE]), count)
        for number, question in enumerate(questions):
            context = builder.build(question, actor_id="user", session_id="session")
            yield Turn([message.text for message in context.messages], block(context, pages))
            store.append("user", "session", said[BEFORE + 2 * number : BEFORE + 2 * number + 2])


def block(context: Context, pages: Sequence[Document]) -> Block:
    """The documents that stand whole in the prompt, in the order of their texts."""
    prompt = "\n".join(message.text for message in context.messages)
    scores = {one.item_id: one.score or 0.0 for one in context.report.decisions if one.rung == "full"}
    shown = [Shown(page.id, page.text, scores[page.id]) for page in pages if page.id in scores]
    return sorted(shown, key=lambda one: prompt.index(one.text))


# Peers


def peers() -> dict[str, Reorder]:
    found: dict[str, Reorder] = {}
    if installed("llama_index", "LlamaIndex' LongContextReorder"):
        found["LlamaIndex LongContextReorder"] = long_context_reorder()
    if installed("haystack", "Haystack's LostInTheMiddleRanker"):
        found["Haystack LostInTheMiddleRanker"] = lost_in_the_middle_ranker()
    return found


def long_context_reorder() -> Reorder:
    from llama_index.core.postprocessor import LongContextReorder
    from llama_index.core.schema import NodeWithScore, TextNode

    def reorder(best_first: Block) -> Block:
        nodes = [NodeWithScore(node=TextNode(id_=one.id, text=one.text), score=one.score) for one in best_first]
        return _named([node.node.node_id for node in LongContextReorder().postprocess_nodes(nodes)], best_first)

    return reorder


def lost_in_the_middle_ranker() -> Reorder:
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    from haystack import Document as Page
    from haystack.components.rankers import LostInTheMiddleRanker

    def reorder(best_first: Block) -> Block:
        pages = [Page(id=one.id, content=one.text, score=one.score) for one in best_first]
        return _named([page.id for page in LostInTheMiddleRanker().run(documents=pages)["documents"]], best_first)

    return reorder


def _named(ids: Sequence[str], block: Block) -> Block:
    by_id = {one.id: one for one in block}
    return [by_id[one] for one in ids]


def with_block_first(turn: Turn, block: Block) -> list[str]:
    """A turn's prompt as it is where documents are part of the system message, and nothing was recalled."""
    documents = "\n\n".join(one.text for one in block)
    return [f"{turn.texts[0]}\n\n{documents}", *turn.texts[1:-2], turn.texts[-1]]


# Measures


def by_place(block: Block) -> float:
    """The share of the better half that stand in the first or the last quarter of the documents."""
    outer = len(block) // 4
    return _share(block, {one.id for one in [*block[:outer], *block[len(block) - outer :]]})


def by_tokens(block: Block) -> float:
    """The share of the better half whose middle lies in the first or last quarter of the block's tokens."""
    sizes = [COUNTER.text(one.text) for one in block]
    total, before, outer = sum(sizes), 0, set()
    for one, size in zip(block, sizes, strict=True):
        if not 0.25 < (before + size / 2) / total < 0.75:
            outer.add(one.id)
        before += size
    return _share(block, outer)


def _share(block: Block, outer: set[str]) -> float:
    better = sorted(block, key=lambda one: -one.score)[: 2 * (len(block) // 4)]
    return mean(one.id in outer for one in better)


def reused(prompts: Sequence[list[str]]) -> float:
    """The share of all prompts' tokens that begin a prompt as they began the one before; the first counts nowhere."""
    found = total = 0
    for before, now in pairwise("\n".join(prompt) for prompt in prompts):
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, now, strict=False)))
        found += COUNTER.text(now[:same])
        total += COUNTER.text(now)
    return found / total


def history_reused(turns: Sequence[Turn]) -> float:
    """Of the messages before the block that stood in the last prompt too, the share that stand as they did."""
    held = known = 0
    for before, now in pairwise(turns):
        earlier = before.texts[:-2]
        known += len(set(now.texts[:-2]) & set(earlier))
        held += sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(earlier, now.texts[:-2], strict=False)))
    return held / known


def measured(blocks: Sequence[Block], prompts: Sequence[list[str]]) -> dict[str, Any]:
    return {
        "at_the_edges": {
            "by_place": round(mean(map(by_place, blocks)), 3),
            "by_tokens": round(mean(map(by_tokens, blocks)), 3),
        },
        "best_is_last": round(mean(block[-1].score == max(one.score for one in block) for block in blocks), 3),
        "reused": round(reused(prompts), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--window", type=int, default=8_000)
    options = parser.parse_args()
    lived = list(turns(options.turns, options.window))
    systems = {"contextkit": measured([turn.block for turn in lived], [turn.texts for turn in lived])}
    systems["contextkit"]["stable_part_reused"] = round(history_reused(lived), 3)
    for name, reorder in peers().items():
        blocks = [reorder(turn.best_first) for turn in lived]
        prompts = [with_block_first(turn, block) for turn, block in zip(lived, blocks, strict=True)]
        systems[name] = measured(blocks, prompts)
    found = {"benchmark": "edges", "turns": len(lived), "documents": round(mean(len(turn.block) for turn in lived), 1)}
    print(json.dumps({**found, "systems": systems}, indent=2))


if __name__ == "__main__":
    main()
