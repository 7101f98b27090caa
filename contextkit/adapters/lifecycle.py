"""Lifecycle: the four moments of an agent's life as plain callables, for the hooks of any framework.

hooks = Lifecycle(builder, store, actor_id="u1", session_id="s1", remember=BackgroundMemory(engine).notify)
state = hooks.initialise()            # load
hooks.message_added(user_message)     # append
context = hooks.before_model()        # build
hooks.message_added(answer)
hooks.after()                         # checkpoint, and trigger extraction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contextkit.adapters.builds import Builds
from contextkit.assemble import ContextBuilder
from contextkit.context import Context
from contextkit.errors import InvalidInput, shortened
from contextkit.fence import BLOCK_NAME
from contextkit.messages import as_messages
from contextkit.state import AgentState, Checkpoint
from contextkit.stores import SessionStore
from contextkit.types import Message


class Remembers(Protocol):
    """What triggers extraction: `MemoryEngine.run`, which does it at once, or `BackgroundMemory.notify`."""

    def __call__(self, actor_id: str, session_id: str, *, variables: Mapping[str, str] | None = None) -> object: ...


def sessions_of(builder: ContextBuilder) -> SessionStore:
    """The builder's store, where what is said is kept. Raises `InvalidInput` if there is none that does."""
    if not isinstance(builder, ContextBuilder):
        raise InvalidInput(
            f"{shortened(builder)} is not a builder.", "Pass a ContextBuilder, made as ever.", value=builder
        )
    if isinstance(builder.store, SessionStore):
        return builder.store
    raise InvalidInput(
        "The builder has no store that keeps sessions.",
        'Give it one, such as `ContextBuilder(store=SQLiteStore("agent.db"), …)`.',
        value=builder.store,
    )


class Lifecycle:
    """One agent's life in one session.

    The hooks block while they read and write: call them in a thread where an event loop must go on
    (`await asyncio.to_thread(hooks.before_model)`). `variables` fill the system prompt's template
    and the namespaces of memories.
    """

    def __init__(
        self,
        builder: Builds,
        store: SessionStore,
        *,
        actor_id: str,
        session_id: str,
        remember: Remembers | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.actor_id = actor_id
        self.session_id = session_id
        self._builder = builder
        self._store = store
        self._remember = remember
        self._variables = dict(variables or {})
        self._state: Checkpoint | None = None

    def initialise(self) -> Checkpoint:
        """The agent begins: its own state document is loaded, to read and to change. See `contextkit.state`."""
        if self._state is None:
            self._state = AgentState(self._store).session(self.actor_id, self.session_id)
        self._state.load()
        return self._state

    def before_model(self, query: object = None, *, beside: Sequence[Mapping[str, Any]] = ()) -> Context:
        """The model is about to be called: what it shall see.

        A `query` begins a turn. Without one the turn goes on; or begins, where the user's message was
        added since. What is sent `beside` the prompt takes up some of its budget. What `ContextBuilder.build` raises is
        raised here.
        """
        return self._builder.build(
            query, actor_id=self.actor_id, session_id=self.session_id, variables=self._variables, beside=beside
        )

    def message_added(self, message: object) -> list[Message]:
        """A message joined the conversation: it is appended to the session, and returned as stored.

        In any shape that `SessionStore.append` takes. The blocks that contextkit itself put into a
        prompt are not the conversation's: they are left out, and the list is empty.
        """
        given = [one for one in as_messages([message]) if one.name != BLOCK_NAME]
        return self._store.append(self.actor_id, self.session_id, given) if given else []

    def after(self) -> None:
        """The agent has answered: its state is saved if it changed, and what was said is due to be remembered.

        Raises `VersionConflict` where another changed the same keys of the state; extraction is
        triggered all the same.
        """
        try:
            if self._state is not None:
                self._state.save()
        finally:
            if self._remember is not None:
                variables = {name: str(value) for name, value in self._variables.items()}
                self._remember(self.actor_id, self.session_id, variables=variables)
