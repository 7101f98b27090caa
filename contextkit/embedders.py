"""Embedders: what turns texts into vectors, checked where it is given."""

from __future__ import annotations

from contextkit.errors import InvalidInput, shortened
from contextkit.types import Embeddings


def checked_embeddings(embeddings: Embeddings | None) -> Embeddings | None:
    """The embedder itself. Raises `InvalidInput` for what is none: every build would go by words alone for it."""
    if embeddings is None or (isinstance(embeddings, Embeddings) and not isinstance(embeddings, type)):
        return embeddings
    raise InvalidInput(
        f"{shortened(embeddings)} is no embedder.",
        "Pass a LangChain `Embeddings`, or any object with `embed_documents` and `embed_query`.",
        value=embeddings,
    )
