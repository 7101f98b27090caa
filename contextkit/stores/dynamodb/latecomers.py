"""Latecomers: messages that a region had acknowledged before it failed, and that reached this one after its turn."""

from __future__ import annotations

from collections.abc import Sequence

from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.arrivals import Arrivals
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Lineage, Stretch
from contextkit.stores.dynamodb.log import ID


class Latecomers:
    """Merges by message id: what is there already is not taken in again."""

    def __init__(self, database: Database, arrivals: Arrivals) -> None:
        self._database = database
        self._arrivals = arrivals

    def lineage(self, head: Life, others: Sequence[Life]) -> Lineage:
        """The lineage of a life that follows `head` and has what the others have and it lacks.

        What has not wholly arrived here is left for the next time.
        """
        lineage = head.succession()
        for other in sorted(others, key=lambda life: life.rank):
            late = lineage.late(other.stretches)
            left_out = self._known(other.pk, lineage, late) if late else {}
            if left_out is not None:
                lineage = lineage.with_late(other.stretches, left_out).with_lives(other.succession())
        return lineage

    def _known(self, pk: str, lineage: Lineage, late: Sequence[Stretch]) -> dict[str, list[int]] | None:
        """Which of the late messages are in the lineage under other numbers, by life; None if not all are here."""
        name_of = self._arrivals.names(pk, late)
        if len(name_of) < sum(one.size for one in late):
            return None
        leads = self._database.get_many(
            "sessions",
            [(pk, keys.named(ID, life, name)) for life in lineage.lives for name in name_of.values()],
        )
        known: dict[str, list[int]] = {}
        for (life, seq), name in name_of.items():
            if any(
                _leads_into(lineage, former, leads.get((pk, keys.named(ID, former, name)))) for former in lineage.lives
            ):
                known.setdefault(life, []).append(seq)
        return known


def _leads_into(lineage: Lineage, life: str, lead: Row | None) -> bool:
    """True if this is where an id stands, and that is in the lineage."""
    return lead is not None and any(
        one.life == life and one.first <= lead["seq"] <= one.last for one in lineage.stretches
    )
