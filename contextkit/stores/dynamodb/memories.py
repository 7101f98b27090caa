"""Long-term memories: an actor's records in one partition, ranked in this process.

A partition's stamp changes with its records, in the same transaction; an index that was built
under the same stamp is used again, for the price of one small read. Each change is numbered and
says which records it was of, so that an index is brought up to date by reading these alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from contextkit.errors import InvalidInput
from contextkit.recent import Recent
from contextkit.stores import MemoryRecord, ScoredMemory, check_id
from contextkit.stores.codec import after, check_record, to_bytes
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import MAX_WRITES, Database
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.memory_changes import STAMP, Changes, Head
from contextkit.stores.dynamodb.memory_rows import (
    RECORD,
    SAYS_NOTHING,
    SHOWN,
    awaits,
    columns_of,
    content_of,
    in_namespace,
    is_shown,
    oldest_first,
    record_of,
    records_among,
    sk_of,
    without_content,
)
from contextkit.stores.dynamodb.nearest import Nearest, beside, numbers
from contextkit.stores.dynamodb.payloads import Payloads, chunk_keys
from contextkit.stores.dynamodb.writes import Condition, Delete, Put, Refused, Update, Write
from contextkit.stores.embedding import BATCH, Attempts, Embedder, matrix
from contextkit.stores.metadata import with_metadata

if TYPE_CHECKING:
    from contextkit.stores.ranking import MemoryIndex

INDEXED = 250_000
"""Records in all indexes kept in memory, one for each actor and namespace searched; the least used goes first."""

INDEX = 8
"""What an index counts for besides its records."""

REPLICATED = timedelta(seconds=5)
"""How long an index is trusted where other regions write: global tables take about a second."""

_AT_ONCE = MAX_WRITES - 2
"""Records in one transaction; of more, as many are written whole or not at all."""


class Memories:
    """`MemoryStore`."""

    def __init__(self, database: Database, payloads: Payloads, clock: Clock, embedder: Embedder | None) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._embedder = embedder
        self._attempts = Attempts(embedder)
        self._nearest = Nearest(database)
        self._shown = SHOWN if embedder is None else ()
        self._indexes = Recent[tuple[str, str | None], _Kept](INDEXED, lambda kept: INDEX + len(kept.index))
        self._changes = Changes(database, clock)

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        pk = keys.memories_key(check_id("actor id", actor_id))
        records = [check_record(record) for record in records]
        columns = {record.id: columns_of(record) for record in records}
        contents = {record.id: content_of(record) for record in records}
        digests = {record.id: sha256(to_bytes(record.text)).digest() for record in records}
        former = self._database.get_many("memories", [(pk, sk_of(name)) for name in columns])
        writes: list[Write] = []
        for name in columns:
            there = former.get((pk, sk_of(name)))
            writes.append(self._put(pk, name, contents[name], {**columns[name], "digest": digests[name]}, there))
            if there and "indexed" in there and there["digest"] != digests[name]:
                writes.append(self._nearest.blank(pk, sk_of(name)))
        self._write(pk, writes)
        self._drop_chunks(former.values())
        self._embed_some(pk, [row for row in self._present(pk, list(columns)) if awaits(row)])

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        pk, within, now = keys.memories_key(check_id("actor id", actor_id)), in_namespace(namespace), self._clock.now()
        wanted, kept = with_metadata(metadata), self._known(pk, namespace, now)
        if kept is not None:
            return [*filter(wanted, kept.index.listed(kept.index.shown(now, active)))]
        return [*filter(wanted, self._records([row for row in self._all(pk) if is_shown(row, within, now, active)]))]

    def search_memories(
        self,
        actor_id: str,
        query: str,
        *,
        namespace: str | None = None,
        limit: int = 20,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[ScoredMemory]:
        pk = keys.memories_key(check_id("actor id", actor_id))
        if limit < 0:
            raise InvalidInput(f"limit is {limit}.", "Pass how many records to return: 0 or more.", value=limit)
        kept = self._index(pk, namespace)
        vector = None if self._embedder is None or not query.strip() else self._embedder.query(query)
        now = self._clock.now()
        shown = kept.index.shown(now, active) & kept.index.having(metadata)
        holding = kept.index.shown(now, True) & shown
        if vector is None or not kept.indexed or not self._nearest.usable(pk, vector.tolist()):
            return kept.index.search(query, vector, limit, shown, holding)
        lexical = kept.index.lexical(query, shown)
        apart = [
            {place: sk for place, sk in enumerate(kept.sks) if group[place]} for group in (holding, shown & ~holding)
        ]
        cosines = self._nearest.cosines(pk, apart, vector, lambda place: bool(lexical[place] > 0), limit)
        return kept.index.best(lexical, kept.index.dense(cosines), limit, holding)

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        pk = keys.memories_key(check_id("actor id", actor_id))
        names = keys.unique(check_id("memory id", name) for name in ids)
        former = self._present(pk, names)
        vectors = [Delete("memories", pk, beside(row["sk"])) for row in former if "indexed" in row]
        self._write(pk, [*vectors, *(Delete("memories", pk, row["sk"]) for row in former)])
        self._drop_chunks(former)

    def embed_missing(self, actor_id: str) -> int:
        """Embed every record that should have a vector and has none. Returns how many still have none."""
        pk = keys.memories_key(check_id("actor id", actor_id))
        self._embed_some(pk, [row for row in self._all(pk) if awaits(row)])
        return sum(awaits(row) for row in self._all(pk))

    def _put(self, pk: str, name: str, content: bytes, columns: dict[str, Value | None], former: Row | None) -> Put:
        """The write of one record; where its text is as it was, so is its vector."""
        payload = self._payloads.put("memories", pk, sk_of(name), content, None)
        same = former is not None and former["digest"] == columns["digest"]
        kept = {column: former[column] for column in ("vector", "indexed") if same and former and column in former}
        place: dict[str, Value | None] = {"pk": pk, "sk": sk_of(name)}
        return Put("memories", {**place, **columns, **kept, **payload})

    def _write(self, pk: str, writes: Sequence[Write]) -> None:
        for start in range(0, len(writes), _AT_ONCE):
            batch = writes[start : start + _AT_ONCE]
            self._changes.write(pk, [sk for sk in map(_place, batch) if sk.startswith(f"{RECORD}#")], batch)

    def _present(self, pk: str, names: Sequence[str]) -> list[Row]:
        found = self._database.get_many("memories", [(pk, sk_of(name)) for name in names])
        return list(records_among(found.values()))

    def _drop_chunks(self, rows: Iterable[Row]) -> None:
        self._database.delete_many("memories", [key for row in rows for key in chunk_keys(row)])

    def _all(self, pk: str) -> list[Row]:
        """Every record's row, oldest first."""
        rows = self._database.query("memories", pk, keys.below(RECORD), columns=self._shown)
        return oldest_first(records_among(rows))

    def _stamped(self, pk: str) -> tuple[Head, list[Row]]:
        """The same, and the last change, in one reading."""
        between = (STAMP, keys.below(RECORD)[1])
        rows = list(self._database.query("memories", pk, between, columns=self._shown))
        heads = [row for row in rows[:1] if row["sk"] == STAMP]
        return Head.of(heads[0] if heads else None), oldest_first(records_among(rows[len(heads) :]))

    def _records(self, rows: Sequence[Row]) -> list[MemoryRecord]:
        contents = self._payloads.get_all("memories", rows)
        return [record_of(row, content) for row, content in zip(rows, contents, strict=True)]

    def _embed_some(self, pk: str, rows: Sequence[Row]) -> None:
        """Embed what still has no vector, as far as it can be done now."""
        for start in range(0, len(rows), BATCH):
            self._attempts.make(partial(self._embed, pk, rows[start : start + BATCH]))

    def _embed(self, pk: str, rows: Sequence[Row]) -> None:
        made = self._embedder and self._embedder.documents([record.text for record in self._records(rows)])
        changed = []
        for row, vector in zip(rows, made or (), strict=False):
            same = Condition("digest = :digest", {"digest": row["digest"]})
            try:
                self._database.write(self._with_vector(pk, row["sk"], vector, same))
            except Refused:
                continue  # the record was replaced meanwhile, and the vector is not its own
            changed.append(row["sk"])
        self._changes.write(pk, changed, ())

    def _with_vector(self, pk: str, sk: str, vector: bytes | None, same: Condition) -> list[Write]:
        """The writes of a record's vector: beside it where an index is to find it, within it where not."""
        if vector is None or not self._nearest.usable(pk, numbers(vector)):
            return [Update("memories", pk, sk, {"vector": vector, "awaits": None}, same)]
        found: dict[str, Value | None] = {"indexed": 1, "vector": None, "awaits": None}
        return [Update("memories", pk, sk, found, same), self._nearest.put(pk, sk, vector)]

    def _known(self, pk: str, namespace: str | None, now: int) -> _Kept | None:
        """The index in memory, if there is one and it is right; only then is the stamp read."""
        kept = self._indexes.get((pk, namespace))
        if kept is None:
            return None
        return kept if kept.holds(self._changes.last(pk), now) else None

    def _index(self, pk: str, namespace: str | None) -> _Kept:
        """The index of a namespace as it is now: the one in memory, or another that goes on from it."""
        within, now = in_namespace(namespace), self._clock.now()
        former = self._indexes.get((pk, namespace))
        found: tuple[Head, list[Row]] | None = None
        if former is not None:
            head = self._changes.last(pk)
            if former.holds(head, now):
                return former
            found = self._followed(pk, former, head)
        head, rows = found or self._read(pk)
        kept = self._kept(head, [row for row in rows if within(row["namespace"])], former, now)
        self._indexes.put((pk, namespace), kept)
        return kept

    def _read(self, pk: str) -> tuple[Head, list[Row]]:
        """Every record's row, with a vector if it can have one now, and the last change before they were read."""
        head, rows = self._stamped(pk)
        awaited = [row for row in rows if awaits(row)]
        if awaited and self._embedder is not None and not self._embedder.resting:
            self._embed_some(pk, awaited)
            rows = self._all(pk)
        return head, rows

    def _followed(self, pk: str, former: _Kept, head: Head) -> tuple[Head, list[Row]] | None:
        """The same, of which only those rows are read that changed; None where that cannot be told."""
        changed = None if self._database.replicas else self._changes.between(pk, former.head, head)
        if changed is None:
            return None
        found = self._database.get_many("memories", [(pk, sk) for sk in changed])
        if self._embedder is not None and any(map(awaits, found.values())):
            return None
        gone = set(changed)
        unchanged = [row for row in former.rows if row["sk"] not in gone]
        return head, oldest_first([*unchanged, *records_among(found.values())])

    def _kept(self, head: Head, rows: Sequence[Row], former: _Kept | None, now: int) -> _Kept:
        """An index of these rows, which were read at that change and time."""
        new = [row for row in rows if SAYS_NOTHING not in row]
        read = dict(zip((row["sk"] for row in new), self._records(new), strict=True))
        known = {} if former is None else former.records
        records = {row["sk"]: read.get(row["sk"]) or known[row["sk"]] for row in rows}
        return _Kept(
            index=_built(rows, list(records.values()), None if former is None else former.index),
            rows=[without_content(row) for row in rows],
            records=records,
            head=head,
            since=now,
            # Between regions a stamp may arrive before its records.
            until=after(now, REPLICATED) if self._database.replicas else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """An index of the records of all times, the change it was built after, and between which times it is trusted.

    `rows` are the records' items without their content, by their numbers in the index, and
    `records` what is in them, in the same order, by sort key.
    """

    index: MemoryIndex
    rows: Sequence[Row]
    records: Mapping[str, MemoryRecord]
    head: Head
    since: int
    until: int | None

    @property
    def sks(self) -> Sequence[str]:
        """The records' places, by their numbers in the index."""
        return list(self.records)

    @property
    def indexed(self) -> bool:
        """Whether vectors of some records stand in the table's own index."""
        return any("indexed" in row for row in self.rows)

    def holds(self, head: Head, now: int) -> bool:
        """Whether nothing has changed since it was built."""
        same = self.head.stamp == head.stamp and now >= self.since
        return same and (self.until is None or now < self.until)


def _built(rows: Sequence[Row], records: Sequence[MemoryRecord], former: MemoryIndex | None) -> MemoryIndex:
    from contextkit.stores.ranking import MemoryIndex

    numbered, vectors = matrix((number, row["vector"]) for number, row in enumerate(rows) if "vector" in row)
    return MemoryIndex(records, numbered, vectors, former)


def _place(write: Write) -> str:
    return str(write.row["sk"]) if isinstance(write, Put) else write.sk
