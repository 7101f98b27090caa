"""Memory strategies: what a file may say, where records live, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput, InvalidStrategy, UnknownStrategy
from contextkit.memory.strategy import MemoryStrategy, memory_strategy_names, parse_memory_strategy
from contextkit.strategy import strategy_folder

LEAST = """\
description = "x"
namespace = "/s/{strategy}/a/{actor}/"
[extraction]
prompt = "Find facts."
[consolidation]
prompt = "Compare."
"""

SHIPPED = ["custom_example", "episodic", "procedural", "semantic", "summary", "user_preference"]


@pytest.mark.parametrize("strategy", [None, 5, MemoryStrategy], ids=str)
def test_what_names_no_strategy_is_refused(strategy: Any) -> None:
    with pytest.raises(InvalidInput, match="a MemoryStrategy"):
        MemoryStrategy.load(strategy)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_strategies_load_by_name(name: str) -> None:
    strategy = MemoryStrategy.load(name)
    assert strategy.name == name
    assert strategy.managed is not None
    assert len(strategy.extraction.prompt) > 300
    assert name in memory_strategy_names()


def test_every_shipped_strategy_explains_itself() -> None:
    for path in strategy_folder("memory").glob("*.toml"):
        assert path.read_text("utf-8").count("\n#") >= 3, f"{path.name} has no comments to learn from"


def test_the_custom_example_shows_every_key() -> None:
    text = (strategy_folder("memory") / "custom_example.toml").read_text("utf-8")
    keys = "variables expires_after rules messages tokens idle history type values base override model reflections"
    assert [key for key in keys.split() if key not in text] == []


def test_a_strategy_is_loaded_from_a_path_and_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LEAST)
    assert MemoryStrategy.load(path).name == "mine"
    assert MemoryStrategy.load(str(path)).triggers.messages == 6


def test_a_strategy_object_is_taken_as_it_is() -> None:
    strategy = parse_memory_strategy(LEAST, name="x")
    assert MemoryStrategy.load(strategy) is strategy


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownStrategy, match=r"'semantics'.*episodic"):
        MemoryStrategy.load("semantics")


def test_a_namespace_is_filled_for_a_session() -> None:
    strategy = MemoryStrategy.load("summary")
    assert strategy.namespace_of("ana", "s1") == "/strategies/summary/actors/ana/sessions/s1/"
    assert strategy.subtree_of("ana") == "/strategies/summary/actors/ana/sessions/"


def test_a_subtree_without_a_session_is_the_namespace() -> None:
    strategy = MemoryStrategy.load("semantic")
    assert strategy.subtree_of("ana") == strategy.namespace_of("ana", "any")


def test_a_variable_of_ones_own_must_have_a_value() -> None:
    strategy = MemoryStrategy.load("custom_example")
    assert strategy.namespace_of("a", "s", {"tenant": "t"}) == "/strategies/custom_example/tenants/t/actors/a/"
    for variables in ({}, {"tenant": ""}):
        with pytest.raises(InvalidInput, match=r"needs a value for \{tenant\}"):
            strategy.namespace_of("a", "s", variables)


def test_what_a_caller_names_cannot_displace_the_actor() -> None:
    strategy = MemoryStrategy.load("semantic")
    assert strategy.namespace_of("ana", "s", {"actor": "bob"}) == "/strategies/semantic/actors/ana/"


@given(st.lists(st.text("a/%{}2F\ud800", min_size=1, max_size=6), min_size=4, max_size=4))
def test_no_id_imitates_another(ids: list[str]) -> None:
    strategy = MemoryStrategy.load("summary")
    first, second = (ids[0], ids[1]), (ids[2], ids[3])
    assert (strategy.namespace_of(*first) == strategy.namespace_of(*second)) == (first == second)
    if ids[0] != ids[2]:
        assert not strategy.namespace_of(*first).startswith(strategy.subtree_of(ids[2]))


MISTAKES = [
    ('namespace = "/a/{actor}/"', 'namespcae = "/a/"', "Did you mean `namespace`", "namespcae"),
    ('namespace = "/a/{actor}/"', 'namespace = "/a/{actor}"', "ending in `/`", "namespace"),
    ('namespace = "/a/{actor}/"', 'namespace = "/a/{user}/"', "variables = ", "namespace"),
    ('namespace = "/a/{actor}/"', 'namespace = "/a b/"', "letters, digits", "namespace"),
    ('namespace = "/a/{actor}/"', 'namespace = "/a/{actor/"', "letters, digits", "namespace"),
    ('namespace = "/a/{actor}/"', "namespace = 3", "must be text", "namespace"),
    ('namespace = "/a/{actor}/"', f'namespace = "/{"a" * 512}/"', "512 at most", "namespace"),
    ('description = "x"', 'description = " "', "1 to 4,096", "description"),
    ("", 'variables = ["actor"]', "always there", "variables"),
    ("", 'variables = ["a b"]', "letters and digits", "variables"),
    ("", 'variables = ["a", "a"]', "each once", "variables"),
    ("", 'variables = ["a", "b", "c", "d", "e", "f"]', "up to 5", "variables"),
    ("", "expires_after = -1", "0 to 36,500", "expires_after"),
    ("", "expires_after = true", "integer", "expires_after"),
    ("[extraction]", '[extraction]\nrules = ["hearsay"]', "profile, relation", "extraction.rules"),
    ("[extraction]", "[extraction]\nrule = []", "Did you mean `rules`", "extraction.rule"),
    ('prompt = "Find facts."', "", "1 to 30,000", "extraction"),
    ('prompt = "Find facts."', f'prompt = "{"a" * 30_001}"', "1 to 30,000", "extraction.prompt"),
    ("[consolidation]", "[triggers]\nmessages = 51\n[consolidation]", "1 to 50", "triggers.messages"),
    ("[consolidation]", "[triggers]\ntokens = 99\n[consolidation]", "100 to 500,000", "triggers.tokens"),
    ("[consolidation]", "[triggers]\nidle = 60.0\n[consolidation]", "integer", "triggers.idle"),
    ("[consolidation]", "[fields]\nx = 1\n[consolidation]", r"\[fields\.x\]", "fields.x"),
    ("[consolidation]", '[fields.x]\ntype = "date"\n[consolidation]', "text, texts, number", "fields.x.type"),
    ("[consolidation]", '[fields.x]\ntype = "text"\n[consolidation]', "1 to 1,000", "fields.x"),
    (
        "[consolidation]",
        '[fields.x]\ntype = "number"\ndescription = "d"\nvalues = ["1"]\n[consolidation]',
        "Only text",
        "fields.x.values",
    ),
    ("[consolidation]", '[managed]\nbase = "custom"\n[consolidation]', "semantic, summary", "managed.base"),
    ("[consolidation]", "[managed]\n[consolidation]", "semantic, summary", "managed"),
    (
        "[consolidation]",
        '[managed]\nbase = "semantic"\nreflections = "/a/"\n[consolidation]',
        "Only an episodic",
        "managed.reflections",
    ),
    (
        "[consolidation]",
        '[managed]\nbase = "episodic"\nreflections = "/b/"\n[consolidation]',
        "its beginning",
        "managed.reflections",
    ),
    (
        "[consolidation]",
        '[managed]\nbase = "semantic"\nmodel = "m"\n[consolidation]',
        "override = true",
        "managed.model",
    ),
]


@pytest.mark.parametrize(("line", "instead", "told", "key"), MISTAKES)
def test_a_mistake_names_file_line_and_key(line: str, instead: str, told: str, key: str) -> None:
    text = LEAST.replace("/s/{strategy}/a/", "/a/")
    text = text.replace(line, instead, 1) if line else f"{instead}\n{text}"
    with pytest.raises(InvalidStrategy, match=told) as caught:
        parse_memory_strategy(text, name="mine", file="mine.toml")
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)
    assert caught.value.line is not None


@pytest.mark.parametrize("table", ["extraction", "consolidation"])
def test_both_steps_are_needed(table: str) -> None:
    text = LEAST[: LEAST.index("[extraction]")] + "".join(
        f'[{other}]\nprompt = "x"\n' for other in ("extraction", "consolidation") if other != table
    )
    with pytest.raises(InvalidStrategy, match=rf"no \[{table}\]"):
        parse_memory_strategy(text, name="mine")


@pytest.mark.parametrize("name", ["my-memory", "1st", "_x", "a" * 49])
def test_a_name_that_the_managed_service_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(InvalidStrategy, match="no name for a memory strategy"):
        parse_memory_strategy(LEAST, name=name)
