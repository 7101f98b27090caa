"""Our memory records as AgentCore's: one or several parts, and what a part cannot hold in its metadata.

A part is a record of the service's: up to 16,000 characters of the text, which it searches, and
twenty metadata values. A longer text is split over several parts. Everything else about a record
(its exact times, sources, own metadata, and any text that may not arrive as it was sent) is
compressed and spread over metadata values, since those take few characters. Of what can be filtered
by, the parts also say it plainly: `contextkit.strategy`, `.importance`, `.validFrom`, `.validTo`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import zip_longest
from typing import Final

from contextkit.errors import InvalidInput, StoreCorrupt
from contextkit.stores import MemoryRecord
from contextkit.stores.agentcore.namespaces import own_namespace
from contextkit.stores.agentcore.payloads import is_safe, pieces, readable
from contextkit.stores.agentcore.record import MetadataValue, NewRecord, Record
from contextkit.stores.codec import check_record, from_micros, to_json, to_micros

MAX_TEXT: Final = 16_000
"""Characters of one record's text, by botocore's model of the service."""

MAX_PARTS: Final = 100
"""Parts of one memory: those of one batch, so that they are written together."""

_ID: Final = "contextkit.id"
_GROUP: Final = "contextkit.group"
_PART: Final = "contextkit.part"
_DATA: Final = "contextkit.data."
_VALUE: Final = 256
_CHUNKS: Final = 12
"""Data in one part: twenty metadata values, less three that tell parts apart and four to filter by, less one spare."""

_LABEL: Final = re.compile(r"[a-zA-Z0-9_-]{1,256}")
"""Names of strategies that metadata can hold, and so can be filtered by."""

_NO_TEXT: Final = "(no text)"

BLANK: Final = "replaced"
"""The text of a record that stands for nothing any more, and the name of its version."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory as it was read back, and the name of its version; the latest sorts last."""

    record: MemoryRecord
    written: str


def id_digest(record_id: str) -> str:
    """The name under which all parts of a memory are found, whatever its id looks like."""
    return sha256(record_id.encode()).hexdigest()


def to_parts(actor_id: str, record: MemoryRecord, group: str) -> list[NewRecord]:
    """The parts of a memory. `group` names this very version of it; the latest sorts last.

    Raises `InvalidInput` for a memory that is too large, or that no store would take.
    """
    said = is_safe(record.text) and bool(record.text.strip())
    texts = list(pieces(readable(record.text), MAX_TEXT)) if record.text.strip() else [_NO_TEXT]
    data = list(_data(check_record(record), said))
    chunks = [data[start : start + _CHUNKS] for start in range(0, len(data), _CHUNKS)]
    count = max(len(texts), len(chunks))
    if count > MAX_PARTS:
        raise InvalidInput(
            f"The memory {record.id!r:.80} has {len(record.text):,} characters and takes {count} records of AgentCore; "
            f"at most {MAX_PARTS} are written together.",
            "Make several memories of it, or keep less in its metadata.",
            value=record.id,
        )
    namespace = own_namespace(actor_id, record.namespace)
    return [
        NewRecord(
            id=record.id,
            text=text if text is not None else _NO_TEXT,
            namespace=namespace,
            timestamp=record.created_at,
            metadata=_metadata(record, group, f"{number}/{count}/{len(texts)}", chunk or ()),
        )
        for number, (text, chunk) in enumerate(zip_longest(texts, chunks))
    ]


def blank(record: Record) -> NewRecord:
    """What takes the place of a record that is to go, where it cannot be deleted."""
    return NewRecord(
        id=record.id,
        text=BLANK,
        namespace=record.namespace,
        timestamp=record.created_at,
        metadata={_ID: digest_of(record), _GROUP: BLANK},
        record_id=record.id,
    )


def whole(records: Iterable[Record]) -> list[Kept]:
    """The memories among these records of which every part is there."""
    return [_kept(group, parts) for group, parts in _groups(records).items() if _is_whole(parts)]


def are_whole(records: Iterable[Record]) -> bool:
    """Whether every memory among these records has all of its parts."""
    return all(map(_is_whole, _groups(records).values()))


def is_part(record: Record) -> bool:
    """Whether contextkit wrote the record."""
    return _GROUP in record.metadata


def is_blank(record: Record) -> bool:
    """Whether the record stands for nothing any more."""
    return record.metadata.get(_GROUP) == BLANK


def version_of(record: Record) -> str:
    """What names the version of a memory that a part belongs to; the record's own id where it is no part."""
    return str(record.metadata.get(_GROUP, record.id))


def digest_of(record: Record) -> str:
    """The digest of the memory's id that a record belongs to."""
    return str(record.metadata[_ID]) if is_part(record) else id_digest(record.id)


def latest(memories: Iterable[Kept]) -> list[Kept]:
    """Of each id the version that was written last."""
    found: dict[str, Kept] = {}
    for kept in memories:
        if kept.record.id not in found or found[kept.record.id].written < kept.written:
            found[kept.record.id] = kept
    return list(found.values())


def native(record: Record, namespace: str, strategy: str) -> MemoryRecord:
    """A record that the service's own strategies, or another client, have made, under contextkit's names for both."""
    return MemoryRecord(
        id=record.id,
        text=record.text,
        namespace=namespace,
        strategy=strategy,
        created_at=record.timestamp or record.created_at,
        expires_at=record.expires_at,
        metadata={key: _plain(value) for key, value in record.metadata.items()},
    )


def _plain(value: MetadataValue) -> object:
    """A metadata value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _metadata(record: MemoryRecord, group: str, part: str, data: Sequence[str]) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {
        _ID: id_digest(record.id),
        _GROUP: group,
        _PART: part,
        "contextkit.importance": float(record.importance),
    }
    if _LABEL.fullmatch(record.strategy):
        metadata["contextkit.strategy"] = record.strategy
    for name, at in (("validFrom", record.valid_from), ("validTo", record.valid_to)):
        if at is not None:
            metadata[f"contextkit.{name}"] = at
    return metadata | {f"{_DATA}{number:02}": chunk for number, chunk in enumerate(data)}


def _data(record: MemoryRecord, said: bool) -> Iterable[str]:
    """All of the record but what its parts' texts hold, in pieces that metadata values take."""
    fields = [
        record.id,
        record.namespace,
        record.strategy,
        record.importance,
        to_micros(record.created_at),
        to_micros(record.valid_from),
        to_micros(record.valid_to),
        to_micros(record.expires_at),
        list(record.sources),
        dict(record.metadata),
        None if said else record.text,
    ]
    text = base64.b64encode(zlib.compress(to_json(fields, f"memory {record.id!r}"), 9)).decode()
    return (text[start : start + _VALUE] for start in range(0, len(text), _VALUE))


def _groups(records: Iterable[Record]) -> dict[str, list[Record]]:
    """The parts by the version of a memory that they belong to, each part once."""
    groups: dict[str, dict[str, Record]] = {}
    for record in records:
        if is_part(record) and not is_blank(record):
            groups.setdefault(version_of(record), {}).setdefault(record.id, record)
    return {group: list(parts.values()) for group, parts in groups.items()}


def _is_whole(parts: Sequence[Record]) -> bool:
    return len({_place(part)[0] for part in parts}) == _place(parts[0])[1]


def _place(part: Record) -> tuple[int, int, int]:
    """Which part it is, of how many, of which so many have text."""
    number, count, texts = str(part.metadata[_PART]).split("/")
    return int(number), int(count), int(texts)


def _kept(group: str, parts: Sequence[Record]) -> Kept:
    ordered = sorted({_place(part)[0]: part for part in parts}.values(), key=_place)
    texts = "".join(part.text for part in ordered[: _place(ordered[0])[2]])
    data = "".join(
        str(part.metadata[key]) for part in ordered for key in sorted(part.metadata) if key.startswith(_DATA)
    )
    return Kept(_record(group, data, texts), group)


def _record(group: str, data: str, texts: str) -> MemoryRecord:
    try:
        fields = json.loads(zlib.decompress(base64.b64decode(data, validate=True)).decode("utf-8", "surrogatepass"))
        name, namespace, strategy, importance, created, begins, ends, expires, sources, metadata, text = fields
    except (ValueError, binascii.Error, zlib.error) as error:
        raise StoreCorrupt(
            f"The memory {group!r} was changed since contextkit wrote it ({error}).",
            "Delete its records from AgentCore, and put it again.",
        ) from error
    return MemoryRecord(
        id=name,
        text=texts if text is None else text,
        namespace=namespace,
        strategy=strategy,
        importance=importance,
        created_at=from_micros(created),
        valid_from=from_micros(begins),
        valid_to=from_micros(ends),
        expires_at=from_micros(expires),
        sources=tuple(sources),
        metadata=metadata,
    )
