"""Strategies: what a file may say, and how a mistake in one is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextkit.errors import InvalidStrategy, UnknownStrategy
from contextkit.strategy import ContextStrategy, parse_strategy, strategy_folder, strategy_names, tokens_of

LEAST = '[sections.system]\nregion = "stable"\n[sections.turn]\nregion = "turn"\n'


@pytest.mark.parametrize("name", ["agent", "chat", "rag", "recall", "support"])
def test_the_shipped_strategies_load_by_name(name: str) -> None:
    strategy = ContextStrategy.load(name)
    assert strategy.name == name
    assert strategy.description
    assert name in strategy_names()


def test_every_shipped_strategy_explains_itself() -> None:
    for path in strategy_folder("context").glob("*.toml"):
        assert path.read_text("utf-8").count("\n#") >= 3, f"{path.name} has no comments to learn from"


def test_a_strategy_is_loaded_from_a_path_and_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LEAST)
    assert ContextStrategy.load(path).name == "mine"
    assert ContextStrategy.load(str(path)).section("turn")


def test_a_strategy_object_is_taken_as_it_is() -> None:
    strategy = parse_strategy(LEAST, name="x")
    assert ContextStrategy.load(strategy) is strategy


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownStrategy, match=r"'chta'.*agent, chat, rag"):
        ContextStrategy.load("chta")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidStrategy, match=r"gone\.toml") as caught:
        ContextStrategy.load(tmp_path / "gone.toml")
    assert caught.value.file == str(tmp_path / "gone.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidStrategy, match="UTF-8"):
        ContextStrategy.load(path)


def test_broken_toml_is_answered_with_its_line() -> None:
    with pytest.raises(InvalidStrategy, match=r"mine\.toml:3: ") as caught:
        parse_strategy('[sections.system]\nregion = "stable"\nfloor = = 3\n', name="mine", file="mine.toml")
    assert caught.value.line == 3


MISTAKES = [
    ("wieght = 2", "weight", "weight"),
    ("weight = true", "integer", "weight"),
    ("weight = 1.5", "integer", "weight"),
    ("weight = -1", "at least 0", "weight"),
    ("floor = 1.5", "fraction", "floor"),
    ("floor = -1", "fraction", "floor"),
    ("ceiling = nan", "fraction", "ceiling"),
    ("item_ceiling = inf", "fraction", "item_ceiling"),
    ("relevance = nan", "at least 0", "relevance"),
    ("relevance = inf", "at least 0", "relevance"),
    ("limit = -1", "at least 0", "limit"),
    ("limit = 2.5", "integer", "limit"),
    ("deadline = 0", r"0\.001", "deadline"),
    ("deadline = inf", "86400", "deadline"),
    ("deadline = 1e30", "86400", "deadline"),
    ('ladder = ["extract", "full"]', "richest first", "ladder"),
    ("ladder = []", "richest first", "ladder"),
    ('ladder = ["gist"]', "full, extract, handle", "ladder"),
    ('required = "yes"', "true or false", "required"),
]


@pytest.mark.parametrize(("line", "remedy", "key"), MISTAKES)
def test_a_mistake_names_its_line_its_key_and_what_to_do(line: str, remedy: str, key: str) -> None:
    text = f'{LEAST}[sections.documents]\nregion = "volatile"\n{line}\n'
    with pytest.raises(InvalidStrategy, match=remedy) as caught:
        parse_strategy(text, name="x", file="x.toml")
    assert caught.value.line == 7
    assert str(caught.value).startswith("x.toml:7: ")
    assert str(caught.value.key).endswith(line.split()[0]) or key in str(caught.value)


@pytest.mark.parametrize(
    ("section", "region"),
    [
        ("history", "volatile"),
        ("tools", "volatile"),
        ("system", "turn"),
        ("turn", "stable"),
        ("documents", "history"),
        ("recall", "stable"),  # it would be gone when its turn goes on
    ],
)
def test_a_section_stands_only_where_it_can(section: str, region: str) -> None:
    others = "".join(
        f'[sections.{name}]\nregion = "{place}"\n'
        for name, place in (("system", "stable"), ("turn", "turn"))
        if name != section
    )
    with pytest.raises(InvalidStrategy, match=f"region of `{section}`"):
        parse_strategy(f'{others}[sections.{section}]\nregion = "{region}"\n', name="x")


@pytest.mark.parametrize("missing", ["system", "turn"])
def test_the_system_prompt_and_the_turn_have_a_place_in_every_strategy(missing: str) -> None:
    text = "".join(
        f'[sections.{name}]\nregion = "{region}"\n'
        for name, region in (("system", "stable"), ("turn", "turn"))
        if name != missing
    )
    with pytest.raises(InvalidStrategy, match=f"no section '{missing}'"):
        parse_strategy(text, name="x")


@pytest.mark.parametrize("name", ['"a b"', '"<documents>"', '"a\\nb"', '""', '"-"'])
def test_a_section_s_name_can_be_a_fence(name: str) -> None:
    with pytest.raises(InvalidStrategy, match="no name for a section"):
        parse_strategy(f'{LEAST}[sections.{name}]\nregion = "volatile"\n', name="x")


def test_a_key_that_is_no_table_is_refused() -> None:
    with pytest.raises(InvalidStrategy, match="not a table"):
        parse_strategy(f"sections.documents = 3\n{LEAST}", name="x")


@pytest.mark.parametrize("low", ["0.0", "1.5", "nan", "-0.2"])
def test_the_low_water_mark_is_a_part_of_the_share(low: str) -> None:
    with pytest.raises(InvalidStrategy, match="fraction above 0"):
        parse_strategy(f"history_low = {low}\n{LEAST}", name="x")


def test_sizes_are_tokens_or_parts_of_what_is_available() -> None:
    assert tokens_of(700, 1_000) == 700
    assert tokens_of(0.25, 1_000) == 250
    assert tokens_of(1.0, 999) == 999


@pytest.mark.parametrize("text", ["weight = " + "9" * 5_000, "ladder = " + "[" * 5_000], ids=["number", "brackets"])
def test_what_toml_cannot_hold_is_a_mistake_of_the_file(text: str) -> None:
    with pytest.raises(InvalidStrategy, match="This is not TOML"):
        parse_strategy(text, name="x")
