"""The peers of the LoCoMo benchmark, each given what helps it.

Those that search get every turn with its speaker and its date, and their best turns are packed
whole, best first, with the leftovers filled: what is compared is which turns they find. Those
that keep the most recent turns get the same lines.

* `trim_messages` (langchain-core) and `ChatMemoryBuffer` (LlamaIndex) keep the newest turns.
* `bm25s` with English stopwords and stemming; all-MiniLM-L6-v2 as a plain vector retriever; both
  brought to the range 0 to 1 and added, as hybrid retrievers do.
* `VectorMemory` (LlamaIndex), which retrieves whole exchanges by their vectors. Its newer `Memory`
  needs for the same a vector store that keeps texts, and llama-index-core has none.
* `ConversationSearch` (pydantic-ai-harness): its search, asked the question itself, as a model that
  knows no better would ask it. Its compactions are ranked by a model, or keep the newest turns.
* headroom's `BM25Scorer`, with which it decides what to keep for a question.

Left out: Strands' `ContextManager` cuts old messages to previews or has a model summarise them,
and finds them again only when a model calls its tool; promptbudget evicts by age or by scores
that its caller brings, and has none of its own.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit import Message
from tests.benchmarks.locomo_data import (
    COUNTER,
    Conversation,
    Prompt,
    Question,
    Recaller,
    System,
    dated,
    framed,
    named,
    size,
)
from tests.benchmarks.peers import Remembering, installed

Scorer: TypeAlias = Callable[[Question], NDArray[np.float32]]
"""A number for each turn of a conversation, larger where it bears more on the question."""


def peers(embedder: Remembering | None) -> dict[str, System]:
    """Each peer that is installed, by the name it has in the results."""
    found: dict[str, System] = {}
    if installed("langchain_core", "trim_messages"):
        found["trim_messages"] = trimmed
    if installed("bm25s", "BM25"):
        found["bm25s"] = searched(_bm25_scores)
    if embedder:
        found["MiniLM"] = searched(partial(_similarities, embedder=embedder))
        if "bm25s" in found:
            found["MiniLM + bm25s"] = searched(partial(_both, embedder=embedder))
    if installed("llama_index", "LlamaIndex's memory"):
        found["LlamaIndex ChatMemoryBuffer"] = buffered
        if embedder:
            found["LlamaIndex VectorMemory + MiniLM"] = searched(partial(_vector_memory, embedder=embedder))
    if installed("pydantic_ai_harness", "pydantic-ai-harness' ConversationSearch"):
        found["pydantic-ai-harness ConversationSearch"] = searched(_conversation_search)
    if installed("headroom", "headroom's BM25Scorer"):
        found["headroom BM25Scorer"] = searched(_headroom_scores)
    return found


# The newest turns


def trimmed(conversation: Conversation) -> Recaller:
    """langchain-core's `trim_messages`: the most recent messages that fit."""
    from langchain_core.messages import HumanMessage, trim_messages

    history = [HumanMessage(dated(message)) for message in conversation.messages]

    @cache
    def tokens_of(text: str) -> int:
        return COUNTER.message(Message(role="user", content=text))

    def tokens(messages: Sequence[Any]) -> int:
        return sum(tokens_of(message.content) for message in messages) + COUNTER.framing(len(messages), 0)

    def recall(question: Question, budget: int) -> Prompt:
        kept = trim_messages(
            [*history, HumanMessage(question.text)], max_tokens=budget, token_counter=tokens, strategy="last"
        )
        return [Message(role="user", content=str(message.content)) for message in kept]

    return recall


def buffered(conversation: Conversation) -> Recaller:
    """LlamaIndex's buffer, filled with no more of the conversation's end than could ever fit."""
    from llama_index.core.llms import ChatMessage
    from llama_index.core.memory import ChatMemoryBuffer

    longest = max(conversation.questions, key=lambda question: COUNTER.text(question.text))

    @cache
    def kept(budget: int) -> str:
        history = [ChatMessage(role="user", content=f"{dated(one)}\n") for one in conversation.messages]
        limit = budget - size(framed("", longest))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            memory = ChatMemoryBuffer.from_defaults(
                history[-(budget // 10) :], token_limit=limit, tokenizer_fn=lambda text: range(COUNTER.text(text))
            )
        return "".join(str(message.content) for message in memory.get())

    return lambda question, budget: framed(kept(budget), question)


# The turns that are found


def searched(scoring: Callable[[Conversation], Scorer]) -> System:
    """Whole turns best first, each with its speaker and date, as long as any fits."""

    def system(conversation: Conversation) -> Recaller:
        scorer = scoring(conversation)
        lines = [f"{dated(message)}\n" for message in conversation.messages]
        costs = [COUNTER.text(line) for line in lines]

        @cache
        def best_first(question: Question) -> list[int]:
            return np.argsort(-scorer(question), kind="stable").tolist()

        def recall(question: Question, budget: int) -> Prompt:
            left = budget - size(framed("", question))
            chosen: list[int] = []
            for row in best_first(question):
                if costs[row] <= left:
                    chosen.append(row)
                    left -= costs[row]
            return framed("".join(lines[row] for row in sorted(chosen)), question)

        return recall

    return system


def _bm25_scores(conversation: Conversation) -> Scorer:
    import bm25s
    import snowballstemmer

    stemmer = snowballstemmer.stemmer("english").stemWords
    options = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    index = bm25s.BM25()
    index.index(bm25s.tokenize([named(message) for message in conversation.messages], **options), show_progress=False)

    def scores(question: Question) -> NDArray[np.float32]:
        words = bm25s.tokenize([question.text], return_ids=False, **options)[0]
        return np.asarray(index.get_scores(words) if words else np.zeros(len(conversation.messages)), np.float32)

    return scores


def _similarities(conversation: Conversation, embedder: Remembering) -> Scorer:
    vectors = embedder.vectors([named(message) for message in conversation.messages])
    return lambda question: vectors @ embedder.vectors([question.text])[0]


def _both(conversation: Conversation, embedder: Remembering) -> Scorer:
    words, meaning = _bm25_scores(conversation), _similarities(conversation, embedder)
    return lambda question: _scaled(words(question)) + _scaled(meaning(question))


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = float(np.ptp(scores))
    return (scores - scores.min()) / spread if spread else np.zeros_like(scores)


def _by_rank(rows: Sequence[int], count: int) -> NDArray[np.float32]:
    """Scores that put the turns in the order given; those that were not found come last."""
    scores = np.zeros(count, np.float32)
    scores[list(rows)] = np.arange(len(rows), 0, -1)
    return scores


def _vector_memory(conversation: Conversation, embedder: Remembering) -> Scorer:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import ChatMessage
    from llama_index.core.memory import VectorMemory

    class Embedding(BaseEmbedding):
        """LlamaIndex's shape of the embedder."""

        def _get_text_embedding(self, text: str) -> list[float]:
            return list(embedder.embed_query(text))

        def _get_query_embedding(self, query: str) -> list[float]:
            return list(embedder.embed_query(query))

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return list(embedder.embed_query(query))

    count = len(conversation.messages)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        memory = VectorMemory.from_defaults(embed_model=Embedding(), retriever_kwargs={"similarity_top_k": count})
    embedder.vectors(list(_exchanges(conversation)))  # all at once; one at a time they take minutes
    for row, message in enumerate(conversation.messages):
        memory.put(ChatMessage(role=message.role, content=named(message), additional_kwargs={"row": row}))

    def scores(question: Question) -> NDArray[np.float32]:
        return _by_rank([int(one.additional_kwargs["row"]) for one in memory.get(question.text)], count)

    return scores


def _exchanges(conversation: Conversation) -> Iterator[str]:
    """What LlamaIndex embeds after each turn: all that was said since the last user's turn began."""
    text = ""
    for message in conversation.messages:
        text = named(message) if message.role == "user" or not text else f"{text} {named(message)}"
        yield text


def _conversation_search(conversation: Conversation) -> Scorer:
    from pydantic_ai import RunContext
    from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart
    from pydantic_ai.models.test import TestModel
    from pydantic_ai.usage import RunUsage
    from pydantic_ai_harness.conversation_search import ConversationSearchToolset
    from pydantic_ai_harness.step_persistence import RunRecord

    class History:
        """The conversation as one run of an agent, each message beginning with its row."""

        async def list_runs(self) -> list[RunRecord]:
            return [RunRecord(run_id="run")]

        async def run_history(self, *, run_id: str) -> list[ModelMessage]:
            del run_id
            return [ModelRequest(parts=[UserPromptPart(dated(message))]) for message in conversation.messages]

    count = len(conversation.messages)
    search = ConversationSearchToolset[None](
        History(), tool_id="search", max_matches=count, context_lines=0, bm25_k1=1.5, bm25_b=0.75, scope="all"
    ).search_conversation_history
    context = RunContext(deps=None, model=TestModel(), usage=RunUsage())

    def scores(question: Question) -> NDArray[np.float32]:
        told = asyncio.run(search(context, question.text))
        excerpts = told.split("\n[score: ")[1:] if "[score: " in told else []
        return _by_rank([int(one.split("\n[", 1)[1].split("]", 1)[0]) for one in excerpts], count)

    return scores


def _headroom_scores(conversation: Conversation) -> Scorer:
    from headroom.relevance import BM25Scorer

    scorer = BM25Scorer()
    lines = [dated(message) for message in conversation.messages]
    return lambda question: np.array([one.score for one in scorer.score_batch(lines, question.text)], np.float32)
