from __future__ import annotations

import re
from pathlib import Path

import pytest

from contextkit import demo
from tests.cli.conftest import Finished, Run


@pytest.fixture
def done(spawn: Run, tmp_path: Path) -> Finished:
    return spawn("demo", "--html", "report.html", TMPDIR=str(tmp_path))


def test_the_whole_demo(done: Finished, tmp_path: Path) -> None:
    """One run, since it takes seconds: every part is there, and says what it promises."""
    assert done.code == 0
    assert done.err == ""
    assert "\x1b" not in done.out
    assert [int(number) for number in re.findall(r"^(\d)  \w.* ─", done.out, re.MULTILINE)] == [1, 2, 3, 4, 5, 6]
    used, window = re.findall(r"([\d,]+) of ([\d,]+) tokens", done.out)[0]
    assert window == "8,000"
    assert int(used.replace(",", "")) <= 7_500
    for section in ("tools", "system", "preferences", "history", "memories", "documents", "recall", "turn"):
        assert re.search(rf"^{section} +[1-9]", done.out, re.MULTILINE), section
    moved, of = re.findall(r"(\d+) of (\d+) moved items read back", done.out)[0]
    assert moved == of
    assert "gave 226,022 bytes, the same" in done.out
    assert done.out.count("✓ yes") == 3
    assert "✗" not in done.out
    assert "&lt;/documents>" in done.out
    assert done.out.count("✓ it only adds") == 2
    assert '"shock_g": 11.4' in done.out
    assert (tmp_path / "report.html").stat().st_size > 50_000
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"], "nothing stays behind"
    assert len(done.out.splitlines()) < 240
    assert " ".join(done.out.split()).endswith(
        "next open report.html: the report as a page, with a reason for every item. "
        "`contextkit build -h`: a conversation of yours."
    )


def test_another_question_budget_and_strategy(run: Run) -> None:
    done = run("demo", "--question", 1, "--budget", 3000, "--strategy", "chat")
    assert done.code == 0
    assert demo.load().questions[0].query in done.out
    assert "of 3,000 tokens" in done.out
    assert "strategy chat" in done.out
    assert "next `contextkit demo --html report.html` draws the report as a page" in " ".join(done.out.split())


def test_a_question_of_ones_own_in_a_window_too_small_for_the_loop(run: Run) -> None:
    done = run("demo", "--question", "What is the swallow called?", "--budget", 300)
    assert done.code == 0
    assert "What is the swallow called?" in done.out
    assert "This turn needs a larger window." in done.out


def test_a_number_that_no_question_has(run: Run) -> None:
    assert "There is no question 21. Use a number from 1 to 20" in run("demo", "-q", 21).failure
