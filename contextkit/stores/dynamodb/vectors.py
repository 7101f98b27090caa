"""Vectors of messages: items of their own, made after the messages are safe, and made up for when that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contextkit.readable import readable
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Key
from contextkit.stores.dynamodb.items import Columns, Row, Value
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Span, Stretch
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.messages import Messages
from contextkit.stores.embedding import BATCH, Attempts, Embedder, matrix
from contextkit.types import Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VECTOR = "vec"

_TOP = 2**62


class MessageVectors:
    """The vectors of a session's messages. A message without meaning has an item without a vector."""

    def __init__(self, lives: Lives, messages: Messages, embedder: Embedder | None) -> None:
        self._lives = lives
        self._database = lives.database
        self._messages = messages
        self._embedder = embedder
        self._attempts = Attempts(embedder)
        """Of appends alone, in this region: what they cannot store is made up for when it is read."""

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        at = self._lives.clock.at(actor_id, session_id)
        life = self._lives.find(at)
        rows = [] if life is None else self._rows(life, max(after, 0))
        return matrix((row["seq"], row["vector"]) for row in rows if "vector" in row)

    def keep(self, life: Life, messages: Sequence[Message]) -> None:
        """Embed messages that were just stored in this life, as far as it can be done now."""
        self._attempts.make(lambda: self._embed_alive(life, messages))

    def _embed_alive(self, life: Life, messages: Sequence[Message]) -> None:
        made = self._embed(life, messages)
        now = self._lives.known(self._lives.clock.at(life.actor_id, life.session_id))
        if now is None or life.life not in now.lives:  # as far as this process knows: embedding takes long
            self._database.delete_many("sessions", [(str(row["pk"]), str(row["sk"])) for row in made])

    def _rows(self, life: Life, after: int) -> list[Row]:
        rows: list[Row] = [
            Columns(row, seq=row["seq"] + span.shift)
            for span in life.spans(min(after, _TOP) + 1, _TOP)
            for row in self._database.query("sessions", life.pk, _between(span.stretch))
        ]
        made = {row["seq"] for row in rows}
        missing = [seq for seq in range(after + 1, life.last_seq + 1) if seq not in made]
        if missing and self._embedder is not None and not self._embedder.resting:
            rows += self._make_up(life, missing)
        return sorted(rows, key=lambda row: int(row["seq"]))

    def _make_up(self, life: Life, seqs: Sequence[int]) -> list[Row]:
        made: list[Row] = []
        for start in range(0, len(seqs), BATCH):
            messages = self._messages.pick(life.actor_id, life.session_id, seqs[start : start + BATCH])
            rows = self._embed(life, messages)
            if not rows:
                break
            made += rows
        return made

    def _embed(self, life: Life, messages: Sequence[Message]) -> list[Mapping[str, Value]]:
        """Make and store vectors; the rows, or none where the embedder failed."""
        meant = [message for message in messages if _has_meaning(message)]
        made: list[bytes | None] | None = []
        if meant and self._embedder is not None:
            made = self._embedder.documents([readable(message) for message in meant])
        if made is None:
            return []
        vector_of = {message.seq: vector for message, vector in zip(meant, made, strict=True)}
        numbers = [message.seq or 0 for message in messages]
        rows = [
            self._row(life, span, vector_of.get(number)) for number in numbers for span in life.spans(number, number)
        ]
        self._database.put_many("sessions", rows)
        return [{**row, "seq": number} for row, number in zip(rows, numbers, strict=True)]

    def _row(self, life: Life, span: Span, vector: bytes | None) -> Mapping[str, Value]:
        """The row of one message's vector, in the same life as the message."""
        seq = span.stretch.first
        place: dict[str, Value] = {"pk": life.pk, "sk": keys.numbered(_VECTOR, span.stretch.life, seq), "seq": seq}
        if vector is not None:
            place["vector"] = vector
        return place if life.ttl is None else {**place, "ttl": life.ttl}


def _between(stretch: Stretch) -> Key:
    """The range of the vectors of a stretch of messages."""
    first, last = (keys.numbered(_VECTOR, stretch.life, seq) for seq in (stretch.first, stretch.last))
    return first, last


def _has_meaning(message: Message) -> bool:
    """True for a message worth a vector: something was said in it, by anyone but the system."""
    return message.role != "system" and bool(readable(message).strip())
