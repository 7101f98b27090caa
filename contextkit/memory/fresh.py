"""Fresh: what the actor's other sessions said so recently that no memory has been made of it yet.

Extraction takes its time, and a user who opens a second window does not wait for it. What was
said in this session needs no such care: its history has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.fence import BLOCK_NAME
from contextkit.memory.ledger import LEDGER, Page
from contextkit.memory.secrets import holds_secret, spared
from contextkit.rank.texts import text_scores
from contextkit.stores import ScoredMemory, SessionEntry, SessionStore, recent_sessions
from contextkit.types import Message

SESSIONS: Final = 3
"""Other sessions that are looked at, the most recently used: each that lags behind is one more read."""

MESSAGES: Final = 20
"""Of each, the newest so many messages: ten exchanges, more than any strategy waits for."""

JUST_SAID: Final = 0.5
"""Score of what a user said this moment, whatever it is about, next to 1 for the best match: above the part of the best
score that the shipped strategies ask of a memory, so that it stands while there is room."""

FADES: Final = timedelta(hours=1)
"""Over which that halves."""

UNASKED: Final = 6
"""Things that users said which are offered though they share no word with the query; the newest."""


@dataclass(frozen=True, slots=True)
class FreshMessage:
    """A message of another session; once it is scored, how well it matches the query (1 for the best match of all)."""

    session_id: str
    message: Message
    score: float = 0.0


def fresh_messages(
    store: SessionStore, actor_id: str, session_id: str, now: datetime, within: timedelta
) -> list[FreshMessage]:
    """What was said in the actor's other sessions `within` that time and is not extracted yet, oldest first.

    Each without the sentences that hold secrets: these stay in the session that they were said in. Takes one read, and
    where there are such sessions one of how far extraction has come, and one more for each that lags behind.
    """
    itself = {session_id, LEDGER}
    listed = recent_sessions(store, actor_id, SESSIONS + len(itself), since=now - within)
    others = [one for one in listed if one.session_id not in itself and one.updated_at > now - within]
    ledger = store.session(actor_id, LEDGER) if others else None
    page = Page() if ledger is None else Page.from_json(ledger.state)
    found = [
        FreshMessage(session.session_id, message)
        for session in others[:SESSIONS]
        for message in map(_without_secrets, _unextracted(store, actor_id, session, page))
        if _says_something(message) and (message.created_at or now) > now - within
    ]
    return sorted(found, key=lambda one: (one.message.created_at or now, one.session_id, one.message.seq or 0))


def scored(
    query: str, fresh: Sequence[FreshMessage], found: Sequence[ScoredMemory], now: datetime
) -> list[FreshMessage]:
    """What bears on the query by its words, what a user has just said, and the answers to both; in the order given.

    Scores compare with those of the records found. An answer counts for as much as what it answers, though it may share
    no word with the query: what was asked for would seem to be asked for still, and an order be placed twice.
    """
    texts = [one.message.text for one in fresh]
    scores = text_scores(query, [*texts, *(one.record.text for one in found)]) if fresh else []
    best = max(scores, default=0.0) or 1.0
    unasked = [place for place, one in enumerate(fresh) if one.message.role == "user"][-UNASKED:]
    kept = [
        replace(one, score=max(scores[place] / best, just_said(one.message, now) if place in unasked else 0.0))
        for place, one in enumerate(fresh)
    ]
    for asked, answer in _answered(fresh):
        kept[answer] = replace(kept[answer], score=max(kept[asked].score, kept[answer].score))
    return [one for one in kept if one.score > 0]


def _answered(fresh: Sequence[FreshMessage]) -> Iterator[tuple[int, int]]:
    """The places of what users said, each with that of the last that the assistant said before they spoke again."""
    asked: dict[str, list[int]] = {}
    answers: dict[str, int] = {}
    for place, one in enumerate(fresh):
        if one.message.role == "assistant":
            answers[one.session_id] = place
            continue
        if one.session_id in answers:
            yield from ((was, answers[one.session_id]) for was in asked.pop(one.session_id, ()))
            del answers[one.session_id]
        asked.setdefault(one.session_id, []).append(place)
    for session_id, answer in answers.items():
        yield from ((was, answer) for was in asked.get(session_id, ()))


def _unextracted(store: SessionStore, actor_id: str, session: SessionEntry, page: Page) -> Sequence[Message]:
    progress = page.progress.get(session.session_id)
    done = 0 if progress is None or progress.life != session.created_at else min(progress.done.values(), default=0)
    after = max(done, session.last_seq - MESSAGES)
    if after >= session.last_seq:
        return ()
    return store.messages(actor_id, session.session_id, after=after)


def _says_something(message: Message) -> bool:
    """Whether somebody spoke: not a tool, not the system, and not a block of a prompt that was appended by mistake."""
    return message.role in ("user", "assistant") and message.name != BLOCK_NAME and bool(message.text.strip())


def _without_secrets(message: Message) -> Message:
    return replace(message, content=spared(message.text)) if holds_secret(message.text) else message


def just_said(message: Message, now: datetime) -> float:
    """What it adds to a message that it was said a moment ago, next to 1 for the best match."""
    age = max(now - (message.created_at or now), timedelta())
    return JUST_SAID * float(0.5 ** (age / FADES))
