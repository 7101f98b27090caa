"""`contextkit cost` from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_the_published_table(run: Run) -> None:
    done = run("cost", "--example")
    assert done.code == 0
    rows = {line.split("  ")[0].strip(): line for line in done.out.splitlines()}
    for claim, says in [
        ("DynamoDB sessions (on-demand)", "$15–30"),
        ("DynamoDB tool cache (on-demand)", "$8–15"),
        ("Global Tables (3 regions)", "$20–40"),
        ("DAX (2 nodes)", "$200"),
        ("Without DAX", "$45–85"),
    ]:
        assert says in rows[claim]
    assert "2026-04-30" in done.out


def test_no_region_and_no_amount_is_cut_off(run: Run) -> None:
    assert "ap-southeast-1" in run("cost", "--example").out
    regions = ("--region", "us-east-1", "--region", "eu-central-1", "--region", "ap-southeast-1")
    assert "…" not in run("cost", "--turns", 60_000_000_000, *regions).out


def test_a_narrow_terminal_shows_whole_sums(run: Run) -> None:
    def sums(**variables: str) -> list[str]:
        out = run("cost", "--turns", 600_000, "--region", "us-east-1", **variables).out
        return [line.split()[-1] for line in out.splitlines() if line.startswith(("sessions", "tool-cache", "a month"))]

    assert sums() == sums(COLUMNS="40")
    assert len(sums()) == 3


def test_turns_alone_are_enough(run: Run) -> None:
    one, two = (json.loads(run("cost", "--turns", turns, "--json").out)["total"] for turns in (1_000_000, 2_000_000))
    assert two == pytest.approx(2 * one, rel=0.05)


def test_regions_and_nodes_cost_more(run: Run) -> None:
    home = json.loads(run("cost", "--turns", 1_000, "--json").out)
    more = ("--region", "us-east-1", "--region", "us-west-2", "--dax-nodes", 2, "--json")
    away = json.loads(run("cost", "--turns", 1_000, *more).out)
    assert away["total"] > home["total"] + 2 * 0.04 * 700
    assert {line["region"] for line in away["lines"]} == {"us-east-1", "us-west-2"}


def test_what_reports_have_recorded(run: Run, tmp_path: Path) -> None:
    charge = {"table": "p-agent-sessions", "region": "us-east-1", "read_units": 4, "write_units": 8, "cost": None}
    (tmp_path / "reports.jsonl").write_text(json.dumps({"charges": [charge]}) + "\n")
    bill = json.loads(run("cost", "--recorded", "reports.jsonl", "--builds", 1_000_000, "--json").out)
    assert bill["total"] == pytest.approx(4 * 0.125 + 8 * 0.625)


def test_a_text_in_a_report_may_hold_any_end_of_a_line(run: Run, tmp_path: Path) -> None:
    charge = {"table": "agent-sessions", "region": "us-east-1", "read_units": 4, "write_units": 8}
    report = {"query": "one\u2028two\x85three", "charges": [charge]}
    (tmp_path / "reports.jsonl").write_text(json.dumps(report, ensure_ascii=False) + "\r\n", encoding="utf-8")
    assert run("cost", "--recorded", "reports.jsonl", "--json").code == 0


def test_a_number_beyond_any_traffic_is_wrong_usage(run: Run) -> None:
    assert run("cost", "--turns", 10**400).code == 2


ODD = [
    (),
    ("--example", "--turns", 3),
    ("--example", "--builds", 3),
    ("--turns", 3, "--dax-node", "dax.r5.large"),
    ("nowhere.toml",),
    ("--recorded", "nowhere"),
]


@pytest.mark.parametrize("arguments", ODD)
def test_one_traffic_is_wanted(run: Run, arguments: tuple[object, ...]) -> None:
    assert run("cost", *arguments).failure
