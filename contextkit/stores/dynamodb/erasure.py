"""Erasure: everything of an actor deleted, in every table and in the bucket.

An actor's sessions are listed in a partition of their own, but DynamoDB's TTL deletes that list's
items and the sessions' items each in its own time, and nothing lists the tools whose results are
cached. So both tables are scanned: an erasure reads the keys of all actors, once. Objects in the
bucket lie in a folder of their actor's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, get_args

from contextkit.stores import check_id
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.items import Table
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.payloads import Payloads

_KINDS: Final = {
    ("sessions", "meta", 0): "sessions",
    ("sessions", "log", 2): "messages",
    ("sessions", "over", 2): "overflow",
    ("memories", "rec", 1): "memories",
    ("prefs", "preferences", 0): "preferences",
}
"""What an item is, by its table, the beginning of its sort key, and how many parts follow. A chunk has more."""

_OTHERS: Final = "others"
"""Items that serve one of another kind: ids, indexes, chunks."""


class Erasure:
    """`Erasable`."""

    def __init__(self, database: Database, payloads: Payloads, lives: Lives) -> None:
        self._database = database
        self._payloads = payloads
        self._lives = lives

    def held(self, actor_id: str) -> dict[str, int]:
        found = self._found(check_id("actor id", actor_id))
        return _counted(found, self._payloads.objects_of(actor_id))

    def erase(self, actor_id: str) -> dict[str, int]:
        """As `Erasable.erase`, in all versions that the bucket keeps.

        Needs the right to scan the tables of sessions and of the tool cache. A store that was opened
        without its bucket leaves what lies there.
        """
        found = self._found(check_id("actor id", actor_id))
        counts = _counted(found, self._payloads.objects_of(actor_id))
        for table, places in found.items():
            self._database.delete_many(table, sorted(places, key=_last_to_be_missed))
            for pk in {pk for pk, _ in places}:
                self._lives.forget_partition(pk)
        self._payloads.forget_actor(actor_id)
        return counts

    def _found(self, actor_id: str) -> dict[Table, list[Key]]:
        """The keys of everything of the actor."""
        found = {table: [*self._listed(table, actor_id)] for table in get_args(Table)}
        return {table: places for table, places in found.items() if places}

    def _listed(self, table: Table, actor_id: str) -> Iterable[Key]:
        if table == "memories":
            return self._database.keys(table, keys.memories_key(actor_id))
        if table == "prefs":
            return self._database.keys(table, keys.actor_key(actor_id))
        if table == "tool-cache":
            return self._database.keys_under(table, keys.tools_of(actor_id))
        listed = self._database.keys(table, keys.sessions_key(actor_id))
        return [*listed, *self._database.keys_under(table, keys.sessions_of(actor_id))]


def in_any(regions: Iterable[dict[str, int]]) -> dict[str, int]:
    """What is held in any of several regions that replicate each other: of each kind, the most.

    A region that does not answer is not passed over: it may hold what the others do not.
    """
    most: dict[str, int] = {}
    for counts in regions:
        most |= {kind: max(count, most.get(kind, 0)) for kind, count in counts.items()}
    return most


def _last_to_be_missed(place: Key) -> tuple[bool, str, str]:
    """What makes a session visible goes first, so that none is seen in part."""
    return not place[1].startswith(keys.META), *place


def _counted(found: dict[Table, list[Key]], objects: int) -> dict[str, int]:
    sessions = {place[0] for place in found.get("sessions", ()) if _kind("sessions", place) == "sessions"}
    counts = Counter(_kind(table, place) for table, places in found.items() for place in places)
    counts["sessions"] = len(sessions)  # each region has a `meta` of its own
    counts["objects"] = objects
    return {kind: count for kind, count in sorted(counts.items()) if count}


def _kind(table: Table, place: Key) -> str:
    parts = place[1].split("#")
    if table == "tool-cache":
        return "tool_results" if len(parts) == 2 else _OTHERS
    if place[0].startswith("sessions#"):
        return _OTHERS
    return _KINDS.get((table, parts[0].partition("!")[0], len(parts) - 1), _OTHERS)
