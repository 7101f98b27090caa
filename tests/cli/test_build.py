from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import TALK, Run, Write

QUERY = "Which bread do I like?"


def test_prints_the_prompt_and_the_report(run: Run, talk: Path) -> None:
    done = run("build", talk, "-q", QUERY, "--budget", 1000)
    assert done.code == 0
    assert "You are a clerk in a bakery." in done.out
    assert '→ stock {"day": "today"}' in done.out
    assert '{"rye": 3, "wheat": 12}' in done.out
    assert "of 1,000 tokens" in done.out
    assert done.out.index("Three rye breads") < done.out.index(QUERY) < done.out.index("The report")
    assert done.err == f"6 messages of {talk} are new to session 'talk' of actor 'talk'.\n"
    assert "\x1b" not in done.out


def test_a_strategy_without_a_section_for_it_is_not_told_that_a_source_was_left_out(run: Run, talk: Path) -> None:
    done = run("build", talk, "-q", QUERY, "--strategy", "recall", "--budget", 1000, "--json")
    report = json.loads(done.out)["report"]
    assert {source["name"]: source["status"] for source in report["sources"]}["history"] == "ok"
    assert "no section" not in [notice["kind"] for notice in report["notices"]]


def test_json_is_all_there_is_on_stdout(run: Run, talk: Path) -> None:
    done = run("build", talk, "-q", QUERY, "--budget", 1000, "--reserve", 200, "--json")
    found = json.loads(done.out)
    assert list(found) == ["messages", "tools", "tokens", "report"]
    assert found["messages"][0] == {"role": "system", "content": "You are a clerk in a bakery."}
    assert found["messages"][-1] == {"role": "user", "content": QUERY}
    assert found["messages"][-3] == {"role": "tool", "content": '{"rye": 3, "wheat": 12}', "tool_call_id": "c1"}
    assert 0 < found["tokens"] == found["report"]["tokens"] <= 800
    assert len(found["report"]["decisions"]) == len(TALK) + 1
    assert done.out.count("\n") == 1


def test_items_of_the_responses_api_that_were_said_at_once_are_one_message(run: Run, write: Write) -> None:
    calls = [
        {"type": "function_call", "id": f"fc_{n}", "call_id": f"c{n}", "name": "stock", "arguments": "{}"} for n in "12"
    ]
    outputs = [{"type": "function_call_output", "call_id": f"c{n}", "output": "rye"} for n in "12"]
    path = write([{"role": "user", "content": "Rye?"}, {"type": "reasoning", "id": "rs_1"}, *calls, *outputs])
    found = json.loads(run("build", path, "-q", QUERY, "--json").out)["messages"]
    assert [message["role"] for message in found] == ["user", "assistant", "tool", "tool", "user"]
    assert [call["id"] for call in found[1]["tool_calls"]] == ["c1", "c2"]


def test_an_item_that_is_none_is_refused_by_its_own_line(run: Run, write: Write) -> None:
    path = write([{"type": "reasoning", "id": "rs_1"}, {"type": "function_call", "name": "stock", "call_id": ""}])
    assert f"{path}:2: A tool call's id is ''" in run("build", path, "-q", QUERY).failure


def test_importing_again_adds_nothing(run: Run, talk: Path, tmp_path: Path) -> None:
    run("build", talk, "-q", QUERY, "--store", "agent.db")
    again = run("build", talk, "-q", QUERY, "--store", "agent.db", "--json")
    assert "0 messages" in again.err
    assert "6 were there already" in again.err
    with talk.open("a", encoding="utf-8") as file:
        file.write('{"role": "user", "content": "One rye, please."}\n')
    assert "1 message " in run("build", talk, "-q", QUERY, "--store", "agent.db").err
    listed = run("sessions", "--store", "agent.db", "--actor", "talk")
    assert listed.out.splitlines()[1].split()[:2] == ["talk", "7"]
    assert (tmp_path / "agent.db").stat().st_mode & 0o777 == 0o600


def test_a_known_id_with_another_text_is_said_so(run: Run, write: Write) -> None:
    run("build", write([{"role": "user", "id": "m1", "content": "one"}]), "-q", QUERY, "--store", "agent.db")
    again = run(
        "build", write([{"role": "user", "id": "m1", "content": "two"}]), "-q", QUERY, "--store", "agent.db", "--json"
    )
    assert "1 of those say something else there, and what is stored stands" in again.err
    assert json.loads(again.out)["messages"][0]["content"] == "one"


def test_lines_that_say_the_same_are_messages_of_their_own(run: Run, write: Write) -> None:
    done = run("build", write([{"role": "user", "content": "again"}] * 3), "-q", QUERY, "--json")
    assert [message["content"] for message in json.loads(done.out)["messages"]] == ["again"] * 3 + [QUERY]


def test_the_system_prompt_given_comes_before_the_files_own(run: Run, talk: Path, tmp_path: Path) -> None:
    (tmp_path / "system.txt").write_text("You are a baker. 🥐", encoding="utf-8")
    for given, expected in (("Be brief.", "Be brief."), ("@system.txt", "You are a baker. 🥐")):
        done = run("build", talk, "-q", QUERY, "--system", given, "--json")
        assert json.loads(done.out)["messages"][0] == {"role": "system", "content": expected}


def test_reads_standard_input(run: Run, talk: Path) -> None:
    done = run("build", "-", "-q", QUERY, "--json", stdin=talk.read_bytes())
    assert "6 messages" in done.err
    assert json.loads(done.out)["messages"][0]["content"] == "You are a clerk in a bakery."


def test_a_byte_order_mark_and_empty_lines_are_no_messages(run: Run) -> None:
    done = run("build", "-", "-q", QUERY, "--json", stdin=b'\xef\xbb\xbf{"role": "user", "content": "hi"}\n\n  \r\n')
    assert [message["content"] for message in json.loads(done.out)["messages"]] == ["hi", QUERY]


def test_an_empty_conversation_is_one(run: Run) -> None:
    done = run("build", "-", "-q", QUERY, "--json")
    assert json.loads(done.out)["messages"] == [{"role": "user", "content": QUERY}]
    assert "0 messages" in done.err


def test_writes_the_report_as_a_page(run: Run, talk: Path, tmp_path: Path) -> None:
    assert run("build", talk, "-q", QUERY, "--html", "report.html").code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "ckr-section" in page


def test_full_leaves_nothing_out(run: Run, write: Write) -> None:
    long = " ".join(f"word{number}" for number in range(400))
    path = write([{"role": "user", "content": long}])
    short, full = run("build", path, "-q", QUERY).out, run("build", path, "-q", QUERY, "--full").out
    assert "word399" not in short
    assert "more characters" in " ".join(short.split())
    assert "word399" in full
    assert "more characters" not in " ".join(full.split())


def test_is_utf_8_whatever_the_locale(spawn: Run, talk: Path) -> None:
    done = spawn(
        "build", talk, "-q", "Ω?", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    assert done.code == 0
    assert "rye bread. ☀️" in done.out


def test_texts_cannot_steer_the_terminal(run: Run, write: Write) -> None:
    done = run(
        "build", write([{"role": "user", "content": "a\x1b[2Jb\x07\u202ec [bold]d[/bold] :smile:"}]), "-q", QUERY
    )
    assert "a\ufffd[2Jb\ufffd\ufffdc [bold]d[/bold] :smile:" in done.out


def test_half_a_character_is_no_obstacle(run: Run, write: Write) -> None:
    path = write([{"role": "user", "content": "half \ud83d of one"}])
    assert "half \ufffd of one" in run("build", path, "-q", QUERY).out
    assert "half" in json.loads(run("build", path, "-q", QUERY, "--json").out)["messages"][0]["content"]


def test_actor_and_session_may_be_named(run: Run, talk: Path) -> None:
    run("build", talk, "-q", QUERY, "--store", "agent.db", "--actor", "u1", "--session", "s1")
    assert "s1" in run("sessions", "--store", "agent.db", "--actor", "u1").out
    assert "My name is Ada" in run("show", "--store", "agent.db", "--actor", "u1", "--session", "s1").out
