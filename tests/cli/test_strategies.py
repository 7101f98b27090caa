from __future__ import annotations

from pathlib import Path

import pytest

from contextkit.strategy import strategy_folder, strategy_names
from tests.cli.conftest import Run


@pytest.mark.parametrize("command", [["strategies"], ["strategies", "list"]])
def test_lists_what_ships(run: Run, command: list[str]) -> None:
    done = run(*command)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines() if not line.startswith(" ")] == strategy_names()


def test_what_it_shows_checks_as_ok(run: Run, tmp_path: Path) -> None:
    shown = run("strategies", "show", "support").out
    assert shown == (strategy_folder("context") / "support.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(shown, encoding="utf-8")
    assert run("strategies", "check", "mine.toml").out == "ok\n"


def test_check_names_the_line_and_the_nearest_key(run: Run, tmp_path: Path) -> None:
    text = run("strategies", "show", "support").out.replace("weight = 2", "wieght = 2", 1)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    failure = run("strategies", "check", "mine.toml").failure
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "wieght" in line)
    assert failure.startswith(f"mine.toml:{line}: ")
    assert "Did you mean `weight`?" in failure


def test_an_unknown_name(run: Run) -> None:
    assert "There is no strategy 'none'." in run("strategies", "show", "none").failure
