"""What is rare among many values."""

from __future__ import annotations

from contextkit.compress.rare import rare_values


def test_what_few_of_many_have_is_rare() -> None:
    assert rare_values(["running"] * 60 + ["pending"] * 30 + ["failed", "lost"]) == {"failed", "lost"}
    assert rare_values(["running"] * 60 + ["failed"] * 4) == frozenset()


def test_where_values_differ_none_is_rare() -> None:
    assert rare_values(range(100)) == frozenset()
    assert rare_values([*range(30), *["same"] * 70]) == frozenset()


def test_of_a_few_values_none_is_rare() -> None:
    assert rare_values(["running"] * 9 + ["failed"]) == frozenset()
