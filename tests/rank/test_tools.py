"""Ranking a catalogue of tools, and choosing from the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.tools import KEPT, MARGIN, MOST, QUERY_LIMIT, ToolIndex, choose, tool_text
from contextkit.rank.values import kinds
from contextkit.types import Tool


def tool(name: str, description: str = "", **parameters: Any) -> Tool:
    return Tool(name, description, {"type": "object", "properties": parameters})


CATALOGUE = (
    tool("get_forecast", "The weather to come.", city={"type": "string"}, date={"type": "string"}),
    tool("get_climate", "The weather of a region over the years.", region={"type": "string"}),
    tool("BookHotelRoom", "Reserve a room.", nights={"type": "integer"}),
    tool("files.delete", "Remove something.", path={"type": "string", "description": "Path of the file"}),
    tool("convert", "Change units.", into={"enum": ["celsius", "furlongs"]}),
    tool("find_psychologist", "A practitioner nearby."),
)


def best(query: str, tools: Sequence[Tool] = CATALOGUE) -> str:
    return tools[int(ToolIndex(tools).scores(query).argmax())].name


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("weather in Oslo, Norway tomorrow", "get_forecast"),
        ("what is the weather like in that region", "get_climate"),
        ("book me a hotel", "BookHotelRoom"),
        ("delete /tmp/notes.txt", "files.delete"),
        ("how many furlongs is that", "convert"),
        ("I need psychological help", "find_psychologist"),
    ],
)
def test_a_query_finds_its_tool(query: str, name: str) -> None:
    assert best(query) == name


def test_a_word_in_the_name_counts_for_more_than_one_in_a_remark() -> None:
    tools = (tool("x", "", about={"description": "the invoice"}), tool("invoice", ""), tool("other", ""))
    assert best("invoice", tools) == "invoice"


def test_a_long_schema_is_not_held_against_a_tool() -> None:
    many = {f"option{number}": {"type": "string", "description": "something else"} for number in range(40)}
    tools = (tool("send_mail", "Send a mail."), tool("send_mail2", "Send a mail.", **many), tool("other"))
    scores = ToolIndex(tools).scores("send a mail")
    assert scores[1] == pytest.approx(scores[0], rel=0.05)


def test_kin_of_what_matches_rank_above_strangers() -> None:
    tools = (
        tool("play_song", "Play music by an artist."),
        tool("queue_track", "Line up music by an artist."),
        tool("pay_bill", "Pay a bill."),
    )
    scores = ToolIndex(tools).scores("song")
    assert scores[0] > scores[1] > scores[2]


def test_nested_schemas_are_read() -> None:
    inner = {"type": "object", "properties": {"iban": {"type": "string", "description": "Account"}}}
    tools = (tool("a", "", payees={"type": "array", "items": inner}), tool("b", ""), tool("c", ""))
    assert best("iban", tools) == "a"
    assert "iban: Account" in tool_text(tools[0])


def test_an_embedder_reads_identifiers_as_words_and_enums_as_values() -> None:
    read = tool_text(tool("Weather_1_GetWeather", "Now.", unit={"description": "Scale.", "enum": ["C", "F"]}))
    assert read == "Weather 1 Get Weather: Now. unit: Scale. One of C, F."


def test_what_a_query_follows_on_counts_for_less_than_the_query() -> None:
    scores = ToolIndex(CATALOGUE).scores("and book a hotel room", before="The weather of that region over the years?")
    first, second = (CATALOGUE[place].name for place in (-scores).argsort()[:2])
    assert (first, second) == ("BookHotelRoom", "get_climate")
    assert scores.max() == 1.0


def test_a_query_without_a_word_of_its_own_is_about_what_it_follows_on() -> None:
    index, before = ToolIndex(CATALOGUE), "Shall I delete the file?"
    np.testing.assert_array_equal(index.scores("?", before=before), index.scores(before))


@pytest.mark.parametrize("tools", [(), CATALOGUE[:1], CATALOGUE])
@pytest.mark.parametrize("query", ["", "?!", "날씨", "\ud800", "weather " * 10_000])
def test_any_query_has_a_finite_score_for_every_tool(tools: Sequence[Tool], query: str) -> None:
    scores = ToolIndex(tools).scores(query)
    assert scores.shape == (len(tools),)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_of_a_pasted_document_only_the_ends_are_read() -> None:
    filler = "zz " * QUERY_LIMIT
    assert not ToolIndex(CATALOGUE).scores(f"{filler} hotel {filler}").any()
    assert best(f"book a hotel {filler}") == best(f"{filler} book a hotel") == "BookHotelRoom"


class Meanings:
    """An embedder that knows one thing: taxis are cabs."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        return [2.0, 0.1] if "cab" in text or "taxi" in text else [0.1, 2.0]


RIDES = (tool("order_pizza"), tool("hail_cab"), tool("ring_bell"))


def test_meaning_finds_what_words_do_not() -> None:
    index = ToolIndex(RIDES, Meanings())
    assert index.scores("a taxi please").argmax() == 1
    assert index.lexical("a taxi please").max() == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("on April 9th of 2023", ["date"]),
        ("2023-10-1 at 7 pm", ["date", "time"]),
        ("next Saturday in Berkeley", ["date", "city location"]),
        ("Riga, Latvia", ["city location"]),
        ("Austin, TX for under $200", ["city location", "amount price"]),
        ("mail ann@example.com the link https://example.com/a", ["email", "url"]),
        (r"open C:\notes or report.pdf", ["file path"]),
        ("what may I order, and when?", []),
    ],
)
def test_values_are_known_by_their_form(query: str, words: list[str]) -> None:
    assert [" ".join(kind.words) for kind in kinds(query)] == words


NAMES = ["a", "b", "c", "d", "e", "f"]


def chosen(scores: Sequence[float], limit: int | None, **known: Sequence[str]) -> str:
    return "".join(NAMES[place] for place in choose(scores, NAMES, limit=limit, **known))


def test_without_a_last_time_the_best_are_chosen_in_their_given_order() -> None:
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], 3) == "bde"


def test_without_a_limit_all_are() -> None:
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], None) == "abcdef"
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], None, sticky="db") == "dbacef"


def test_pinned_tools_are_in_and_count() -> None:
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], 3, pinned="f") == "bdf"
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], 2, pinned="acf") == "acf"


def test_tools_shown_before_stay_in_their_order_while_they_hold_the_winners() -> None:
    assert chosen([0.7, 0.9, 0.8, 0.6, 0.5, 0.0], 4, sticky="cbaf") == "cbaf"


def test_where_a_winner_is_missing_the_best_come_in_beside_the_tools_shown_before() -> None:
    assert chosen([0.4, 0.9, 0.5, 0.0, 1.0, 0.0], 4, sticky="cbad") == "cbade"
    assert chosen([0.4, 0.1, 0.5, 0.0, 1.0, 0.3], 2, sticky="bd") == "bdce"
    assert chosen([0.4, 0.1, 0.5, 0.0, 1.0, 0.3], 1, sticky="") == "e"


def test_where_no_more_may_stay_the_weakest_make_room_for_a_clear_winner() -> None:
    assert chosen([0.4, 0.9, 0.5, 0.0, 0.1, 1.0], 1, sticky="dcae") == "caef"


def test_where_no_more_may_stay_a_narrow_winner_changes_nothing() -> None:
    assert chosen([0.9, 0.95, 0.98, 0.0, 1.0, 0.0], 1, sticky="cbad") == "cbad"


@pytest.mark.parametrize(("limit", "most"), [(10, 40), (60, MOST), (120, 120)])
def test_however_long_a_session_is_a_request_takes_its_tools(limit: int, most: int) -> None:
    names = [f"tool_{number}" for number in range(200)]
    shown: list[str] = []
    for question in range(9):
        picked = choose(np.roll(np.arange(200), 40 * question), names, limit=limit, sticky=shown)
        shown = [names[place] for place in picked]
    assert len(shown) == most <= 128, "OpenAI takes no more"


def test_free_places_are_filled() -> None:
    assert chosen([0.1, 0.9, 0.2, 0.8, 0.7, 0.0], 4, sticky="cgz") == "cbde"


LISTS = st.lists(st.sampled_from([*NAMES, "gone"]), unique=True, max_size=6)


@given(st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6), st.integers(1, 8), LISTS, LISTS)
def test_laws_of_choosing(scores: list[float], limit: int, pinned: list[str], sticky: list[str]) -> None:
    picked = choose(scores, NAMES, limit=limit, pinned=pinned, sticky=sticky)
    fixed = set(pinned) & set(NAMES)
    names = [NAMES[place] for place in picked]
    assert len(set(names)) == len(names) >= max(min(limit, len(NAMES)), len(fixed))
    assert len(names) <= max(limit if not sticky else KEPT * limit, len(fixed))
    assert fixed <= set(names)
    assert [name for name in names if name in sticky] == [name for name in sticky if name in names]
    assert choose(scores, NAMES, limit=limit, pinned=pinned, sticky=names) == picked


@given(st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6), st.integers(1, 6), LISTS)
def test_the_best_of_all_is_in_unless_it_is_hardly_better(scores: list[float], limit: int, sticky: list[str]) -> None:
    picked = choose(scores, NAMES, limit=limit, sticky=sticky)
    assert max(scores) <= max(scores[place] for place in picked) + MARGIN * np.ptp(scores) + 1e-6
