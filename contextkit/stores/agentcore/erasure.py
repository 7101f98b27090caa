"""Erasure: everything of an actor deleted from AgentCore and from the state store beside it.

AgentCore goes on listing actors whose sessions are all gone, and no call deletes those: give it
actor ids that say nothing of a person. Deleted records were seen to linger there for minutes, so
that `held` may still count them; `Receipt.verify(within=…)` waits for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from contextkit.stores import Erasable, SessionStore
from contextkit.stores.agentcore.events import Events
from contextkit.stores.agentcore.ids import SESSIONS
from contextkit.stores.agentcore.ledger import check_actor
from contextkit.stores.agentcore.memories import Memories
from contextkit.stores.agentcore.outbox import Outbox

PATIENCE: Final = 600.0
"""Seconds for which an erasure waits for AgentCore, which deletes five events a second of each session."""


class ErasableSessions(SessionStore, Erasable, Protocol):
    """What an erasure needs of the state store."""


class Erasure:
    """`Erasable`. `delete_session` is the store's own."""

    def __init__(
        self,
        state: ErasableSessions,
        events: Events,
        memories: Memories,
        outbox: Outbox,
        delete_session: Callable[[str, str], None],
    ) -> None:
        self._state = state
        self._events = events
        self._memories = memories
        self._outbox = outbox
        self._delete_session = delete_session

    def held(self, actor_id: str) -> dict[str, int]:
        check_actor(actor_id)
        self._outbox.flush(PATIENCE, actor_id)
        counts = dict(self._state.held(actor_id))
        sessions = self._events.sessions(actor_id)
        counts["events"] = sum(self._events.count(actor_id, session.key) for session in sessions)
        counts["memories"] = counts.get("memories", 0) + self._memories.count(actor_id)
        return {kind: count for kind, count in counts.items() if count}

    def erase(self, actor_id: str) -> dict[str, int]:
        counts = self.held(actor_id)
        names = {SESSIONS.encode(each.session_id): each.session_id for each in self._state.sessions(actor_id)}
        for session in self._events.sessions(actor_id):
            if session.session_id is not None:
                names[session.key] = session.session_id
            elif session.key not in names:
                self._events.delete_all(actor_id, session.key)
        for name in names.values():
            self._delete_session(actor_id, name)
        self._outbox.flush(PATIENCE, actor_id)
        self._memories.delete_all(actor_id)
        self._outbox.forget(actor_id)
        self._state.erase(actor_id)
        return counts
