"""The window: a cursor that stays while it can, and moves far when it must."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextkit.fit.window import FRESH, NEAR, Stretches, window_start


def row(*tokens: int, opens: set[int] | None = None) -> Stretches:
    """Messages that each stand for themselves, numbered from 1."""
    count = range(len(tokens))
    return Stretches(
        places=[range(index, index + 1) for index in count],
        seqs=[index + 1 for index in count],
        tokens=tokens,
        opens=lambda index: opens is None or index in opens,
    )


def test_without_a_cursor_the_longest_suffix_stands() -> None:
    assert window_start(row(5, 5, 5, 5), 12, cursor=None, low=0.5) == 2
    assert window_start(row(5, 5, 5, 5), 99, cursor=None, low=0.5) == 0
    assert window_start(row(5, 5), 4, cursor=None, low=0.5) == 2
    assert window_start(row(), 10, cursor=None, low=0.5) == 0


def test_the_cursor_stays_while_everything_from_it_fits() -> None:
    assert window_start(row(5, 5, 5, 5), 15, cursor=2, low=0.5) == 1
    assert window_start(row(5, 5, 5, 5), 99, cursor=3, low=0.5) == 2


def test_it_moves_to_the_low_water_mark_when_it_must() -> None:
    assert window_start(row(*[5] * 10), 40, cursor=1, low=0.5) == 6


def test_it_falls_back_on_the_whole_share_where_the_mark_holds_nothing() -> None:
    assert window_start(row(5, 5, 30), 34, cursor=1, low=0.5) == 2


def test_a_long_message_does_not_leave_the_window_all_but_empty() -> None:
    assert window_start(row(*[5] * 8, 24, 1), 40, cursor=1, low=0.5) == 8
    assert window_start(row(*[5] * 8, 30, 1), 40, cursor=1, low=0.5) == 9, "with it, the next turn would move it again"
    assert window_start(row(*[5] * 8, 18, 5), 40, cursor=1, low=0.5) == 9, "a quarter of the mark is not next to none"


def test_a_window_begins_where_a_user_begins_to_speak_if_that_is_near() -> None:
    assert window_start(row(*[2] * 10, opens={1, 8}), 17, cursor=None, low=0.5) == 2
    assert window_start(row(*[2] * 10, opens={3}), 17, cursor=None, low=0.5) == 3


rows = st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30).map(
    lambda drawn: row(*(cost for cost, _ in drawn), opens={index for index, (_, opens) in enumerate(drawn) if opens})
)


@given(rows, st.integers(0, 400), st.none() | st.integers(1, 40), st.floats(0.1, 1.0))
def test_what_stands_fits_and_the_cursor_never_goes_back(
    stretches: Stretches, share: int, cursor: int | None, low: float
) -> None:
    start = window_start(stretches, share, cursor=cursor, low=low)
    assert 0 <= start <= len(stretches)
    assert sum(stretches.tokens[start:]) <= share
    if cursor is not None and start < len(stretches):
        assert stretches.seqs[start] >= min(cursor, len(stretches) + 1) or sum(stretches.tokens) <= share


@given(rows, st.integers(1, 400))
def test_nothing_that_could_stand_is_given_up_but_for_a_near_beginning(stretches: Stretches, share: int) -> None:
    start = window_start(stretches, share, cursor=None, low=0.5)
    costs = stretches.tokens
    room = share if sum(costs) <= share else int(share * FRESH)
    longest = next(first for first in range(len(costs) + 1) if sum(costs[first:]) <= room)
    assert start >= longest
    if start > longest:
        assert stretches.opens(start)
        assert sum(costs[longest:start]) <= share * NEAR
