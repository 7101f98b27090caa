"""Nearest: the vectors of memories in the table's own index, where it has one.

The index finds the hundred nearest; ranking wants every record's similarity that can matter. A
record beyond the hundred that shares no word with the query ranks below all of them, so only those
that do share one have their vectors read. What comes out is what ranking in this process gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.schema import EMBEDDING, VECTORS
from contextkit.stores.dynamodb.writes import Put

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 100
"""Results of one search, by DynamoDB's limit."""

_VECTOR = "vec"


class Nearest:
    """Vectors in items of their own beside the records, so that reading these does not pay for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._usable: bool | None = None

    def usable(self, pk: str, vector: Sequence[float]) -> bool:
        """Whether the table has an index for such vectors; found out once, by a search of it."""
        if self._usable is None:
            self._usable = self._database.nearest("memories", VECTORS, pk, vector, 1) is not None
        return self._usable

    def put(self, pk: str, sk: str, vector: bytes) -> Put:
        """The write of a record's vector."""
        return Put("memories", {"pk": pk, "sk": beside(sk), EMBEDDING: numbers(vector)})

    def blank(self, pk: str, sk: str) -> Put:
        """The write by which a record whose text has changed is no longer found by the vector of the former text."""
        return Put("memories", {"pk": pk, "sk": beside(sk)})

    def cosines(
        self,
        pk: str,
        groups: Sequence[Mapping[int, str]],
        vector: NDArray[np.float32],
        matters: Callable[[int], bool],
        limit: int,
    ) -> dict[int, float]:
        """The similarity of the records at these places to a vector, by their place; without those that cannot rank.

        Each group ranks by itself, for `limit` results. `matters` says of a record whether it ranks by anything else.
        """
        sks = {place: sk for group in groups for place, sk in group.items()}
        place_of = {beside(sk): place for place, sk in sks.items()}
        found = self._database.nearest("memories", VECTORS, pk, vector.tolist(), MOST) or []
        cosines = {place_of[sk]: 1 - distance for sk, distance in found if sk in place_of}
        if len(found) < MOST:
            return cosines
        wanted: list[int] = []
        for group in groups:
            rest = [place for place in group if place not in cosines]
            enough = len(group) - len(rest) >= limit
            wanted += [place for place in rest if matters(place)] if enough else rest
        return cosines | self._read(pk, sks, vector, wanted)

    def _read(
        self, pk: str, sks: Mapping[int, str], vector: NDArray[np.float32], places: Sequence[int]
    ) -> dict[int, float]:
        import numpy as np

        rows = self._database.get_many("memories", [(pk, beside(sks[place])) for place in places])
        stored = {place: rows.get((pk, beside(sks[place]))) for place in places}
        return {
            place: float(np.asarray(row[EMBEDDING], np.float32) @ vector)
            for place, row in stored.items()
            if row is not None and len(row.get(EMBEDDING, ())) == len(vector)
        }


def numbers(vector: bytes) -> tuple[float, ...]:
    """A stored vector as the index takes it."""
    import numpy as np

    return tuple(np.frombuffer(vector, np.float32).tolist())


def beside(sk: str) -> str:
    """Where the vector of the record with this sort key stands."""
    return f"{_VECTOR}#{sk.partition('#')[2]}"
