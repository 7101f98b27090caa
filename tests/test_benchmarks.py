"""The benchmarks' own parts that could be wrong without anybody noticing: measures, table and pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Message
from tests.benchmarks import (
    agent_loop,
    agent_turn,
    channel,
    edges,
    item_sizes,
    languages,
    locomo,
    many_sessions,
    prompts,
    reads,
    support,
    support_talk,
    table,
    trajectory,
)
from tests.benchmarks.__main__ import arguments_of, left_out, run
from tests.benchmarks.edges import Shown
from tests.benchmarks.locomo_data import Conversation, Question
from tests.benchmarks.locomo_peers import searched, trimmed
from tests.benchmarks.prefix import Reuse, summary
from tests.benchmarks.table import BEGIN, END, ROWS, Row, markdown, number, written

ROOT = Path(__file__).parents[1]

LOCOMO = {
    "questions": 2,
    "systems": {
        "contextkit": {
            "recall": {"500": 76.0, "1000": 83.0, "2000": 89.0, "4000": 90.0},
            "by_category": {"temporal": {"500": 71.0, "1000": 81.0}},
        },
        "trim_messages": {"recall": {"500": 1.0, "1000": 2.0, "2000": 3.0, "4000": 4.0}, "by_category": {}},
        "bm25s": {
            "recall": {"500": 50.0, "1000": 60.0, "2000": 70.0, "4000": 80.0},
            "by_category": {"temporal": {"500": 51.0, "1000": 61.0}},
        },
        "MiniLM": {"recall": {"500": 51.0, "1000": 60.0, "2000": 70.0, "4000": 80.0}, "by_category": {}},
    },
}

BUILD = {
    "window": 100_000,
    "against_trim_messages": {
        "messages": 20_000,
        "ms": {"contextkit": 20.5, "trim_messages": 1_025.0},
        "times_faster": 50.0,
    },
    "growth": {"ms": {"1000": 10.0, "100000": 25.0}, "ratio": 2.5, "trim_messages_ratio": 120.0},
}


# The table


def test_a_row_says_whether_what_was_aimed_at_was_reached():
    fast, growth = ROWS["build"](BUILD)
    assert str(fast).startswith("| Whole warm build from five sources, 20,000 messages, 100,000 window, ms | 20.5 |")
    assert "1,025 (× 50)" in str(fast)
    assert str(fast).endswith("20 × faster ✓ |")
    assert str(growth).endswith("| × 2.50 | trim_messages × 120 | < × 2 ✗ |")
    assert str(Row("a", "1", ["b 2", "c 3"])) == "| a | 1 | b 2<br>c 3 |  |"


def test_recall_stands_beside_the_peers_that_know_as_much():
    (row,) = ROWS["locomo"](LOCOMO)
    assert row.ours == "76.0 / 83.0 / 89.0 / 90.0"
    assert row.peers == ["bm25s 50.0 / 60.0 / 70.0 / 80.0", "trim_messages 1.0 / 2.0 / 3.0 / 4.0"]
    assert row.reached is False, "90.0 is less than 91.5, whatever the others are"


def test_the_categories_of_tools_stand_beside_each_other():
    def system(recall: float) -> dict[str, object]:
        return {"recall": recall, "by_category": {"live_simple": recall}}

    names = ("contextkit", "contextkit with MiniLM", "bm25s with stemming", "MiniLM and bm25s")
    systems = {name: system(recall) for name, recall in zip(names, (94.1, 95.7, 88.3, 93.4), strict=True)}
    table = markdown({"bfcl": {"k": 10, "tools": 1_096, "systems": systems}}, "On a machine.", [])
    assert "| live simple | 94.1 (88.3) | 95.7 (93.4) |" in table
    assert table.count("✓") == 2


def test_every_strategy_is_held_to_what_is_stable_and_the_agent_s_to_all_of_it():
    agent, chat = {"of_all": 0.75, "of_the_stable_part": 0.98}, {"of_all": 0.6, "of_the_stable_part": 0.94}
    found = {"prompts": 9, "window": 4_000, "agent": agent, "chat": chat, "trim_messages": chat}
    of_all, stable = ROWS["prefix"](found)
    assert (of_all.reached, stable.reached) == (True, False)
    assert stable.ours == "`agent` 98.0, `chat` 94.0"


def test_what_is_asked_in_a_new_conversation_has_a_row_of_its_own():
    def carried(*shares: float) -> dict[str, object]:
        return {"carried": dict(zip(("1000", "2000"), shares, strict=True))}

    systems = {
        "history": carried(88.0, 92.0),
        "history + memories": carried(88.0, 91.0),
        "memories, in a new conversation": carried(50.0, 53.0),
        "sessions, in a new conversation": carried(87.0, 90.0),
    }
    within, new = ROWS["memory_locomo"]({"systems": systems})
    assert within.reached is False, "91.0 is less than 92.0"
    assert (new.ours, new.peers) == ("87.0 / 90.0", ["memories made by rules alone 50.0 / 53.0"])


def test_the_table_holds_what_was_found_and_names_what_was_not():
    table = markdown({"locomo": LOCOMO, "build": BUILD}, "On a machine.", ["bfcl, which needs its data"])
    lines = table.splitlines()
    assert sum(line.startswith("| ") for line in lines) == 1 + 3 + 2
    assert all(line.count("|") == 5 for line in lines[:5])
    assert "| temporal | 71.0 (51.0) | 81.0 (61.0) |" in lines
    assert lines[-3:] == ["On a machine.", "", "Left out: bfcl, which needs its data."]
    assert "Left out" not in markdown({}, "On a machine.", [])


def test_a_prompt_of_a_turn_is_usable_with_its_question_whole_calls_and_room():
    turn = agent_turn.turn(3, [5], 1)
    *_, said = turn.growing
    assert agent_turn.is_usable(said, 2_000)
    assert not agent_turn.is_usable(said, 300)
    assert not agent_turn.is_usable(said[1:], 2_000)
    assert not agent_turn.is_usable(said[:-1], 2_000)


def test_results_are_in_reach_that_stand_or_are_named():
    *_, said = agent_turn.turn(4, [5], 1).growing
    assert agent_turn.in_reach(said, said) == 1
    shown = [said[0], replace(said[2], content="[read_context('m3')]"), *said[5:7], Message(role="user", content="m5")]
    assert agent_turn.in_reach(shown, said) == 0.5


def test_what_begins_a_prompt_of_a_turn_as_it_began_the_last_costs_a_tenth():
    turn = agent_turn.turn(3, [5], 1)
    whole = [prompts.cost(said) for said in turn.growing]
    bodies = [sum(map(agent_turn.COUNTER.message, said)) for said in turn.growing]
    growing = agent_turn.measured(turn, 10_000, lambda turn, _: turn.growing)
    paid = whole[0] + sum(cost - 0.9 * before for cost, before in zip(whole[1:], bodies, strict=False))
    assert growing == {"usable": 1, "paid": round(paid / 3), "in_reach": 1}


def test_of_a_turn_that_outgrows_its_window_every_prompt_is_usable():
    turn = agent_turn.turn(40, [5, 20, 40], 2)
    told = agent_turn.measured(turn, 4_000, agent_turn.ours)
    assert told["usable"] == 1
    assert told["in_reach"] > 0.5


def test_what_is_left_out_is_told_once():
    findings = {
        "edges": {"result": {}, "skipped": ["Skipped Haystack: haystack is not installed."]},
        "bfcl": {"problem": "bfcl, which needs its data"},
        "other": {"result": {}, "skipped": ["Skipped Haystack: haystack is not installed."]},
    }
    assert list(left_out(findings)) == ["Haystack: haystack is not installed", "bfcl, which needs its data"]


@pytest.mark.parametrize(("value", "told"), [(0.004, "0.00"), (1.5, "1.50"), (24.31, "24.3"), (1187.4, "1,187")])
def test_numbers_have_the_digits_that_mean_something(value, told):
    assert number(value) == told


def test_the_table_replaces_what_stood_between_the_marks_and_nothing_else():
    once = written(f"before\n{BEGIN}\nold\n{END}\nafter {END}\n", "| new |")
    assert once == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter {END}\n"
    assert written(once, "| new |") == once
    for text in ("no marks", f"{END} {BEGIN}", BEGIN):
        with pytest.raises(ValueError, match="followed by"):
            written(text, "| new |")


def test_the_readme_has_a_place_for_the_table():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "| new |" in written(readme, "| new |")


def test_every_benchmark_can_be_run_alone_and_has_rows():
    assert [name for name in ROWS if find_spec(f"tests.benchmarks.{name}") is None] == []
    without = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--only"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert without.returncode == 0, without.stderr
    assert without.stdout.startswith("| measured | contextkit |")


def test_a_benchmark_that_fails_is_a_problem_and_not_a_result(capsys):
    found = run("gather", ["--nothing"])
    assert found["problem"].startswith("gather failed: ")
    assert "--nothing" in found["problem"]
    assert "result" not in found
    absent = run("locomo", ["--data", "/nowhere/locomo.json"])
    assert absent == {"problem": "Skipped: there is no /nowhere/locomo.json."}
    assert "── gather" in capsys.readouterr().err


def test_data_and_embedder_are_handed_on():
    class Options:
        locomo, bfcl, embedder = Path("talk.json"), None, "minilm"

    assert arguments_of("locomo", Options) == ["--data", "talk.json", "--embedder", "minilm"]
    assert arguments_of("memory_locomo", Options) == ["--data", "talk.json"]
    assert arguments_of("bfcl", Options) is None
    assert arguments_of("build", Options) == []


# Measures


def shown(*scores: float, size: int = 1) -> list[Shown]:
    return [Shown(id=str(place), text="word " * size, score=score) for place, score in enumerate(scores)]


def test_the_edges_are_the_outer_quarters():
    assert edges.by_place(shown(9, 8, 1, 2, 3, 4, 6, 7)) == 1
    assert edges.by_place(shown(1, 2, 9, 8, 7, 6, 3, 4)) == 0
    assert edges.by_place(shown(9, 1, 2, 8, 7, 3, 4, 6)) == 0.5


def test_by_tokens_a_long_document_is_in_the_middle_wherever_it_stands():
    best, *rest = shown(9, 1, 2, 3)
    long = Shown(best.id, "word " * 50, best.score)
    assert edges.by_tokens([best, *rest]) == 1
    assert edges.by_tokens([long, *rest]) == 0.5


def test_what_begins_two_prompts_alike_is_reused():
    assert edges.reused([["You help.", "one"], ["You help.", "one"]]) == 1
    assert edges.reused([["one two"], ["three four"]]) == 0
    assert 0 < edges.reused([["You help.", "one"], ["You help.", "two"]]) < 1


def test_reuse_is_summed_over_prompts_not_averaged():
    prompts = [(100, 90, 80, 80, 10, 2, 1), (300, 30, 20, 10, 90, 1, 1)]
    assert summary([Reuse(*one) for one in prompts]) == {
        "of_all": 0.3,
        "of_the_stable_part": 0.9,
        "volatile": 0.25,
        "calls": 3,
        "calls_of_tools_shown": 2,
        "prompts": prompts,
    }


@pytest.fixture
def conversation() -> Conversation:
    said = ["Shall we go to the lake?", "I bought a red canoe in Ghent.", "It rains.", "Then tomorrow."]
    messages = [
        Message(
            role="user", content=text, id=str(seq), name="Ann", created_at=datetime(2024, 5, seq, tzinfo=UTC), seq=seq
        )
        for seq, text in enumerate(said, 1)
    ]
    return Conversation(messages, [Question("Where was the canoe bought?", 4, (1,)), Question("When?", 2, (2, 3))])


def test_recall_is_the_share_of_the_evidence_that_stands_in_the_prompt(conversation, capsys):
    by_row = searched(lambda _: lambda question: np.eye(4)[question.evidence[0]])
    found = locomo.measure("best", by_row, [conversation], [60, 500])
    assert found["recall"] == {"60": 75.0, "500": 100.0}
    assert found["by_category"] == {"temporal": {"60": 50.0, "500": 100.0}, "single-hop": {"60": 100.0, "500": 100.0}}
    ours = locomo.measure("ours", locomo.ours, [conversation], [500])
    assert ours["recall"] == {"500": 100.0}
    newest = locomo.measure("newest", trimmed, [conversation], [60])
    assert newest["by_category"]["single-hop"]["60"] == 0
    assert capsys.readouterr().err.split() == ["best", "…", "ours", "…", "newest", "…"]


def test_a_channel_has_every_message_once_and_the_evidence_where_it_went(conversation):
    times = [datetime(2024, 5, day, tzinfo=UTC) for day in (1, 1, 3, 3)]
    dated = [replace(one, created_at=at) for one, at in zip(conversation.messages, times, strict=True)]
    earlier = [
        replace(one, name="Ben", content=f"{one.text} In 2022.", created_at=at.replace(year=2022))
        for one, at in zip(conversation.messages, times, strict=True)
    ]
    data = [replace(conversation, messages=dated), replace(conversation, messages=earlier)]
    for turns in channel.DEGREES.values():
        found = channel.channel(data, turns)
        said = [message.text for message in found.messages]
        assert sorted(said) == sorted([*(one.text for one in dated), *(f"{one.text} In 2024." for one in dated)])
        assert [message.seq for message in found.messages] == list(range(1, 9))
        days = [message.created_at for message in found.messages]
        assert days == sorted(days)
        mine, theirs = found.questions[0], found.questions[2]
        assert [said[row] for row in (*mine.evidence, *theirs.evidence)] == [dated[1].text, f"{dated[1].text} In 2024."]
    whole = [message.name for message in channel.channel(data, None).messages]
    assert whole == ["Ann", "Ann", "Ben", "Ben"] * 2
    in_turns = [message.name for message in channel.channel(data, (1, 1)).messages]
    assert all(one != two for one, two in pairwise(in_turns))


def test_the_degrees_of_a_channel_stand_below_each_other():
    systems = {"contextkit": {"recall": {"500": 81.0}}, "bm25s": {"recall": {"500": 55.3}}}
    (row,) = ROWS["channel"]({"speakers": 9, "degrees": {"message by message": systems}})
    assert str(row).startswith(
        "| LoCoMo evidence recalled in a channel of 9 speakers, message by message, within 500 tokens, % | 81.0 |"
    )
    assert row.peers == ["bm25s 55.3"]


def test_a_prompt_over_the_budget_ends_the_run(conversation, capsys):
    def greedy(given: Conversation):
        return lambda question, _: [*given.messages, Message(role="user", content=question.text)]

    with pytest.raises(SystemExit, match="exceeds the budget of 20"):
        locomo.measure("greedy", greedy, [conversation], [20])
    assert "greedy" in capsys.readouterr().err


def test_a_peer_that_fails_is_left_out_but_never_ours(conversation, capsys):
    def broken(given: Conversation):
        raise KeyError(len(given.messages))

    systems = {"a peer": broken, "newest": trimmed}
    assert list(dict(locomo.measured_of(systems, [conversation], [500]))) == ["newest"]
    assert "Skipped a peer: it failed (KeyError: 4)." in capsys.readouterr().err
    with pytest.raises(KeyError):
        list(locomo.measured_of({"contextkit": broken}, [conversation], [500]))


# Pictures


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_names_are_apart_in_order_and_stay_where_there_is_room(heights):
    spread = pytest.importorskip("tests.benchmarks.pictures").spread
    heights = sorted(heights)
    found = spread(heights, apart=15)
    assert all(above - below >= 15 - 1e-6 for below, above in pairwise(found))
    assert sum(found) == pytest.approx(sum(heights))
    assert spread(found, apart=15) == pytest.approx(found)


def test_each_picture_is_drawn_from_kept_results(tmp_path, capsys, monkeypatch):
    pictures = pytest.importorskip("tests.benchmarks.pictures")
    prompts = [(100, 10 + number, 50, 40) for number in range(20)]
    reuse = {"of_all": 0.2, "of_the_stable_part": 0.8, "prompts": prompts}
    times = {"trim_messages_ms": {"1000": 1.0, "100000": 900.0}}
    found = {
        "locomo": {"result": LOCOMO},
        "build": {"result": {**BUILD, "growth": {**BUILD["growth"], **times}}},
        "prefix": {"problem": "prefix failed"},
    }
    (tmp_path / "results.json").write_text(json.dumps({"findings": found}), "utf-8")
    monkeypatch.setattr(sys, "argv", ["pictures", str(tmp_path / "results.json"), "--into", str(tmp_path)])
    pictures.main()
    assert "Skipped cache" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["latency.png", "recall.png"]
    pictures.draw(
        {"window": 4_000, "prompts": 21, "agent": reuse, "trim_messages": reuse}, pictures.cache, tmp_path / "c.png"
    )
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("turns", [False, True])
def test_a_trajectory_is_the_same_each_time_and_has_what_its_steps_need(turns: bool) -> None:
    session = list(trajectory.steps(120, 1, turns=turns))
    assert session == list(trajectory.steps(120, 1, turns=turns))
    said = [message for step in session for message in step.said]
    assert prompts.is_valid(said)
    assert len({message.id for message in said}) == len(said)
    text = "\n".join(message.text for message in said)
    for needs in (step.needs for step in session):
        assert all(part in text for part in (*needs.told, needs.file, needs.failure))
        assert needs.file not in needs.outdated or not needs.file
        assert needs.setting is None or needs.setting.value in text
    assert any(step.needs.setting for step in session)
    assert any(step.needs.outdated for step in session)


def test_a_long_session_is_measured() -> None:
    session = list(trajectory.steps(120, 1, turns=True))
    told = agent_loop.measured(session, 12_000, agent_loop.Ours(12_000))
    assert (told["valid"], told["told"], told["plan"], told["read_back"], told["outdated"]) == (1, 1, 1, 1, 0)
    trimmed = agent_loop.measured(session, 12_000, agent_loop.Trimmed(12_000))
    assert trimmed["valid"] == 1
    assert isinstance(trimmed["told"], float)
    assert trimmed["told"] < 0.5
    assert agent_loop.repeated("x" * 50 + "\n" + "x" * 50) == pytest.approx(0.495, abs=0.01)
    kinds = {"one turn": told, "many turns": told}
    systems = {"contextkit": kinds, "trim_messages": {"one turn": trimmed, "many turns": trimmed}}
    first, second, *_ = table.agent_loop({"calls": 120, "window": 12_000, "systems": systems})
    assert (first.reached, len(first.peers)) == (True, 1)
    assert second.ours == f"{table.percent(told['searched'])}"


def test_a_customer_s_talk_is_the_same_every_time_and_all_that_is_asked_was_said_before() -> None:
    turns = list(support_talk.Customer(1, 12).turns())
    assert turns == list(support_talk.Customer(1, 12).turns())
    assert {turn.asked.kind for turn in turns if turn.asked} == support_talk.KINDS.keys()
    said = ""
    for turn in turns:
        before, said = said, "\n".join([said, *(message.text for message in turn.said)])
        for needed in turn.asked.needed if turn.asked else ():
            assert support.has(said if turn.looks_up else before, needed)


def test_a_customer_s_talk_is_measured() -> None:
    talks = [list(support_talk.Customer(1, 12).turns())]
    systems = {"contextkit, support": partial(support.Ours, strategy="support"), "trim_messages": support.Trimmed}
    told = {name: {"8000": support.measured(talks, 8_000, system)} for name, system in systems.items()}
    ours, trimmed = (each["8000"] for each in told.values())
    assert (ours["prompts"]["valid"], ours["newest"]["outdated"]) == (1, 0)
    assert ours["all kinds"]["stands"] > 0.8
    assert ours["all kinds"]["stands"] <= ours["all kinds"]["handle"] <= ours["all kinds"]["reached"]
    assert trimmed["all kinds"]["stands"] == trimmed["all kinds"]["reached"] < 0.5
    held, newest = table.support({"window": [8_000], "systems": told})
    assert held.ours.startswith("`support` ")
    assert (len(held.peers), len(newest.peers)) == (1, 1)


@pytest.mark.parametrize(
    ("attribute", "size"),
    [
        ({"S": "žluť"}, 6),
        ({"B": bytes(100)}, 100),
        ({"N": "0"}, 1),
        ({"N": "12"}, 2),
        ({"N": "1767603600000000"}, 5),
        ({"N": "-0.125"}, 3),
        ({"L": [{"N": "1"}, {"N": "0.25"}]}, 3 + 3 + 3),
    ],
)
def test_items_are_sized_as_the_server_does_it(attribute: dict[str, object], size: int) -> None:
    assert item_sizes.size_of({"name": attribute}) == 4 + size


@pytest.mark.usefixtures("_credentials")
def test_what_builds_read_is_counted_on_the_wire_by_columns_and_by_whole_items(endpoint: str) -> None:
    given = Namespace(data=None, words=60, sentences=None, endpoint=endpoint, messages=200, budget=[1_000])
    told = reads.measured(given)["1000"]
    assert isinstance(told, dict)
    assert list(told) == ["writer", "first", "next", "later"]
    for builds in told.values():
        assert 0 < builds["sent"] < min(builds["stored"], builds["read"])
        ratio = builds["sent"] / builds["prompt"]
        assert builds["sent for each byte of the prompt"] == pytest.approx(ratio, abs=0.02)
    assert told["first"]["stored"] > 1.5 * told["first"]["sent"]  # there are drawers that no question asks for


def test_what_many_sessions_leave_behind_is_measured(tmp_path: Path) -> None:
    held = many_sessions.held(tmp_path, 12, 2_000)
    assert list(held) == [1, 2, 4, 6, 8, 10, 12]
    assert held[1] == 0


LIBREOFFICE = """<div id="DisplayArea"><meta itemprop="keywords" content="{entry}">
<p id="par_id1">{said}</p><p id="par_id2">{more}</p></div><div id="DonationFrame"></div>"""

GNOME = """<page xmlns="http://projectmallard.org/1.0/"><info><desc>{entry}</desc><credit><p>Nobody</p></credit>
</info><title>{more}</title><p>{said}</p><section><p>Auch <em>dies</em> ist gesagt.</p></section></page>"""


@pytest.mark.parametrize(
    ("form", "place"),
    [(LIBREOFFICE, "{language}/text/{name}.html"), (GNOME, "{language}/gnome-help/{name}.page")],
    ids=["LibreOffice", "GNOME"],
)
def test_pages_are_looked_for_in_each_language_they_are_translated_to(tmp_path, monkeypatch, capsys, form, place):
    english = {"mouse": ("Clicking", "The left button. " * 30), "disk": ("Space", "What is full may be emptied. " * 30)}
    german = {"mouse": ("Mausklick", "Die linke Taste. " * 30), "disk": ("Platz", "Volles wird geleert. " * 30)}
    first = "C" if form is GNOME else "en-US"
    for language, pages in {first: english, "de": german, "fr": english}.items():
        for name, (entry, said) in pages.items():
            path = tmp_path / place.format(language=language, name=name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(form.format(entry=entry, said=f"{said} {entry}", more=f"{entry} {said[:20]}"), "utf-8")
    monkeypatch.setattr(sys, "argv", ["languages", "--data", str(tmp_path), "--pages", "2"])
    languages.main()
    found = json.loads(capsys.readouterr().out)["languages"]
    assert set(found) == {first, "de"}
    assert found["de"]["passages"]["contextkit"] == 100.0
