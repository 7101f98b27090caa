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

from contextkit.errors import StoreError
from contextkit.stores import check_id
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.items import Row, Table
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
        return _counted(_keys(found), self._objects(actor_id, found))

    def erase(self, actor_id: str) -> dict[str, int]:
        """As `Erasable.erase`, in all versions that the bucket keeps.

        Needs the right to scan the tables of sessions and of the tool cache. Raises `StoreError`, and
        deletes nothing, where payloads lie in a bucket that the store was opened without.
        """
        found = self._found(check_id("actor id", actor_id))
        objects = self._objects(actor_id, found)
        if objects and not self._payloads.has_bucket:
            raise StoreError(
                f"{objects} payloads of the actor lie in a bucket that this store was opened without.",
                "Pass `bucket` (on the command line: dynamodb:PREFIX@BUCKET), and erase again.",
            )
        places = _keys(found)
        for table, keys_found in places.items():
            self._database.delete_many(table, sorted(keys_found, key=_last_to_be_missed))
            for pk in {pk for pk, _ in keys_found}:
                self._lives.forget_partition(pk)
        self._payloads.forget_actor(actor_id)
        return _counted(places, objects)

    def _objects(self, actor_id: str, found: dict[Table, list[Row]]) -> int:
        """How many objects there are in the bucket; in one that cannot be asked, those that are pointed to."""
        if self._payloads.has_bucket:
            return self._payloads.objects_of(actor_id)
        return sum("object" in row for rows in found.values() for row in rows)

    def _found(self, actor_id: str) -> dict[Table, list[Row]]:
        """Where everything of the actor is."""
        found = {table: [*self._listed(table, actor_id)] for table in get_args(Table)}
        return {table: rows for table, rows in found.items() if rows}

    def _listed(self, table: Table, actor_id: str) -> Iterable[Row]:
        if table == "memories":
            return self._database.places(table, keys.memories_key(actor_id))
        if table == "prefs":
            return self._database.places(table, keys.actor_key(actor_id))
        if table == "tool-cache":
            return self._database.places_under(table, keys.tools_of(actor_id))
        listed = self._database.places(table, keys.sessions_key(actor_id))
        return [*listed, *self._database.places_under(table, keys.sessions_of(actor_id))]


def in_any(regions: Iterable[dict[str, int]]) -> dict[str, int]:
    """What is held in any of several regions that replicate each other: of each kind, the most.

    A region that does not answer is not passed over: it may hold what the others do not.
    """
    most: dict[str, int] = {}
    for counts in regions:
        most |= {kind: max(count, most.get(kind, 0)) for kind, count in counts.items()}
    return most


def _keys(found: dict[Table, list[Row]]) -> dict[Table, list[Key]]:
    return {table: [(row["pk"], row["sk"]) for row in rows] for table, rows in found.items()}


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
