"""Exact search over many vectors, at the cost of one matrix-vector product.

* `index`: `VectorIndex`, which adds, deletes and searches
* `rows`: which row belongs to which id, and the immutable snapshots that searches run on
* `memory`, `folder`: where the rows are, in this process or in a folder that many share
* `journal`: which of a folder's rows count

Importing this loads numpy; `import contextkit` does not import it.
"""

from contextkit.vectors.index import VectorIndex

__all__ = ["VectorIndex"]
