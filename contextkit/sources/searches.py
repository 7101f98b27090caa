"""Searches: what finds documents when it is asked, as LangChain's retrievers and vector stores and functions do."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias, runtime_checkable

from contextkit.quiet import quiet

Search: TypeAlias = Callable[[str], Iterable[object]]
AsyncSearch: TypeAlias = Callable[[str], Awaitable[Iterable[object]]]


@runtime_checkable
class Retriever(Protocol):
    """The shape of LangChain's retrievers."""

    def invoke(self, query: str, /) -> Iterable[object]: ...

    def ainvoke(self, query: str, /) -> Awaitable[Iterable[object]]: ...


@runtime_checkable
class VectorStore(Protocol):
    """The shape of LangChain's vector stores."""

    def similarity_search(self, query: str, k: int) -> Iterable[object]: ...

    def asimilarity_search(self, query: str, k: int) -> Awaitable[Iterable[object]]: ...


def searches(documents: object, limit: int) -> tuple[Search | None, AsyncSearch | None]:
    """How to search, waiting and awaiting; neither for documents that are there already, nor for a class."""
    if isinstance(documents, type):
        return None, None
    if isinstance(documents, VectorStore):
        store = documents
        return (lambda query: store.similarity_search(query, k=limit)), (
            lambda query: store.asimilarity_search(query, k=limit)
        )
    if isinstance(documents, Retriever):
        retriever = quiet(documents)
        return retriever.invoke, retriever.ainvoke
    if inspect.iscoroutinefunction(documents):
        return None, documents
    return (documents, None) if callable(documents) else (None, None)
