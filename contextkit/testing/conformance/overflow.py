"""What an `OverflowStore` must do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import HandleNotFound, InvalidId, SessionEnded, StoreCorrupt
from contextkit.stores import Overflow, OverflowStore, SessionStore
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import TTL, Conformance, at_once
from contextkit.testing.conformance.values import (
    BAD_IDS,
    IMITATIONS,
    LAWS,
    ODD_IDS,
    ODD_TEXTS,
    TEXTS,
    fresh,
    named,
    near,
)

PIECE: Final = Overflow(handle="h1", text="the whole text", item_id="history/7", title="A long answer", tokens=1234)


class OverflowStoreConformance(Conformance):
    """Putting pieces away whole, and getting them back by handle."""

    def test_a_piece_comes_back_equal(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        store.put_overflow(actor, "s", [PIECE])
        piece = store.get_overflow(actor, "s", "h1")
        assert replace(piece, created_at=None, expires_at=None) == PIECE
        assert piece.created_at == clock()
        assert store.overflow(actor, "s") == [piece]

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_piece_comes_back_equal(self, store: OverflowStore, actor: str, text: str) -> None:
        store.put_overflow(actor, "s", [replace(PIECE, text=text, title=text, item_id=text)])
        piece = store.get_overflow(actor, "s", "h1")
        assert (piece.text, piece.title, piece.item_id) == (text, text, text)

    @LAWS
    @given(texts=st.lists(TEXTS, unique=True, max_size=6))
    def test_any_pieces_come_back_equal(self, store: OverflowStore, actor: str, texts: list[str]) -> None:
        session = fresh()
        pieces = [replace(PIECE, handle=f"h{number}", text=text) for number, text in enumerate(texts)]
        store.put_overflow(actor, session, pieces)
        assert [store.get_overflow(actor, session, piece.handle).text for piece in pieces] == texts
        assert sorted(piece.text for piece in store.overflow(actor, session)) == sorted(texts)

    def test_nothing_put_away_is_an_empty_list(self, store: OverflowStore, actor: str) -> None:
        store.put_overflow(actor, "s", [])
        assert store.overflow(actor, "s") == []

    def test_pieces_are_listed_oldest_first(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        for handle in ("c", "a", "b"):
            store.put_overflow(actor, "s", [replace(PIECE, handle=handle, text=handle)])
            clock.advance(timedelta(seconds=1))
        assert [piece.handle for piece in store.overflow(actor, "s")] == ["c", "a", "b"]

    def test_pieces_stored_since_are_listed_by_number(
        self, store: OverflowStore, actor: str, clock: ManualClock
    ) -> None:
        """Numbers grow from call to call, so that a reader who knows the last one asks for the rest alone."""
        known: list[Overflow] = []
        for call in range(4):
            new = [replace(PIECE, handle=f"{call}{letter}", text=f"{call}{letter}") for letter in "cab"]
            store.put_overflow(actor, "s", [*new, *known[:2]])
            found = store.overflow(actor, "s", after=max((piece.number for piece in known), default=0))
            assert [piece.handle for piece in found] == [piece.handle for piece in new]
            assert store.overflow(actor, "s") == known + found
            known += found
            clock.advance(timedelta(seconds=1))
        numbers = [piece.number for piece in known]
        assert sorted(set(numbers)) == sorted(numbers)
        assert min(numbers) > 0
        assert store.overflow(actor, "s", after=max(numbers)) == []
        assert store.get_overflow(actor, "s", "2a").number == next(one.number for one in known if one.handle == "2a")

    def test_the_session_tells_the_last_number(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        if not isinstance(store, SessionStore):
            pytest.skip("This store has no sessions.")
        store.append(actor, "s", [{"role": "user", "content": "Hello."}])
        told = [_last(store, actor)]
        for handles in ("a", "bc", "bc"):
            store.put_overflow(actor, "s", [replace(PIECE, handle=handle, text=handle) for handle in handles])
            told.append(_last(store, actor))
        assert told[0] == 0 < told[1] < told[2]
        assert told[3] == told[2]
        assert told[2] == max(piece.number for piece in store.overflow(actor, "s"))
        store.append(actor, "s", [{"role": "assistant", "content": "Hello."}])
        store.save_view(actor, "s", "{}")
        assert _last(store, actor) == told[2]
        clock.advance(timedelta(seconds=1))
        store.delete_session(actor, "s")
        store.append(actor, "s", [{"role": "user", "content": "Hello again."}])
        assert _last(store, actor) == 0

    def test_nothing_is_put_away_for_a_session_that_ended(
        self, store: OverflowStore, actor: str, clock: ManualClock
    ) -> None:
        if not isinstance(store, SessionStore):
            pytest.skip("This store has no sessions.")
        hello = [{"role": "user", "content": "Hello."}]
        store.append(actor, "s", hello)
        session = store.session(actor, "s")
        assert session is not None
        store.put_overflow(actor, "s", [PIECE], life=session.created_at)
        store.delete_session(actor, "s")
        clock.advance(timedelta(seconds=1))
        for _ in range(2):
            with pytest.raises(SessionEnded):
                store.put_overflow(actor, "s", [PIECE], life=session.created_at)
            assert store.put_overflow(actor, "s", [], life=session.created_at) is None
            assert store.overflow(actor, "s") == []
            store.append(actor, "s", hello)

    def test_threads_may_put_different_pieces_away(self, store: OverflowStore, actor: str) -> None:
        at_once(lambda one: store.put_overflow(actor, "s", [replace(PIECE, handle=f"h{one}", text=f"h{one}")]))
        pieces = store.overflow(actor, "s")
        assert len({piece.number for piece in pieces}) == len(pieces) > 1

    def test_what_is_put_away_tells_when_it_ends(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        ends = [clock() + timedelta(minutes=minutes) for minutes in (3, 2)]
        pieces = [replace(PIECE, handle=f"e{place}", text="x", expires_at=end) for place, end in enumerate(ends)]
        assert store.put_overflow(actor, "s", [PIECE]) is None
        assert store.put_overflow(actor, "s", [PIECE, *pieces]) == ends[1]
        assert store.put_overflow(actor, "s", []) is None

    def test_a_piece_given_twice_lives_as_long_as_the_longer(
        self, store: OverflowStore, actor: str, clock: ManualClock
    ) -> None:
        self.needs_expiry()
        short, long = (replace(PIECE, expires_at=clock() + timedelta(minutes=minutes)) for minutes in (2, 9))
        others = [replace(piece, handle="other", text="other") for piece in (long, short)]
        store.put_overflow(actor, "s", [short, long, *others])
        clock.advance(timedelta(minutes=5))
        assert [piece.handle for piece in store.overflow(actor, "s")] == ["h1", "other"]

    def test_a_piece_put_away_again_stays_as_it_was(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        store.put_overflow(actor, "s", [PIECE, PIECE])
        first = store.get_overflow(actor, "s", "h1")
        clock.advance(timedelta(seconds=1))
        store.put_overflow(actor, "s", [replace(PIECE, title="Another title", tokens=5)])
        assert replace(store.get_overflow(actor, "s", "h1"), expires_at=None) == replace(first, expires_at=None)
        assert len(store.overflow(actor, "s")) == 1

    def test_a_handle_never_gets_other_content(self, store: OverflowStore, actor: str) -> None:
        store.put_overflow(actor, "s", [PIECE])
        with pytest.raises(StoreCorrupt):
            store.put_overflow(actor, "s", [replace(PIECE, handle="h2"), replace(PIECE, text="another text")])
        assert store.get_overflow(actor, "s", "h1").text == PIECE.text
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor, "s", "h2")

    def test_two_contents_under_one_handle_in_one_call(self, store: OverflowStore, actor: str) -> None:
        with pytest.raises(StoreCorrupt):
            store.put_overflow(actor, "s", [PIECE, replace(PIECE, text="another text")])
        assert store.overflow(actor, "s") == []

    def test_a_handle_is_known_only_where_it_was_made(self, store: OverflowStore, actor: str) -> None:
        store.put_overflow(actor, "s", [PIECE])
        for other in ((actor, "t"), (actor + "'s neighbour", "s")):
            with pytest.raises(HandleNotFound) as missing:
                store.get_overflow(*other, "h1")
            assert missing.value.handle == "h1"
            assert store.overflow(*other) == []

    @pytest.mark.parametrize(("one", "other"), IMITATIONS)
    def test_no_id_imitates_another_piece(
        self, store: OverflowStore, actor: str, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        store.put_overflow(actor + one[0], one[1], [PIECE])
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor + other[0], other[1], "h1")

    @pytest.mark.parametrize("handle", ["", "h", "h1 ", "H1", "h1\0", "%", "_", "*", "\ud800", "x" * 5000], ids=named)
    def test_what_is_no_handle_is_not_found(self, store: OverflowStore, actor: str, handle: str) -> None:
        store.put_overflow(actor, "s", [PIECE])
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor, "s", handle)

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_id_of_a_piece_is_itself(self, store: OverflowStore, actor: str, odd: str) -> None:
        store.put_overflow(near(actor, odd), odd, [replace(PIECE, handle=odd)])
        assert store.get_overflow(near(actor, odd), odd, odd).text == PIECE.text

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_of_pieces_are_refused(self, store: OverflowStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.put_overflow(actor, bad, [PIECE])
        with pytest.raises(InvalidId):
            store.get_overflow(bad, "s", "h1")
        with pytest.raises(InvalidId):
            store.overflow(actor, bad)

    def test_threads_may_put_the_same_piece_away(self, store: OverflowStore, actor: str) -> None:
        at_once(lambda _: store.put_overflow(actor, "s", [PIECE]))
        assert [piece.text for piece in store.overflow(actor, "s")] == [PIECE.text]

    def test_a_piece_ends_at_its_own_expiry(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        soon = clock() + timedelta(minutes=1)
        store.put_overflow(actor, "s", [replace(PIECE, expires_at=soon), replace(PIECE, handle="h2", text="stays")])
        assert store.get_overflow(actor, "s", "h1").expires_at == soon
        clock.advance(timedelta(minutes=1))
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor, "s", "h1")
        assert [piece.handle for piece in store.overflow(actor, "s")] == ["h2"]

    def test_a_piece_put_away_again_only_lives_longer(
        self, store: OverflowStore, actor: str, clock: ManualClock
    ) -> None:
        self.needs_expiry()
        ends = [clock() + timedelta(minutes=minutes) for minutes in (2, 1, 3)]
        for end in ends:
            store.put_overflow(actor, "s", [replace(PIECE, expires_at=end)])
        assert store.get_overflow(actor, "s", "h1").expires_at == ends[2]

    def test_an_expired_piece_can_be_put_away_anew(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.put_overflow(actor, "s", [replace(PIECE, expires_at=clock() + timedelta(minutes=1))])
        clock.advance(timedelta(minutes=2))
        store.put_overflow(actor, "s", [replace(PIECE, expires_at=clock() + timedelta(minutes=1))])
        assert store.get_overflow(actor, "s", "h1").created_at == clock()

    def test_a_piece_ends_with_its_session(self, store: OverflowStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.put_overflow(actor, "s", [replace(PIECE, expires_at=clock() + 10 * TTL)])
        clock.advance(TTL)
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor, "s", "h1")
        assert store.overflow(actor, "s") == []


def _last(store: SessionStore, actor: str) -> int:
    session = store.session(actor, "s")
    assert session is not None
    return session.pieces
