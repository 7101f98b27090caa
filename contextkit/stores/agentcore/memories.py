"""Long-term memories over AgentCore's records: those we put, and those that the service's strategies make."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, count
from math import ceil, inf
from typing import Any, Final

from contextkit.clock import Clock
from contextkit.errors import InvalidInput, RecordFailure, RecordsRefused, StoreReadOnly
from contextkit.stores import MemoryRecord, ScoredMemory, check_id
from contextkit.stores.agentcore import envelope
from contextkit.stores.agentcore.ledger import check_actor
from contextkit.stores.agentcore.namespaces import Home, is_within, own_place
from contextkit.stores.agentcore.payloads import readable
from contextkit.stores.agentcore.record import Namespace, NewRecord, Record, score_of
from contextkit.stores.agentcore.records import BATCH, MIN_EXPIRY_DAYS, NOT_FOUND, Records
from contextkit.stores.codec import check_record, to_micros
from contextkit.stores.metadata import Test, with_metadata

_DAY: Final = timedelta(days=1)

MAX_EXPIRY_DAYS: Final = 36_500
"""A hundred years: what expires later is left without an expiry in AgentCore. Reads keep to the exact time anyway."""


class Memories:
    """`MemoryStore`.

    Our own records lie below a root of the actor's own. Replacing one updates it in place where
    it is a single part; otherwise the new version is written before the old one is deleted, and
    until it is whole, the old one counts. A role that may not delete, as an agent's at work, blanks
    the old one, and AgentCore forgets it a month later. Expiry and validity are told by the exact times that a
    record carries; AgentCore's own expiry, in whole days, only sweeps up behind.
    """

    def __init__(self, records: Records, homes: Sequence[Home], min_score: float, clock: Clock) -> None:
        self._records = records
        self._homes = homes
        self._min_score = min_score
        self._clock = clock

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        check_actor(actor_id)
        stamp = f"{to_micros(self._clock()):020}-{uuid.uuid4().hex[:12]}"
        drafts = {
            record.id: (record, envelope.to_parts(actor_id, record, f"{stamp}-{number}"))
            for number, record in enumerate(map(check_record, records))
        }
        self._records.check(list(chain.from_iterable(parts for _, parts in drafts.values())))
        if not drafts:
            return
        present, groups = self._present(actor_id, drafts), self._by_expiry(drafts.values())
        failures = [failure for days, batch in groups for failure in self._put(batch, present, days)]
        refused = {failure.record_id: failure for failure in failures}
        if refused:
            raise RecordsRefused(list(refused.values()), len(drafts) - len(refused))

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        check_actor(actor_id)
        shown = self._shown(namespace, active, with_metadata(metadata))
        records = list(self._records.all(own_place(actor_id, namespace)))
        found: list[MemoryRecord] = []
        for place, homes in self._homes_of(actor_id, namespace).items():
            listed = list(self._records.all(place))
            found += filter(None, (_native(homes, actor_id, record) for record in listed))
            records += listed
        found += (kept.record for kept in envelope.latest(envelope.whole(records)))
        return sorted(filter(shown, found), key=_age)

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
        check_actor(actor_id)
        place, asked, wanted = own_place(actor_id, namespace), readable(query).strip(), with_metadata(metadata)
        shown = self._shown(namespace, active, wanted)
        if limit < 0:
            raise InvalidInput(f"limit is {limit}.", "Pass how many records to return: 0 or more.", value=limit)
        if not asked or not limit:
            return []
        found = self._search(place, asked)
        for home_place, homes in self._homes_of(actor_id, namespace).items():
            found += self._search(home_place, asked, partial(_native, homes, actor_id))
        holds = self._shown(namespace, True, wanted)
        ranked = sorted(found, key=lambda scored: (scored.score, _age(scored.record)), reverse=True)
        marked = [replace(scored, active=holds(scored.record)) for scored in ranked if shown(scored.record)]
        places = {active: count() for active in (True, False)}
        return [scored for scored in marked if next(places[scored.active]) < limit]

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        check_actor(actor_id)
        wanted = [check_id("memory id", name) for name in ids]
        if not wanted:
            return
        present = self._present(actor_id, wanted)
        self._records.delete([part.id for name in wanted for part in present.get(envelope.id_digest(name), ())])

    def count(self, actor_id: str) -> int:
        """How many memories AgentCore has of the actor, expired ones and unfinished ones too; all blanks are one."""
        found = chain.from_iterable(map(self._records.all, self._places(actor_id)))
        return len({envelope.version_of(record) for record in found})

    def delete_all(self, actor_id: str) -> None:
        """Delete every record of the actor."""
        for place in self._places(actor_id):
            self._records.delete([record.id for record in self._records.all(place)])

    def _homes_of(self, actor_id: str, namespace: str | None) -> dict[Namespace, list[Home]]:
        """The strategies whose records a namespace may mean, by their places, which several may share."""
        homes: dict[Namespace, list[Home]] = {}
        for home in self._homes:
            if home.may_hold(actor_id, namespace):
                homes.setdefault(home.place(actor_id), []).append(home)
        return homes

    def _places(self, actor_id: str) -> list[Namespace]:
        """Where the actor's records are: our own root, and each strategy's."""
        return list(dict.fromkeys([own_place(actor_id, None), *(home.place(actor_id) for home in self._homes)]))

    def _present(self, actor_id: str, names: Iterable[str]) -> dict[str, list[Record]]:
        """What there is of the actor's records by the digests of their ids; a strategy's if it is named at all."""
        places = self._places(actor_id)
        if not any(name.startswith(_NATIVE) for name in names):
            places = places[:1]
        present: dict[str, list[Record]] = {}
        for record in chain.from_iterable(map(self._records.all, places)):
            present.setdefault(envelope.digest_of(record), []).append(record)
        return present

    def _by_expiry(
        self, drafts: Iterable[tuple[MemoryRecord, list[NewRecord]]]
    ) -> list[tuple[int | None, list[list[NewRecord]]]]:
        """The memories in groups that AgentCore is to forget after the same number of days."""
        groups: dict[int | None, list[list[NewRecord]]] = {}
        for record, parts in drafts:
            groups.setdefault(_expiry_days(record, self._clock()), []).append(parts)
        return list(groups.items())

    def _put(
        self, drafts: Sequence[list[NewRecord]], present: dict[str, list[Record]], days: int | None
    ) -> list[RecordFailure]:
        """Write each memory: in place, or as a new one before the old one goes. Those that were refused."""
        updates: list[NewRecord] = []
        fresh: list[NewRecord] = []
        former: list[tuple[str, Record]] = []
        for parts in drafts:
            known = present.get(envelope.id_digest(parts[0].id), [])
            there = [record for record in known if not envelope.is_blank(record)]
            if len(there) == len(parts) == 1:
                namespace = parts[0].namespace if envelope.is_part(there[0]) else there[0].namespace
                updates.append(replace(parts[0], record_id=there[0].id, namespace=namespace))
            else:
                fresh.extend(parts)
                former += ((parts[0].id, part) for part in there)
        failures = _refused(partial(self._records.update, updates, expiry_days=days))
        # A record that was deleted is listed for minutes still, and cannot be updated any more.
        gone = {failure.record_id for failure in failures if failure.code == NOT_FOUND}
        fresh += [replace(part, record_id=None) for part in updates if part.id in gone]
        failures = [failure for failure in failures if failure.record_id not in gone]
        failures += _refused(partial(self._records.create, fresh, expiry_days=days))
        stay = {failure.record_id for failure in failures}
        replaced = {part.id: part for name, part in former if name not in stay}
        names = {part.id: name for name, part in former}
        left = [failure for failure in _refused(partial(self._remove, replaced)) if failure.code != NOT_FOUND]
        return failures + [replace(failure, record_id=names[failure.record_id]) for failure in left]

    def _remove(self, replaced: Mapping[str, Record]) -> None:
        """Delete what was replaced, by its ids; what this role may not delete is left without a word in it."""
        try:
            self._records.delete(replaced)
        except StoreReadOnly:
            self._records.update([envelope.blank(part) for part in replaced.values()], expiry_days=MIN_EXPIRY_DAYS)

    def _search(
        self, place: Namespace, query: str, native: Callable[[Record], MemoryRecord | None] = lambda _: None
    ) -> list[ScoredMemory]:
        """What the service finds, whole: where it finds only some parts of a memory, the others are listed.

        A version that was replaced lingers for minutes, and two processes may write a new memory at once: the
        latest counts, though it be less relevant than asked for.
        """
        near = self._records.search(place, query, limit=BATCH, min_score=-inf)
        hits = [hit for hit in near if score_of(hit) > self._min_score]
        scores: dict[str, float] = {}
        for hit in hits:
            scores.setdefault(envelope.version_of(hit), score_of(hit))
        wanted = set(map(envelope.digest_of, hits))
        found = [record for record in near if envelope.digest_of(record) in wanted]
        if not envelope.are_whole(found):
            found += self._records.all(place)
        kept = envelope.latest(envelope.whole(found))
        ours = [ScoredMemory(each.record, scores[each.written]) for each in kept if each.written in scores]
        theirs = [ScoredMemory(record, score_of(hit)) for hit in hits if (record := native(hit)) is not None]
        return ours + theirs

    def _shown(self, namespace: str | None, active: bool, wanted: Test) -> Test:
        now = self._clock()

        def shown(record: MemoryRecord) -> bool:
            if not is_within(record.namespace, namespace) or (record.expires_at or _END) <= now or not wanted(record):
                return False
            return not active or ((record.valid_from or now) <= now < (record.valid_to or _END))

        return shown


_NATIVE: Final = "mem-"
"""How the service's own record ids begin."""

_END: Final = datetime.max.replace(tzinfo=UTC)


def _refused(write: Callable[[], object]) -> list[RecordFailure]:
    """What a write refuses of what it was given."""
    try:
        write()
    except RecordsRefused as error:
        return list(error.failures)
    return []


def _native(homes: Sequence[Home], actor_id: str, record: Record) -> MemoryRecord | None:
    """A strategy's own record; None for one of ours, or of another actor. What names no strategy is the first's."""
    home = next((home for home in homes if home.id == record.strategy_id), homes[0])
    namespace = home.said_namespace(actor_id, record.namespace or "")
    if envelope.is_part(record) or namespace is None:
        return None
    return envelope.native(record, namespace, home.strategy)


def _age(record: MemoryRecord) -> tuple[datetime, str]:
    """What memories are listed by."""
    return record.created_at, record.id


def _expiry_days(record: MemoryRecord, now: datetime) -> int | None:
    """After how many whole days AgentCore may forget the record; None where it never expires, or too late to say."""
    if record.expires_at is None:
        return None
    days = max(MIN_EXPIRY_DAYS, ceil((record.expires_at - now) / _DAY))
    return days if days <= MAX_EXPIRY_DAYS else None
