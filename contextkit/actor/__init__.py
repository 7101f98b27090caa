"""Everything of one actor, over all stores: erased with a receipt, exported, and imported again.

receipt = erase_actor("u1", {"agent.db": store})
receipt.verify(within=timedelta(minutes=5))        # {}: nothing lingers

lines = export_actor("u1", store)                  # JSON Lines, as bytes
import_actor(lines, other_store)
"""

from __future__ import annotations

from contextkit.actor.erasure import Receipt, erase_actor
from contextkit.actor.export import export_actor
from contextkit.actor.restore import import_actor

__all__ = ["Receipt", "erase_actor", "export_actor", "import_actor"]
