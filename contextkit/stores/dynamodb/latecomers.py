"""Latecomers: messages that a region had acknowledged before it failed, and that reached this one after its turn."""

from __future__ import annotations

from collections.abc import Sequence

from contextkit.errors import StoreCorrupt
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Lineage, Stretch
from contextkit.stores.dynamodb.log import ID, LOG, read_messages
from contextkit.stores.dynamodb.payloads import Payloads


class Latecomers:
    """Merges by message id: what is there already is not taken in again."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads

    def lineage(self, head: Life, others: Sequence[Life]) -> Lineage:
        """The lineage of a life that follows `head` and has what the others have and it lacks.

        What has not wholly arrived here is left for the next time.
        """
        lineage = head.succession()
        for other in sorted(others, key=lambda life: life.rank):
            late = lineage.late(other.stretches)
            left_out = self._known(other.pk, lineage, late) if late else None
            if left_out is not None:
                lineage = lineage.with_late(other.stretches, left_out)
        return lineage

    def _known(self, pk: str, lineage: Lineage, late: Sequence[Stretch]) -> dict[str, list[int]] | None:
        """Which of the late messages are in the lineage under other numbers, by life; None if not all are here."""
        name_of = self._names(pk, late)
        if name_of is None:
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

    def _names(self, pk: str, late: Sequence[Stretch]) -> dict[tuple[str, int], str] | None:
        """The ids of the messages, by life and number."""
        wanted = [(one.life, seq) for one in late for seq in range(one.first, one.last + 1)]
        places = [(pk, keys.numbered(LOG, life, seq)) for life, seq in wanted]
        rows = self._database.get_many("sessions", places)
        if len(rows) < len(places):
            return None
        try:
            messages = read_messages(self._payloads, [rows[place] for place in places])
        except StoreCorrupt:
            return None  # a chunk of one is still on its way
        return {place: message.id or "" for place, message in zip(wanted, messages, strict=True)}


def _leads_into(lineage: Lineage, life: str, lead: Row | None) -> bool:
    """True if this is where an id stands, and that is in the lineage."""
    return lead is not None and any(
        one.life == life and one.first <= lead["seq"] <= one.last for one in lineage.stretches
    )
