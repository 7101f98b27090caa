"""Payloads: content of any size, compressed, checked, and cut into chunks where one item cannot hold it.

What is small stands in its own item. What is large is written first, as chunks or into a bucket,
under a name that nobody else uses; only then may an item that points to it be written. A writer
that dies in between leaves chunks that nothing points to, never a pointer to nothing.
"""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from contextkit.errors import StoreCorrupt
from contextkit.stores.dynamodb.bucket import Bucket
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.items import Row, Table, Value
from contextkit.stores.dynamodb.keys import owner_of

INLINE = 32_000
"""Bytes that stand in an item itself: a transaction of 98 such items stays below 4 MB."""

CHUNK = 360_000
"""Bytes of a chunk, and what a document that is written alone may have in its own item: which may have 400 KB with its
key and names, and these take 2 KB at most."""

IN_BUCKET = 1_000_000
"""Bytes above which a payload goes into the bucket, if there is one: three chunks cost more than one object."""

_SUM = 8
"""Bytes of SHA-256 kept to tell damage: a chance of 2⁻⁶⁴ that some goes unseen."""

_FORMER_SUM = 16
"""The same in bodies that begin with the sum, which are still read."""

_LEVEL = 3
"""zlib's effort, as for SQLite: within a tenth of level 6 in a third of its time."""

_BEST = 9
"""The same for what is read far more often than it is written: a tenth less of a pack of a chat's messages."""

_RAW, _DEFLATED = b"r", b"e"
"""How a body is written: as it is, or as raw deflate that knows something beforehand (`_KNOWN`). It says so first, then
follows the sum of all the rest."""

_KNOWN = b"".join(
    [
        b'"arguments":"{\\"","tool_call_id":"call_","tool_calls":[["call_","name":"type":"text","text":"',
        b" about because could from have just know like more really some there they think this time want what ",
        b"when will with would your I'm that's it's don't and for the to you is of in a .",
        b'"}],"created_at":"2026-00:00.000000+00:00","tokens":1,"counter":"o200k_base"',
        b'}{"role":"system","content":"{"role":"tool","content":"{"role":"user","content":"',
        b'{"role":"assistant","content":"',
        b'","id":"',
    ]
)
"""What messages have in common, the likeliest last. A chat's, of 130 characters on average, take a quarter less
than by zlib alone. It is part of what is stored: a change needs a kind of its own."""


class Payloads:
    """Writes and reads payloads. A row points to one by the columns that `put` returns."""

    def __init__(self, database: Database, bucket: Bucket | None) -> None:
        self._database = database
        self._bucket = bucket

    @property
    def has_bucket(self) -> bool:
        """Whether there is a bucket, for large payloads."""
        return self._bucket is not None

    def inline(self, pieces: Sequence[bytes], most: int) -> dict[str, Value | None] | None:
        """The column that holds these pieces as one, as small as it gets; None if it takes more than `most` bytes."""
        body = packed(*pieces)
        return {"body": body} if len(body) <= most else None

    def put(
        self, table: Table, pk: str, base: str, content: bytes, ttl: int | None, inline: int = INLINE
    ) -> dict[str, Value | None]:
        """The columns that stand for `content`, up to so many bytes `inline`; what they point to has been written
        by then."""
        body = _packed([content])
        if len(body) <= inline:
            return {"body": body}
        base = f"{base}#{uuid.uuid4().hex}"
        if self._bucket is not None and len(body) > IN_BUCKET:
            return {"object": self._bucket.put(pk, base, body)}
        pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
        place: dict[str, Value | None] = {"pk": pk, "ttl": ttl, "written_at": int(time.time())}
        self._database.put_many(
            table, [{**place, "sk": piece_of(base, number), "chunk": piece} for number, piece in enumerate(pieces)]
        )
        return {"base": base, "chunks": len(pieces)}

    def get(self, table: Table, row: Row) -> bytes:
        """The content that the row holds or points to. Raises `StoreCorrupt`."""
        return self.get_all(table, [row])[0]

    def get_all(self, table: Table, rows: Sequence[Row]) -> list[bytes]:
        """The content of each row; all their chunks are read together. Raises `StoreCorrupt`."""
        chunks = self._chunks(table, rows, {})
        return [self._content(row, chunks) for row in rows]

    def get_intact(
        self, table: Table, rows: Sequence[Row], known: Mapping[Key, Row] | None = None
    ) -> list[bytes | StoreCorrupt]:
        """The same, with the error in the place of what is damaged or not all there; `known` chunks are not read."""
        chunks = self._chunks(table, rows, known or {})
        return [self._intact(row, chunks) for row in rows]

    def forget(self, pk: str) -> None:
        """Delete every object of a partition from the bucket."""
        if self._bucket is not None:
            self._bucket.delete_all(pk)

    def forget_actor(self, actor_id: str) -> None:
        """Delete every object of an actor from the bucket, those too whose items are gone already."""
        if self._bucket is not None:
            self._bucket.erase(owner_of(actor_id))

    def objects_of(self, actor_id: str) -> int:
        """How many objects an actor has in the bucket."""
        return 0 if self._bucket is None else self._bucket.count(owner_of(actor_id))

    def _chunks(self, table: Table, rows: Sequence[Row], known: Mapping[Key, Row]) -> Mapping[Key, Row]:
        """The chunks that the rows point to, as far as they are there; those not `known` are read together."""
        missing = [key for row in rows for key in _pointed(row) if key not in known]
        return {**known, **self._database.get_settled(table, missing)} if missing else known

    def _content(self, row: Row, chunks: Mapping[Key, Row]) -> bytes:
        return _unpacked(self._body(row, chunks), row["sk"])

    def _intact(self, row: Row, chunks: Mapping[Key, Row]) -> bytes | StoreCorrupt:
        try:
            return self._content(row, chunks)
        except StoreCorrupt as error:
            return error

    def _body(self, row: Row, chunks: Mapping[Key, Row]) -> bytes:
        if "body" in row:
            return bytes(row["body"])
        if "object" in row:
            if self._bucket is None:
                raise StoreCorrupt(
                    f"What {row['sk']!r} stands for lies in a bucket ({row['object']}).", "Pass `bucket` to the store."
                )
            return self._bucket.get(row["object"])
        return b"".join(_present(chunks.get(key), row["sk"]) for key in chunk_keys(row))


def packed(*pieces: bytes) -> bytes:
    """Content as it stands in a body, as small as it gets, each of its pieces by what is frequent in that."""
    return _packed(pieces, _BEST)


def chunk_keys(row: Row) -> Iterator[Key]:
    """The keys of the chunks that the row points to."""
    return ((row["pk"], piece_of(row["base"], number)) for number in range(row.get("chunks", 0)))


def _pointed(row: Row) -> list[Key]:
    """The same; none where the row does not say so, as is told once its content is asked for."""
    try:
        return list(chunk_keys(row))
    except StoreCorrupt:
        return []


def piece_of(base: str, number: int) -> str:
    """The sort key of a numbered chunk or part of what is called `base`."""
    return f"{base}#{number:06}"


def base_of(sk: str) -> str:
    """What points to the chunk with this sort key calls it by."""
    return sk.rpartition("#")[0]


def is_chunk(row: Row) -> bool:
    """True for a chunk, which means nothing by itself."""
    return "chunk" in row


def _packed(pieces: Sequence[bytes], level: int = _LEVEL) -> bytes:
    content = b"".join(pieces)
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_KNOWN)
    blocks = [packer.compress(piece) + packer.flush(zlib.Z_PARTIAL_FLUSH) for piece in pieces[:-1]]
    deflated = b"".join([_DEFLATED, *blocks, packer.compress(pieces[-1]), packer.flush()])
    return _summed(deflated if len(deflated) <= len(content) else _RAW + content)


def _summed(stored: bytes) -> bytes:
    return stored[:1] + _sum(stored)[:_SUM] + stored[1:]


def _unpacked(body: bytes, name: str) -> bytes:
    kind, data = body[:1], body[1 + _SUM :]
    # Raw deflate has bits that mean nothing; so that one of them turned is seen too, what is stored is summed.
    if body != _summed(kind + data):
        kind, data = _of_former(body, name)
    try:
        content = _inflated(kind, data)
    except zlib.error:
        raise _damaged(name) from None
    if content is None:
        raise _damaged(name)
    return content


def _of_former(body: bytes, name: str) -> tuple[bytes, bytes]:
    """How a body of a former version is written, and what."""
    stored = body[_FORMER_SUM:]
    kind, data = stored[:1], stored[1:]
    if _sum(stored if kind == _DEFLATED else data)[:_FORMER_SUM] != body[:_FORMER_SUM]:
        raise _damaged(name)
    return kind, data


def _sum(data: bytes) -> bytes:
    return sha256(data).digest()


def _inflated(kind: bytes, data: bytes) -> bytes | None:
    """What was written so; None for a kind that there is not."""
    if kind == _DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_KNOWN)
        return unpacker.decompress(data) + unpacker.flush()
    return data if kind == _RAW else None


def _present(chunk: Row | None, name: str) -> bytes:
    if chunk is None:
        raise _damaged(name)
    return bytes(chunk["chunk"])


def _damaged(name: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"What is stored under {name!r} is not what was written there.", "Restore the table from a backup."
    )
