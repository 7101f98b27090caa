"""Changes of an actor's memories: numbered, each with a stamp, and with the names of the records that it was of.

The last one's stamp tells whether anything has changed, for the price of one small read, and the changes since an
earlier one tell what. They are written with the records, in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from contextkit.recent import Recent
from contextkit.stores.codec import SECOND, after, from_json, to_json
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.writes import Condition, Refused, Update, Write

KNOWN = 4_096
"""Actors whose last change a process remembers; the one learnt of first goes first."""

FOLLOWED = 50
"""Changes that are followed one by one; behind more, all records are read anew."""

CHANGES = timedelta(days=2)
"""How long it is remembered what a change was of."""

STAMP = "head"
"""Where the last change stands. It sorts before the records, so that one query reads it and then them: it is never
newer than they are."""

_CHANGE = "chg"


@dataclass(frozen=True, slots=True)
class Head:
    """The last change of an actor's records: its stamp, and its number."""

    stamp: str | None
    revision: int

    @classmethod
    def of(cls, row: Row | None) -> Head:
        """What the item says; where there is none, nothing was ever written."""
        return cls(None, 0) if row is None else cls(row["stamp"], row["revision"])


class Changes:
    """The changes of all actors' memories."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._heads = Recent[str, Head](KNOWN)

    def last(self, pk: str) -> Head:
        """The last change in this partition."""
        return Head.of(self._database.get("memories", pk, STAMP))

    def write(self, pk: str, changed: Sequence[str], writes: Sequence[Write]) -> None:
        """Write under a new stamp, and note which records that is of, behind the change before."""
        for _ in self._database.attempts("store memories"):
            head = self._heads.get(pk) or self.last(pk)
            new = Head(uuid.uuid4().hex, head.revision + 1)
            try:
                self._database.write([*_follows(pk, head, new, changed, self._clock.now()), *writes])
            except Refused as refused:
                self._heads.pop(pk)
                if refused.rows.keys() - {0}:
                    raise
                continue  # others have changed them since
            self._heads.put(pk, new)
            return

    def between(self, pk: str, former: Head, head: Head) -> list[str] | None:
        """The records that were changed behind `former` up to `head`; None where that cannot be told."""
        ahead = head.revision - former.revision
        if not 0 < ahead <= FOLLOWED:
            return None
        first, last = (keys.numbered(_CHANGE, "", former.revision + step) for step in (1, ahead))
        changes = list(self._database.query("memories", pk, (first, last)))
        stamps = [former.stamp, *(change["stamp"] for change in changes)]
        if len(changes) != ahead or stamps != [*(change.get("before") for change in changes), head.stamp]:
            return None  # some of them are gone, or others wrote who number nothing
        return keys.unique(sk for change in changes for sk in from_json(change["changed"]))


def _follows(pk: str, head: Head, new: Head, changed: Sequence[str], now: int) -> list[Write]:
    """The writes that put a change behind the last one, if that is still the last."""
    last = "attribute_not_exists(stamp)" if head.stamp is None else "stamp = :stamp"
    still = Condition(last, {} if head.stamp is None else {"stamp": head.stamp})
    change: dict[str, Value | None] = {
        "stamp": new.stamp,
        "before": head.stamp,
        "changed": to_json(list(changed), "changes"),
        "ttl": after(now, CHANGES) // SECOND,
    }
    columns: dict[str, Value | None] = {"stamp": new.stamp, "revision": new.revision}
    # An eraser may update what there is of memories, and put nothing.
    noted = Update("memories", pk, keys.numbered(_CHANGE, "", new.revision), change)
    return [Update("memories", pk, STAMP, columns, still), noted]
