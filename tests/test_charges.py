"""Charges: heard by the build they belong to, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from contextkit import ContextBuilder, Item, Request
from contextkit.charges import Charge, charge, heard, listening, metered
from contextkit.report import Report

READ = Charge("agent-sessions", "us-east-1", read_units=2, cost=0.25e-6)
WRITE = Charge("agent-sessions", "us-east-1", write_units=3, cost=1.875e-6)
ELSEWHERE = Charge("agent-sessions", "eu-west-1", read_units=1)


class Charging:
    """A source that reads what is paid for: one unit for each letter of the query."""

    name = "charging"
    sections = ("system",)

    def gather(self, request: Request) -> Iterable[Item]:
        for _ in request.query:
            charge(replace(READ, read_units=1))
        yield Item(id="a", section="system", text="You are here.", required=True, trusted=True)


@pytest.fixture
def builder() -> ContextBuilder:
    return ContextBuilder(sources=[Charging()], budget=4_000, strategy="chat")


def read(report: Report) -> list[float]:
    return [one.read_units for one in report.charges]


def test_where_nobody_listens_nothing_is_kept() -> None:
    charge(READ)
    assert (listening(), heard()) == (False, ())


def test_charges_add_up_by_table_and_region() -> None:
    with metered() as charges:
        for one in (READ, ELSEWHERE, WRITE, ELSEWHERE):
            charge(one)
        assert heard() == charges.total
    assert charges.total == (
        Charge("agent-sessions", "eu-west-1", read_units=2),
        Charge("agent-sessions", "us-east-1", read_units=2, write_units=3, cost=pytest.approx(2.125e-6)),
    )
    assert not listening()


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    assert (READ + replace(READ, cost=None)).cost is None


def test_whoever_meters_a_turn_hears_its_builds(builder: ContextBuilder) -> None:
    with metered() as charges:
        reports = [builder.build(query, actor_id="a", session_id="s").report for query in ("abc", "de")]
    assert [read(report) for report in reports] == [[3.0], [2.0]]
    assert [one.read_units for one in charges.total] == [5.0]


async def test_builds_at_once_do_not_hear_each_other(builder: ContextBuilder) -> None:
    queries = ["x" * length for length in range(1, 9)]
    contexts = await asyncio.gather(*(builder.abuild(query, actor_id="a", session_id="s") for query in queries))
    assert [read(context.report) for context in contexts] == [[float(len(query))] for query in queries]


def test_a_report_says_what_storage_took(builder: ContextBuilder) -> None:
    report = builder.build("abc", actor_id="a", session_id="s").report
    assert "storage 3 read and 0 write units, $0.00000075" in report.to_text()
    assert "3 read and 0 write units" in report.to_html()
    assert report.to_dict()["charges"] == [
        {
            "table": "agent-sessions",
            "region": "us-east-1",
            "read_units": 3.0,
            "write_units": 0.0,
            "cost": pytest.approx(0.75e-6),
        }
    ]
    assert "storage" not in replace(report, charges=()).to_text().split("\n\n")[0]
