"""Arrivals: which messages that another region has written are here, with all that belongs to them.

The items of a global table arrive each by itself: `meta` may tell of messages that are still on their way, and
one may be here before its chunks, or before what leads to it from its id. If their region fails just then, they
arrive when it is back; until then the session goes on without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contextkit.errors import StoreCorrupt
from contextkit.messages import loads
from contextkit.recent import Recent
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Stretch
from contextkit.stores.dynamodb.log import ID, LOG
from contextkit.stores.dynamodb.payloads import Payloads

PAGE = 50
"""Messages that are looked at together, as many as one transaction writes: items arrive nearly in the order in which
they were written, so that behind so many that are here none is missing."""

REMEMBERED = 4_096
"""Lives of sessions of which it is known how far they are here."""


class Arrivals:
    """Looks for the messages of lives that other regions write. Shared by threads."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads
        self._reached = Recent[str, int](REMEMBERED)

    def arrived(self, life: Life) -> Life:
        """The life up to the last message before the first of its own that is missing here."""
        before = max(life.lineage.size, self._reached.get(life.life) or 0)
        if before < life.last_seq:
            before = self._look(life.pk, Stretch(life.life, before + 1, life.last_seq))
            self._reached.put(life.life, before)
        return replace(life, last_seq=min(before, life.last_seq))

    def names(self, pk: str, stretches: Sequence[Stretch]) -> dict[tuple[str, int], str]:
        """The ids of the messages that are here, by life and number."""
        places = {
            (pk, keys.numbered(LOG, one.life, seq)): (one.life, seq)
            for one in stretches
            for seq in range(one.first, one.last + 1)
        }
        rows = self._database.get_many("sessions", places)
        texts = self._payloads.get_intact("sessions", list(rows.values()))
        name_of = {
            places[place]: loads(text.decode("ascii", "replace")).id or ""
            for place, text in zip(rows, texts, strict=True)
            if not isinstance(text, StoreCorrupt)
        }
        lead_of = {(life, seq): (pk, keys.named(ID, life, name)) for (life, seq), name in name_of.items()}
        leads = self._database.get_many("sessions", lead_of.values())
        return {one: name for one, name in name_of.items() if leads.get(lead_of[one], {}).get("seq") == one[1]}

    def _look(self, pk: str, stretch: Stretch) -> int:
        """The number of the last message before the first one that is missing; looked for from the newest back."""
        end = last = stretch.last
        while stretch.first <= last:
            page = Stretch(stretch.life, max(stretch.first, last - PAGE + 1), last)
            here = self.names(pk, [page])
            missing = [seq for seq in range(page.first, page.last + 1) if (page.life, seq) not in here]
            if not missing:
                break
            end, last = missing[0] - 1, page.first - 1
        return end
