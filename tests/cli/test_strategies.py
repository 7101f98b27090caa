from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from contextkit.memory.strategy import memory_strategy_names
from contextkit.strategy import strategy_folder, strategy_names
from tests.cli.conftest import Run


@pytest.mark.parametrize("command", [["strategies"], ["strategies", "list"]])
def test_lists_what_ships(run: Run, command: list[str]) -> None:
    done = run(*command)
    assert done.code == 0
    listed = [line.split()[:2] for line in done.out.splitlines() if not line.startswith(" ")]
    assert [name for name, kind in listed if kind == "context"] == strategy_names()
    assert [name for name, kind in listed if kind == "memory"] == memory_strategy_names()


@pytest.mark.parametrize(("kind", "name"), [("context", "support"), ("memory", "custom_example")])
def test_what_it_shows_checks_as_ok(run: Run, tmp_path: Path, kind: Literal["context", "memory"], name: str) -> None:
    shown = run("strategies", "show", name).out
    assert shown == (strategy_folder(kind) / f"{name}.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(shown, encoding="utf-8")
    assert run("strategies", "check", "mine.toml").out == "ok\n"


def test_check_names_the_line_and_the_nearest_key(run: Run, tmp_path: Path) -> None:
    text = run("strategies", "show", "support").out.replace("weight = 2", "wieght = 2", 1)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    failure = run("strategies", "check", "mine.toml").failure
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "wieght" in line)
    assert failure.startswith(f"mine.toml:{line}: ")
    assert "Did you mean `weight`?" in failure


def test_check_names_the_line_of_a_memory_strategy(run: Run, tmp_path: Path) -> None:
    text = run("strategies", "show", "semantic").out.replace("idle = 60", "idel = 60", 1)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    failure = run("strategies", "check", "mine.toml").failure
    assert "Did you mean `idle`?" in failure
    assert failure.startswith("mine.toml:")


def test_an_unknown_name(run: Run) -> None:
    assert "There is no strategy 'none'." in run("strategies", "show", "none").failure
