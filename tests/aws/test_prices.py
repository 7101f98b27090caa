"""The price list: the one that ships is whole, and others are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextkit.aws.prices import SHIPPED, Prices, shipped
from contextkit.errors import InvalidInput


def test_the_list_that_ships_names_its_sources_and_date() -> None:
    prices = shipped()
    assert prices.date.year >= 2026
    assert prices.sources
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.sources)


def test_units_cost_what_amazon_says() -> None:
    assert shipped().units(1_000_000, 0) == pytest.approx(0.125)
    assert shipped().units(0, 1_000_000) == pytest.approx(0.625)
    assert shipped().units(0, 1_000_000, replicas=2) == pytest.approx(3 * 0.625)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("writes = 0.625", "writes = -1", "a number from 0"),
        ("reads = 0.125", "raeds = 0.125", "Did you mean `reads`"),
        ("date = 2026-04-30", 'date = "today"', "2026-04-30"),
        ("hours = 730", "", "hours is missing"),
        ('"dax.t3.small" = 0.04', '"dax.t3.small" = "cheap"', "a number from 0"),
        ("[s3]", "[s4]", "Did you mean `s3`"),
        ('["us-east-1", "us-east-2", "us-west-2"]', "[]", "`regions` is empty"),
        ("[dax]", "[[dax]]", "`dax` is not a table"),
    ],
)
def test_mistakes_in_a_list_are_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        Prices.read(path)


def test_a_node_that_is_not_listed() -> None:
    with pytest.raises(InvalidInput, match=r"only dax\.t3\.small"):
        shipped().node("dax.r5.24xlarge")
