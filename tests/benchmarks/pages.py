"""Long documents: whether the sentence that is asked for stands in the prompt.

    python -m tests.benchmarks.pages [--questions 60] [--windows 8000 24000] [--strategy agent]

The documents are the pages of Python's reference (`pydoc_data.topics`, 79 of up to 60,000 characters). A question has
three words of one sentence, or three each of two sentences, drawn at random; a sentence counts as found where the
prompt has it word for word. `ours` is given whole pages, `ours in pieces` the same with LangChain's splitter, as the
peer is: bm25s ranks the pieces, and the best stand up to as many tokens as ours took. Prints JSON, percent of sentences
found by how many a question asks for.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeAlias

import bm25s
from langchain_text_splitters import RecursiveCharacterTextSplitter

from contextkit import Budget, ContextBuilder, Document
from contextkit.sources import Documents, System
from contextkit.tokens import get_counter

COUNTER = get_counter()
SPLITTER = RecursiveCharacterTextSplitter(chunk_size=1_000, chunk_overlap=200)
SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
WORDS: Final = re.compile(r"[A-Za-z][a-z'-]{4,}")
LENGTH: Final = range(50, 260)
ASKED: Final = 3

Prompted: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the sentences that answer it."""

    text: str
    sentences: Sequence[str]


def pages() -> dict[str, str]:
    topics: dict[str, str] = import_module("pydoc_data.topics").topics
    return topics


def questions(count: int, asking: int) -> list[Question]:
    drawn = random.Random(5)
    told = [one for text in pages().values() for one in SENTENCES.split(text) if len(one) in LENGTH]
    told = [one for one in told if len(_words(one)) >= 2 * ASKED]
    return [_question(drawn.sample(told, asking), drawn) for _ in range(count)]


def _question(sentences: Sequence[str], drawn: random.Random) -> Question:
    words = [" ".join(drawn.sample(_words(one), ASKED)) for one in sentences]
    return Question(" ".join(f"{some}?" for some in words), sentences)


def _words(sentence: str) -> list[str]:
    return sorted(set(WORDS.findall(sentence)))


def ours(source: Documents, window: int, strategy: str) -> Prompted:
    builder = ContextBuilder(sources=[System("Answer."), source], budget=Budget(window), strategy=strategy)

    def prompt(question: str) -> str:
        context = builder.build(question, actor_id="a", session_id="s")
        return "\n".join(message.text for message in context.messages[:-1])

    return prompt


def best_pieces(room: int) -> Prompted:
    pieces = [piece for text in pages().values() for piece in SPLITTER.split_text(text)]
    sizes = [COUNTER.text(piece) for piece in pieces]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(pieces, show_progress=False), show_progress=False)

    def prompt(question: str) -> str:
        asked = bm25s.tokenize([question], show_progress=False)
        (ranked,), _ = index.retrieve(asked, k=100, show_progress=False)
        taken, used = [], 0
        for place in ranked.tolist():
            if used + sizes[place] > room:
                break
            taken.append(pieces[place])
            used += sizes[place]
        return "\n".join(taken)

    return prompt


def found(prompt: Prompted, asked: Sequence[Question]) -> tuple[float, int]:
    """Percent of the sentences that stand in the prompts, and the tokens of these on average."""
    hits, tokens = 0, 0
    for question in asked:
        text = prompt(question.text)
        tokens += COUNTER.text(text)
        hits += sum(_flat(one) in _flat(text) for one in question.sentences)
    return round(100 * hits / sum(len(question.sentences) for question in asked), 1), tokens // len(asked)


def _flat(text: str) -> str:
    return " ".join(text.split())


def measured(count: int, window: int, strategy: str) -> dict[str, object]:
    documents = [Document(id=name, title=name, text=text) for name, text in pages().items()]
    systems = {"ours": Documents(documents), "ours in pieces": Documents(documents, splitter=SPLITTER)}
    asked = {asking: questions(count, asking) for asking in (1, 2)}
    result: dict[str, object] = {}
    room = 0
    for name, source in systems.items():
        each = {asking: found(ours(source, window, strategy), some) for asking, some in asked.items()}
        result[name] = {asking: share for asking, (share, _) in each.items()} | {"tokens": each[1][1]}
        room = max(room, each[1][1])
    peer = {asking: found(best_pieces(room), some) for asking, some in asked.items()}
    result["bm25s over pieces"] = {asking: share for asking, (share, _) in peer.items()} | {"tokens": peer[1][1]}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--windows", type=int, nargs="+", default=[8_000, 24_000])
    parser.add_argument("--strategy", default="agent")
    given = parser.parse_args()
    windows = {str(window): measured(given.questions, window, given.strategy) for window in given.windows}
    print(json.dumps({"benchmark": "pages", **vars(given), "found": windows}, indent=1))


if __name__ == "__main__":
    main()
