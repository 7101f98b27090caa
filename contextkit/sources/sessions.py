"""Sessions: what was said in the actor's other sessions, as far as it bears on the query."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from contextkit.conversation.several import Conversations
from contextkit.deadline import Patience
from contextkit.errors import InvalidInput
from contextkit.fence import BLOCK_NAME
from contextkit.memory.fresh import UNASKED, just_said
from contextkit.memory.ledger import LEDGER
from contextkit.memory.secrets import holds_secret, spared
from contextkit.rank.lexical import Scores
from contextkit.readable import readable
from contextkit.recent import Recent
from contextkit.sources.meant import Meant
from contextkit.sources.needs import needed
from contextkit.sources.pace import FOR_INDEX, FOR_MEANING, FOR_RECALL, Pace
from contextkit.sources.recall import best_rows, turn_tokens
from contextkit.stores import SessionEntry, SessionStore, recent_sessions
from contextkit.strategy import Section, tokens_of
from contextkit.transcript import day, speaker
from contextkit.types import Gathered, Item, Message, Notice, Provenance, Request
from contextkit.zones import local

REMEMBERED: Final = 1_600_000
"""Messages of all actors' sessions whose index is kept, twice each, some 250 MB at the most; those of the actor asked
for least recently are forgotten first."""

MOMENT: Final = timedelta(hours=4)
"""How long ago a session may have ended of which the last exchanges are offered, whatever they are about."""

ACTOR: Final = 64
"""What an actor's sessions count for besides their messages."""


class Sessions:
    """Turns of the actor's other sessions, recalled by how they bear on the query.

    Who begins a new conversation need not say again what an earlier one has: it is found as older turns of the
    conversation itself are, with its day, whether or not a memory was made of it. Of the sessions used last so many
    are looked into as `limit` says. Sentences that hold passwords, keys and the like stay in the session that they were
    said in. Where this session goes on from another, with its messages, those that stand are not told twice.

    The first time in a process each of these sessions is read once, as far as no index is stored with it; after that
    what is new alone. What there is no time for is left to the next build, and the report says so. With a store that
    embeds messages, they are found by meaning, too.
    """

    name = "sessions"
    sections = ("sessions",)

    def __init__(self, store: SessionStore | None = None, *, limit: int = 30) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInput(f"The limit of sessions is {limit!r}.", "Use a whole number from 1 on.", value=limit)
        self._store = store
        self._limit = limit
        self._patience = Patience("embedder")
        self._actors = Recent[tuple[object, ...], _Actor](REMEMBERED, lambda actor: ACTOR + actor.talk.weight)

    def gather(self, request: Request) -> Iterator[Gathered]:
        store = needed(self._store or request.store, SessionStore, self.name)
        section = request.strategy.section("sessions")
        if section is None:
            text = f"The strategy {request.strategy.name!r} has no section 'sessions', so none is looked into; add it."
            return iter([Notice("no section", text)])
        if request.continuing or not request.topic:
            return iter(())
        pace = Pace(request.strategy.seconds(self.sections))
        key = os.getpid(), id(store), request.actor_id
        with self._actors.using(key, lambda: _Actor(store, Conversations(request.actor_id, request.counter))) as actor:
            others = actor.others(request, self._limit)
            if not actor.talk.lock.acquire(timeout=max(0.0, pace.left(FOR_RECALL))):
                return iter([_STILL_READ])
            try:
                return iter(_Reading(request, store, section, others, actor.talk).gathered(self._patience, pace))
            finally:
                actor.talk.lock.release()


@dataclass(slots=True)
class _Actor:
    """An actor's sessions, with their store, so that the store's id stays its own.

    None that was used before `since` was among the last ones when they were listed: some actors have thousands.
    """

    store: SessionStore
    talk: Conversations
    since: datetime | None = None

    def others(self, request: Request, limit: int) -> list[SessionEntry]:
        """So many of the sessions but for the request's own, the one used last first."""
        found = self._listed(request, limit)
        if len(found) < limit and self.since is not None:  # some are gone, and others move up
            self.since = None
            found = self._listed(request, limit)
        self.since = found[-1].updated_at - timedelta.resolution if len(found) == limit else None
        return found

    def _listed(self, request: Request, limit: int) -> list[SessionEntry]:
        itself = {request.session_id, LEDGER}
        listed = recent_sessions(self.store, self.talk.actor_id, limit + len(itself), since=self.since)
        return [one for one in listed if one.session_id not in itself][:limit]


_STILL_READ: Final = Notice("other sessions incomplete", "They are still being read by an earlier build.")


class _Reading:
    """One build's reading of an actor's other sessions, the one used last first."""

    def __init__(
        self,
        request: Request,
        store: SessionStore,
        section: Section,
        others: Sequence[SessionEntry],
        talk: Conversations,
    ) -> None:
        self._request = request
        self._store = store
        self._section = section
        self._others = others
        self._talk = talk

    def gathered(self, patience: Patience, pace: Pace) -> list[Gathered]:
        """The turns to offer, in the order of their sessions, and word of what could not be read."""
        talk, store, request = self._talk, self._store, self._request
        notices = talk.read(store, self._others, request.topic, pace.until(FOR_INDEX))
        meant = Meant(store.embeddings, patience, partial(talk.similarity, store))
        similarity = meant.of(request.topic, pace.left(FOR_MEANING), notices)
        found = self._best(talk.scores(request.topic, request.now, similarity))
        picked = talk.pick(store, sorted(found, key=found.__getitem__, reverse=True))
        wheres = _wheres(name for _, name, _ in picked)
        items = [
            _item(message, name, wheres[name], row, found[row], request)
            for row, name, message in picked
            if message.name != BLOCK_NAME
        ]
        return [*notices, *(item for item in items if item.text.strip())]

    def _best(self, scores: Scores) -> dict[int, float]:
        """The rows to offer with their scores: what bears on the query, and what was said a moment ago."""
        room = tokens_of(self._section.ceiling, self._request.budget.available(self._request.counter.margin))
        found = {row: float(scores[row]) for row in best_rows(scores, self._talk.tokens, self._section, room)}
        best = max(found.values(), default=0.0) or 1.0
        for row, part in self._just_said():
            found[row] = max(found.get(row, 0.0), best * part)
        return found

    def _just_said(self) -> Iterator[tuple[int, float]]:
        """The last exchanges of the session used last, if that was a moment ago, and how much that adds to them."""
        newest, now = next(iter(self._others), None), self._request.now
        if newest is None or newest.updated_at < now - MOMENT:
            return
        for message in self._store.messages(self._request.actor_id, newest.session_id, last=2 * UNASKED):
            row = self._talk.row(newest.session_id, message.seq or 0)
            spoken = message.role in ("user", "assistant") and (message.created_at or now) >= now - MOMENT
            if row is not None and spoken:
                yield row, just_said(message, now)


def _wheres(names: Iterable[str]) -> dict[str, str]:
    """What each session is called in the headings of its turns: by a number, where there are several."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return {distinct[0]: "In another conversation"}
    return {name: f"In another conversation ({number})" for number, name in enumerate(distinct, 1)}


def _item(message: Message, name: str, where: str, row: int, score: float, request: Request) -> Item:
    said = readable(message)
    lead, text = f"{speaker(message)}: ", spared(said) if holds_secret(said) else said
    when = local(message, request.zone).created_at
    return Item(
        id=f"{name}/{message.id or message.seq}",
        section="sessions",
        text=text,
        lead=lead,
        heading=f"{where}, {day(when)}:" if when else f"{where}:",
        tokens=turn_tokens(message, lead, text, request.counter),
        score=score,
        order=row,
        provenance=Provenance(
            source="sessions",
            title=message.name,
            uri=name,
            created_at=message.created_at,
            messages=(message.id,) if message.id else (),  # this session may go on from that one, and have it too
        ),
    )
