"""Overflow: what was moved out of earlier prompts competes for a place again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from contextkit.blocks import line_tokens
from contextkit.errors import HandleNotFound, InvalidInput
from contextkit.pause import Pause
from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import index_terms, scores
from contextkit.rank.texts import LONGEST
from contextkit.recent import Recent
from contextkit.sources.needs import needed
from contextkit.stores import Overflow as Piece
from contextkit.stores import OverflowStore, Session, SessionStore
from contextkit.transcript import day
from contextkit.types import Item, Provenance, Request

REMEMBERED = 64 << 20
"""Characters of pieces that one source keeps in memory, of all sessions; the one used least recently is forgotten
first."""

HELD = 2 << 20
"""Characters of pieces kept for each of them; a piece used less recently is read again where a question needs it."""

PIECE = 1_000
"""Characters that what is known of a piece counts for, and a session without any."""


class Overflow:
    """The session's stored pieces, ranked for the query: rehydration without a tool call.

    At most the `limit` best are considered. Pieces never change, so each is read and analysed once.
    """

    name = "overflow"
    sections = ("overflow",)

    def __init__(self, store: OverflowStore | None = None, *, limit: int = 20) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInput(f"The limit of pieces is {limit!r}.", "Use a whole number from 1 on.", value=limit)
        self._store = store
        self._limit = limit
        self._known = Recent[tuple[object, ...], _Kept](REMEMBERED, lambda kept: kept[1].weight)

    def gather(self, request: Request) -> Iterator[Item]:
        store = needed(self._store or request.store, OverflowStore, self.name)
        pieces = self._pieces(request, store)
        for order, (score, known) in enumerate(pieces.best(request.topic, self._limit)):
            piece = known if known.text and _lasts(known, request) else _read_again(store, request, known.handle)
            if piece is None:
                pieces.forget(known.handle)
                continue
            pieces.keep(piece)
            yield _item(order, score, piece, request)

    def _pieces(self, request: Request, store: OverflowStore) -> _Pieces:
        """The session's pieces, of which only those that are new are read."""
        session = _session(request, store)
        if session is None:
            pieces = _Pieces()
            if not isinstance(store, SessionStore):  # else there is no session, and nothing of it
                pieces.add(store.overflow(request.actor_id, request.session_id))
            return pieces
        with self._known.using(_key(session, store), lambda: (store, _Pieces())) as (_, pieces):
            if session.pieces > pieces.last:
                pieces.add(store.overflow(request.actor_id, request.session_id, after=pieces.last))
        return pieces


def _key(session: Session, store: OverflowStore) -> tuple[object, ...]:
    """One life of a session."""
    return id(store), session.actor_id, session.session_id, session.created_at


class _Pieces:
    """The pieces of one life of a session, up to number `last`, and the index that ranks them. Shared by threads."""

    def __init__(self) -> None:
        self.last = 0
        self._places: dict[str, int] = {}
        self._pieces: list[Piece | None] = []
        self._index = LexicalIndex()
        self._held: OrderedDict[str, int] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def weight(self) -> int:
        """About how many characters take as much memory."""
        return self._size + PIECE * (1 + len(self._pieces))

    def add(self, pieces: Iterable[Piece]) -> None:
        """Take in pieces that were not known yet."""
        for piece in pieces:
            with self._lock:
                self.last = max(self.last, piece.number)
                if piece.handle not in self._places:
                    self._places[piece.handle] = len(self._pieces)
                    self._pieces.append(None)
                    self._index.add(index_terms(piece.text[:LONGEST]))
            self.keep(piece)

    def keep(self, piece: Piece) -> None:
        """Have a piece's text at hand, instead of those that were used less recently."""
        with self._lock:
            self._pieces[self._places[piece.handle]] = piece
            self._size += len(piece.text) - self._held.pop(piece.handle, 0)
            self._held[piece.handle] = len(piece.text)
            while self._size > HELD:
                handle, size = self._held.popitem(last=False)
                former = self._pieces[self._places[handle]]
                self._pieces[self._places[handle]] = former and replace(former, text="")
                self._size -= size

    def forget(self, handle: str) -> None:
        """Never find a piece again, since it has ended."""
        with self._lock:
            self._pieces[self._places[handle]] = None
            self._size -= self._held.pop(handle, 0)

    def best(self, query: str, limit: int) -> list[tuple[float, Piece]]:
        """The pieces that share a word with the question, best first; without text where that is not at hand."""
        with self._lock:
            scored = zip(scores(self._index, query).tolist(), self._pieces, strict=True)
            found = [(score, piece) for score, piece in scored if piece is not None and score > 0]
        return sorted(found, key=lambda pair: (-pair[0], pair[1].handle))[:limit]


_Kept: TypeAlias = tuple[OverflowStore, _Pieces]
"""A session's pieces with their store, so that the store's id stays its own."""


def _lasts(piece: Piece, request: Request) -> bool:
    """Whether a piece lasts for certain: its session, or another prompt that moved it out, may have put its end off."""
    return piece.expires_at is None or piece.expires_at > request.now


def _session(request: Request, store: OverflowStore) -> Session | None:
    """The facts of the session whose overflow this is, as far as the store has any."""
    if store is request.store and request.session is not None:
        return request.session
    return store.session(request.actor_id, request.session_id) if isinstance(store, SessionStore) else None


def _read_again(store: OverflowStore, request: Request, handle: str) -> Piece | None:
    """The piece as it is stored; None where it has expired since it was read first, or its session was deleted."""
    try:
        return store.get_overflow(request.actor_id, request.session_id, handle)
    except HandleNotFound:
        return None


def _item(order: int, score: float, piece: Piece, request: Request) -> Item:
    lead = f"[{' '.join(piece.title.split())}] " if piece.title.strip() else ""
    stored = Pause.between(piece.created_at, request.now)  # "as of today" was true on the day of a moment ago only
    return Item(
        id=f"overflow:{piece.handle}",
        section="overflow",
        text=piece.text,
        lead=lead,
        heading=f"As of {day(stored.since.astimezone(request.zone))}:" if stored else "",
        tokens=line_tokens(request.counter, lead, piece.text),
        score=score,
        order=order,
        handle=piece.handle,
        provenance=Provenance(source="overflow", title=piece.title or None, created_at=piece.created_at),
    )
