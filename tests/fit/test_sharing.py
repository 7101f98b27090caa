"""Sharing: stable sections keep what they had, and nobody gets more than there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget
from contextkit.fit.sharing import Shared, kept, share
from contextkit.strategy import parse_strategy
from contextkit.tokens import get_counter
from contextkit.types import Item, Message, Request
from contextkit.view import Stable, Turn, View
from tests.world import NOW, schema

TEXT = """
[sections.system]
region = "stable"
[sections.tools]
region = "stable"
[sections.preferences]
region = "stable"
[sections.history]
region = "history"
floor = 0.2
[sections.documents]
region = "volatile"
ceiling = 0.25
[sections.turn]
region = "turn"
floor = {floor}
"""
STRATEGY = parse_strategy(TEXT.format(floor=0), name="test")
ROOMY = parse_strategy(TEXT.format(floor=0.3), name="test")
ROOM = 1_000
WANTED = {"tools": 200, "preferences": 100, "history": 5_000, "documents": 200}
STABLE = {"tools": 200, "preferences": 100}
OLD = Stable(available=ROOM, demands=STABLE, shares=STABLE)
TOOL = Item(id="tool:0", section="tools", text="", tokens=120, tool=schema(0))


def request(last: Stable = Stable(), *, continuing: bool = False) -> Request:  # noqa: B008 - it is frozen
    turn = Turn(query=Message(role="user", content="Where is order 7?"), after=1)
    shown = (schema(0).name,)
    return Request(
        query=turn.query.text,
        turn=turn,
        actor_id="u1",
        session_id="s1",
        budget=Budget(ROOM),
        counter=get_counter(),
        strategy=STRATEGY,
        now=NOW,
        view=View(stable=last, tools=shown),
        continuing=continuing,
        filled=frozenset({"documents"}),
    )


def shared(asked: Request, wanted: Mapping[str, int] = WANTED, rest: int = ROOM) -> Shared:
    return share(rest, asked, kept(asked, ROOM, _stable(wanted), ()), wanted)


def _stable(wanted: Mapping[str, int]) -> dict[str, int]:
    return {name: wanted[name] for name in STABLE}


def test_the_history_gets_what_documents_can_never_ask_for() -> None:
    few, many = (shared(request(), {**WANTED, "documents": asked}) for asked in (0, 5_000))
    assert few.shares["history"] == many.shares["history"] == ROOM - 300 - many.shares["documents"]
    assert few.shares["documents"] == 0
    assert many.shares["documents"] == ROOM // 4


@pytest.mark.parametrize("wanted", [STABLE, {"tools": 100, "preferences": 0}])
def test_what_wants_no_more_keeps_its_share(wanted: dict[str, int]) -> None:
    assert kept(request(OLD), ROOM, wanted, ()).shares == STABLE


def test_what_wants_more_is_given_anew_and_nothing_gets_less() -> None:
    assert kept(request(OLD), ROOM, {"tools": 201, "preferences": 100}, ()).shares == {}
    more = shared(request(OLD), {**WANTED, "tools": 900}, rest=700)
    assert more.stable.shares == STABLE
    more = shared(request(OLD), {**WANTED, "tools": 900})
    assert more.stable.shares["tools"] > 200
    assert more.stable.shares["preferences"] == 100
    assert not more.grown


def test_what_was_cut_may_want_as_much_as_it_likes_and_grows_only_by_much() -> None:
    cut = replace(OLD, demands={"tools": 900, "preferences": 100})
    wanted = {**WANTED, "tools": 950}
    assert shared(request(cut), wanted, rest=700).stable.shares == STABLE
    grown = shared(request(cut), wanted, rest=2 * ROOM)
    assert grown.grown
    assert grown.stable.shares["tools"] > 1.25 * 200


def test_within_a_turn_what_is_wanted_does_not_count() -> None:
    assert kept(request(OLD, continuing=True), ROOM, {"tools": 700, "preferences": 0}, ()) == OLD


def test_within_a_turn_a_tool_that_is_described_at_more_length_stays() -> None:
    few = Stable(available=ROOM, demands={"tools": 90, "preferences": 100}, shares={"tools": 90, "preferences": 100})
    longer = kept(request(few, continuing=True), ROOM, {"tools": 120, "preferences": 100}, [TOOL])
    assert longer.shares == {"tools": 120, "preferences": 100}
    other = replace(TOOL, tool=schema(1))
    assert kept(request(few, continuing=True), ROOM, {"tools": 120, "preferences": 100}, [other]) == few


def test_within_a_turn_what_came_too_late_for_its_first_prompt_still_gets_its_share() -> None:
    late = Stable(available=ROOM, demands={"tools": 0, "preferences": 100}, shares={"tools": 0, "preferences": 100})
    found = shared(request(late, continuing=True), {**WANTED, "documents": 0})
    assert found.stable == OLD
    assert found.grown
    assert not shared(request(found.stable, continuing=True), {**WANTED, "documents": 0}).grown


def test_within_a_turn_what_had_to_give_way_to_it_has_not_grown() -> None:
    cut = request(OLD, continuing=True)
    assert not share(250, cut, replace(OLD, shares={}), {**WANTED, "documents": 0}).grown


@pytest.mark.parametrize(("room", "keeps"), [(ROOM + 200, True), (2 * ROOM, False)])
def test_within_a_turn_tools_that_stand_stay_where_a_calibration_moves_the_room(room: int, keeps: bool) -> None:
    turn = request(replace(OLD, demands={"tools": 900, "preferences": 100}), continuing=True)
    after = kept(turn, room, {"tools": 910, "preferences": 104}, [TOOL])
    assert after.shares == ({"tools": 120, "preferences": 104} if keeps else {})


def test_room_for_the_turn_to_grow_is_no_claim_on_the_rest_which_lacks_it_already() -> None:
    asked = request()
    wanted = {**WANTED, "tools": 900}
    assert shared(replace(asked, strategy=ROOMY), wanted) == shared(asked, wanted)


def test_other_sections_are_shared_anew() -> None:
    assert kept(request(OLD), ROOM, {"tools": 10}, ()).shares == {}
    assert kept(request(), ROOM, STABLE, ()).shares == {}


TOKENS = st.integers(0, 2 * ROOM)


@given(rest=TOKENS, wanted=st.fixed_dictionaries(dict.fromkeys(WANTED, TOKENS)), had=TOKENS, continuing=st.booleans())
def test_nobody_gets_more_than_it_wants_nor_all_more_than_there_is(
    rest: int, wanted: dict[str, int], had: int, continuing: bool
) -> None:
    last = Stable(available=ROOM, demands=STABLE, shares={"tools": min(had, rest), "preferences": 0})
    asked = request(last, continuing=continuing)
    stable = kept(asked, ROOM, _stable(wanted), ())
    found = share(rest, asked, stable, wanted)
    assert sum(found.shares.values()) + found.unasked <= max(rest, sum(stable.shares.values()))
    assert found.shares["history"] <= wanted["history"]
    assert found.shares["documents"] <= min(wanted["documents"], ROOM // 4)
    assert shared(asked, wanted, rest) == found
