"""Erasure: an actor deleted from every store, and the receipt that it was done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from contextkit.clock import utc_now
from contextkit.errors import ErasureIncomplete, InvalidInput, StoreError
from contextkit.stores import Erasable, check_id

FIRST_PAUSE: Final = timedelta(milliseconds=100)
LONGEST_PAUSE: Final = timedelta(seconds=10)
"""Between two looks at what lingers: doubled each time, since what lingers does so for moments or for minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was erased of an actor, when, and from where.

    `erased` has, for each store, how many things of each kind it held; `failed` why a store could not
    be cleared, by its name. As JSON the receipt names the actor by a SHA-256 only, so that it
    can be kept when nothing else may be.
    """

    actor_id: str
    at: datetime
    erased: Mapping[str, Mapping[str, int]]
    failed: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, Erasable] = field(default_factory=dict, repr=False, compare=False)

    @property
    def total(self) -> int:
        """How many things were erased, of all kinds and in all stores."""
        return sum(count for counts in self.erased.values() for count in counts.values())

    def verify(
        self, *, within: timedelta = timedelta(), sleep: Callable[[float], None] = time.sleep
    ) -> dict[str, dict[str, int]]:
        """Read all stores again: what lingers, by store and kind; `{}` for nothing.

        A store may go on showing for a while what it has deleted (AgentCore Memory for less than
        five minutes), and an agent that was not stopped may have written anew: looks again until
        nothing is there, or that time is over.
        """
        until = utc_now() + within
        pause = FIRST_PAUSE
        while True:
            found = {name: held for name, store in self.stores.items() if (held := store.held(self.actor_id))}
            left = until - utc_now()
            if not found or left <= timedelta():
                return found
            sleep(min(pause, left).total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)

    def to_dict(self) -> dict[str, Any]:
        """The receipt as JSON values."""
        return {
            "actor_sha256": sha256(self.actor_id.encode()).hexdigest(),
            "at": self.at.isoformat(),
            "erased": {name: dict(counts) for name, counts in self.erased.items()},
            "failed": dict(self.failed),
        }

    def to_json(self) -> str:
        """The receipt as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


def erase_actor(actor_id: str, stores: Mapping[str, Erasable]) -> Receipt:
    """Erase everything of the actor from every store; `stores` are named as the receipt shall name them.

    A store that fails does not keep the others from being cleared. Raises `ErasureIncomplete`, with
    the receipt of what was done, where any failed: erase again then. Stop the actor's agents
    first, for what they write meanwhile stays.
    """
    check_id("actor id", actor_id)
    _check_stores(stores)
    erased: dict[str, Mapping[str, int]] = {}
    failed: dict[str, str] = {}
    for name, store in stores.items():
        try:
            erased[name] = store.erase(actor_id)
        except StoreError as error:
            failed[name] = str(error)
    receipt = Receipt(actor_id=actor_id, at=utc_now(), erased=erased, failed=failed, stores=dict(stores))
    if failed:
        raise ErasureIncomplete(receipt)
    return receipt


def _check_stores(stores: Mapping[str, Erasable]) -> None:
    if not isinstance(stores, Mapping):
        raise InvalidInput(
            f"The stores are a {type(stores).__name__}.", 'Pass them by name: {"agent.db": store}.', value=stores
        )
    if not stores:
        raise InvalidInput("There is no store to erase from.", "Pass every store that may hold the actor.")
    for name, store in stores.items():
        if not isinstance(store, Erasable):
            raise InvalidInput(
                f"The store {name!r} ({type(store).__name__}) cannot erase an actor.",
                "Give it the methods of `contextkit.stores.Erasable`.",
                value=name,
            )
