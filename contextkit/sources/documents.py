"""Documents: texts, or what a search elsewhere finds, by how they bear on the query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, runtime_checkable

import numpy as np

from contextkit.blocks import line_tokens
from contextkit.compress import page_text
from contextkit.document import Document, as_document
from contextkit.embedders import checked_embeddings
from contextkit.encoded import without_data
from contextkit.errors import InvalidInput, shortened
from contextkit.rank.corpus import Matches, Passages, TextIndex, joint_matches
from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import Scores
from contextkit.recent import Recent
from contextkit.sources.cut import Cut
from contextkit.sources.patience import for_meaning
from contextkit.sources.searches import AsyncSearch, Retriever, Search, VectorStore, searches
from contextkit.sources.several import is_list
from contextkit.types import (
    Embeddings,
    Gathered,
    Item,
    Notice,
    Provenance,
    Request,
    TokenCounter,
    Unread,
    UnreadItem,
)

__all__ = ["Document", "Documents"]


@runtime_checkable
class Splitter(Protocol):
    """The shape of LangChain's text splitters."""

    def split_text(self, text: str) -> list[str]: ...


REMEMBERED: Final = 200_000
"""Words of the documents found that are remembered as they are searched, at 80 to 150 bytes each: 2,500 pieces of 1,000
characters, or 80 pages of 20,000. Those found least recently are forgotten first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A document, or one piece of it, under an id of its own."""

    id: str
    document: Document


class Documents:
    """Documents ranked for the query.

    `documents` is one of

    * a list of texts, of pairs (title, text), of `Document`s or of LangChain documents: indexed
      once, by words and, with any `embeddings`, by meaning; the best `limit` are candidates and
      the others are reported as left out. Documents that share nothing with the query are candidates
      too, for a strategy that asks for no `relevance`;
    * a LangChain retriever or vector store, or a function from a query to documents: asked for
      every turn. Its own order counts for half of the score, shared words for the other half. A
      retriever's and a coroutine function's search is awaited where the build is (`abuild`).

    A document is searched by its title, the part that it is, and its day ("October 2026"), too; embedded without
    its day.
    With a `splitter` (any LangChain text splitter) the pieces of a document compete one by one. Where
    pieces that overlap both stand, in a list or as a search found them, what they share stands once.
    Of a long text that does not fit whole the passages stand that match best, as they are; of code and data,
    what matters in all of it. Of encoded data in a document, such as a picture in a page, its length stands.
    With `pages_as_text` a document that is a page of HTML, or a fragment of one, is searched and shown as the Markdown
    that `contextkit.compress.page_text` makes of it: what its tags and scripts say beside that is behind no handle.
    Without, only what a page is shortened to is text.
    Documents are never trusted: they are fenced as data. An empty document is an `InvalidInput`
    in a list, and left out with a notice where a search returned it. What a search raises costs
    this source its share and is reported.
    """

    sections = ("documents",)

    def __init__(
        self,
        documents: Iterable[object] | Search | AsyncSearch | Retriever | VectorStore,
        *,
        limit: int = 20,
        splitter: Splitter | None = None,
        name: str = "documents",
        embeddings: Embeddings | None = None,
        pages_as_text: bool = False,
    ) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInput(f"The limit of documents is {limit!r}.", "Use a whole number from 1 on.", value=limit)
        self.name = name
        self._limit = limit
        self._splitter = _checked_splitter(splitter)
        self._pages_as_text = pages_as_text
        self._search, asearch = searches(documents, limit)
        self._awaits = asearch is not None
        if asearch is not None:
            self.agather = partial(self._awaited, asearch)  # only a source that can await is an `AsyncSource`
        searched = self._search is not None or self._awaits
        self._chunks = [] if searched else self._pieces(_listed(documents, name))
        self._orders = _newest_first([chunk.document for chunk in self._chunks])
        self._cuts = [Cut.of(chunk.document) for chunk in self._chunks]
        pieces = [(cut, chunk.document) for chunk, cut in zip(self._chunks, self._cuts, strict=True)]
        texts = [cut.searched(document) for cut, document in pieces]
        embedder = checked_embeddings(embeddings)
        meant = [cut.meant(document) for cut, document in pieces] if embedder else None
        self._index = TextIndex(texts, embedder, meant=meant)  # words now, and not while a prompt is waited for
        self._read_before = Recent[tuple[object, ...], tuple[Cut, Passages]](REMEMBERED, lambda read: read[1].words)
        self._items: tuple[str, dict[int, Item]] | None = None

    def gather(self, request: Request) -> Iterator[Gathered]:
        if self._search is not None:
            return self._found(self._search(request.topic) if request.topic else (), request)
        if not self._awaits:
            return self._kept(request)
        raise InvalidInput(
            f"The source {self.name!r} searches by a coroutine function, which `build` cannot await.",
            "Use `abuild`, or pass a plain function.",
            value=self.name,
        )

    async def _awaited(self, asearch: AsyncSearch, request: Request) -> Iterator[Gathered]:
        return self._found(await asearch(request.topic) if request.topic else (), request)

    def _kept(self, request: Request) -> Iterator[Gathered]:
        """The best `limit` of the documents given once, in their own order, and word of all others."""
        matches, notice = self._matches(request)
        scores = matches.scores
        if notice is not None:
            yield notice
        best_first = (-scores).argsort(kind="stable").tolist()
        for place in sorted(best_first[: self._limit]):
            item = self._read(place, request.counter)
            score = float(scores[place])
            yield replace(item, score=score, best=self._cuts[place].best(matches, place, score))
        others = best_first[self._limit :]
        if others:
            yield Unread("documents", self.name, len(others), lambda: self._left_out(others, scores, request.counter))

    def _left_out(self, others: Sequence[int], scores: Scores, counter: TokenCounter) -> Iterator[UnreadItem]:
        for rank, place in enumerate(others, self._limit + 1):
            item = self._read(place, counter)
            score = float(scores[place])
            yield UnreadItem(item.id, item.tokens, self._reason(rank), score=score, provenance=item.provenance)

    def _read(self, place: int, counter: TokenCounter) -> Item:
        """A document given once as an item: read and counted once, as counters of one name count alike."""
        kept = self._items
        if kept is None or kept[0] != counter.name:
            kept = self._items = (counter.name, {})
        if place not in kept[1]:
            kept[1][place] = self._item(self._chunks[place], self._orders[place], 0.0, counter)
        return kept[1][place]

    def _found(self, found: Iterable[object], request: Request) -> Iterator[Gathered]:
        """What a search found, in its order, blended with the words each shares with the query."""
        if not is_list(found):
            raise InvalidInput(
                f"The search of the source {self.name!r} gave {shortened(found)}.",
                "Let it give a list of documents.",
                value=found,
            )
        documents = []
        for index, given in enumerate(found):
            if _is_empty(given):
                yield Notice(
                    "empty document", f"Document {index} that {self.name!r} found has no text; it was left out."
                )
            else:
                documents.append(as_document(given, source=self.name, index=index))
        chunks = self._pieces(documents)
        read = [self._searchable(chunk.document) for chunk in chunks]
        matches = joint_matches([words for _, words in read], request.topic)
        scores = fuse(matches.scores, np.arange(len(chunks), 0, -1, dtype=np.float32))
        orders = _in_order([chunk.document for chunk in chunks])
        for place, chunk in enumerate(chunks):
            item = self._item(chunk, orders[place], float(scores[place]), request.counter)
            yield replace(item, best=read[place][0].best(matches, place, item.score))

    def _searchable(self, document: Document) -> tuple[Cut, Passages]:
        """Where a document that was found is cut, and the words of its stretches: many are found again and again."""
        key = (document.title, document.part, document.created_at, document.text)
        known = self._read_before.get(key)
        if known is None:
            cut = Cut.of(document)
            known = cut, Passages(cut.searched(document))
            self._read_before.put(key, known)
        return known

    def _matches(self, request: Request) -> tuple[Matches, Notice | None]:
        try:
            return self._index.matches(request.topic, for_meaning(request, "documents")), None
        except Exception as error:  # any embedder, any failure: words alone still find most of it
            text = f"{self.name!r} was ranked by words alone: the embedder failed ({type(error).__name__}: {error})."
            return self._index.lexical(request.topic), Notice("embedder failed", text)

    def _pieces(self, documents: Iterable[Document]) -> list[Chunk]:
        """The documents' pieces, or the documents whole, under ids that no two share."""
        given: Counter[str] = Counter()
        chunks = []
        for document in documents:
            whole = without_data(document.text)
            whole = page_text(whole) if self._pages_as_text else whole
            texts = [whole] if self._splitter is None else self._splitter.split_text(whole)
            for number, text in enumerate(texts):
                key = document.key if len(texts) == 1 else f"{document.key}#{number}"
                given[key] += 1
                unique = key if given[key] == 1 else f"{key}~{given[key]}"
                chunks.append(Chunk(unique, replace(document, text=text)))
        return chunks

    def _item(self, chunk: Chunk, order: int, score: float, counter: TokenCounter) -> Item:
        document = chunk.document
        lead = document.lead
        return Item(
            id=chunk.id,
            section="documents",
            text=document.text,
            heading=document.heading,
            lead=lead,
            tokens=line_tokens(counter, lead, document.text),
            score=score,
            order=order,
            passage=True,
            provenance=Provenance(
                source=self.name, title=document.title, uri=document.uri, created_at=document.created_at
            ),
        )

    def _reason(self, rank: int) -> str:
        return f"number {rank} of {len(self._chunks)} for this query; the limit is {self._limit}"


def _newest_first(documents: Sequence[Document]) -> list[int]:
    """The natural order of documents given once: as they were, but of two that are as good the newer one comes first.

    Pieces under one heading are of one day, and stay in order.
    """
    days = [document.created_at.toordinal() if document.created_at else 0 for document in documents]
    orders = [0] * len(documents)
    for order, place in enumerate(sorted(range(len(documents)), key=lambda place: -days[place])):
        orders[place] = order
    return orders


def _in_order(documents: Sequence[Document]) -> list[int]:
    """The natural order of what a search found: as it did, but pieces under one heading by where they begin in it."""
    orders = list(range(len(documents)))
    under: dict[str, list[tuple[tuple[int, int], int]]] = {}
    for place, document in enumerate(documents):
        if document.position is not None:
            under.setdefault(document.heading, []).append((document.position, place))
    for pieces in under.values():
        for order, (_, place) in zip(sorted(place for _, place in pieces), sorted(pieces), strict=True):
            orders[place] = order
    return orders


def _checked_splitter(splitter: Splitter | None) -> Splitter | None:
    if splitter is None or (isinstance(splitter, Splitter) and not isinstance(splitter, type)):
        return splitter
    raise InvalidInput(
        f"{shortened(splitter)} is no text splitter.",
        "Pass a LangChain text splitter, or any object with `split_text`.",
        value=splitter,
    )


def _listed(documents: object, name: str) -> Iterator[Document]:
    if not is_list(documents):
        raise InvalidInput(
            f"The documents of the source {name!r} are {shortened(documents)}.",
            "Pass a list of documents, a retriever, a vector store or a function that searches.",
            value=documents,
        )
    return (as_document(given, source=name, index=index) for index, given in enumerate(documents))


def _is_empty(given: object) -> bool:
    text = given if isinstance(given, str) else getattr(given, "page_content", getattr(given, "text", None))
    return isinstance(text, str) and not text.strip()
